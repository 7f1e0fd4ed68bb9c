--- The HTTP client: requests that answer with a deferred at once.
--
-- `http.get(url, options)` and its kin; `http.request(options)`. What a request may say stands in
-- docs/modules/http-client.md. Preparing a request never waits and raises only for misuse; whatever the world does
-- fails the deferred.

local argument = require "perilune.argument"
local activity = require "perilune.http.activity"
local body_source = require "perilune.http.body_source"
local call = require "perilune.http.call"
local check_options = require "perilune.http.check"
local coerce = require "perilune.http.coerce"
local deferred = require "perilune.deferred"
local failure = require "perilune.failure"
local headers = require "perilune.http.headers"
local hedge = require "perilune.http.hedge"
local identity = require "perilune.http.identity"
local options = require "perilune.options"
local params = require "perilune.http.params"
local pool = require "perilune.http.pool"
local response = require "perilune.http.response"
local retry = require "perilune.http.retry"
local url = require "perilune.http.url"
local way = require "perilune.http.way"

local client = {}

local CODINGS = "gzip, deflate, br, zstd"

local NO_OPTIONS = {}

--- The fields of a request that says nothing; never changed.
local PLAIN_FIELDS = { "User-Agent", "perilune", "Accept-Encoding", CODINGS }

local function target_of(o)
    local u, err
    if o.url then
        u, err = url.parse(o.url)
    elseif o.host or o.unix_path then
        u, err = url.of_parts({ scheme = o.scheme, host = o.host or "localhost", port = o.port, path = o.path,
            query_string = o.query_string })
    else
        err = failure.new("invalid", "a request needs a url, or a host")
    end
    if not u then
        return nil, err
    end
    if o.query_params then
        local ok, query = pcall(params.encode, o.query_params, o.multi_param_style)
        if not ok then
            return nil, failure.new("invalid", "query_params: " .. tostring(query))
        end
        local copy = {}
        for k, v in pairs(u) do
            copy[k] = v
        end
        copy.target = u.target .. (u.target:find("?", 1, true) and "&" or "?") .. query
        u = url.finish(copy)
    end
    return u
end

local function media_type(o, source)
    local kind = o.content_type
    if not kind or source and source.type and source.type:find("^multipart/") then
        kind = source and source.type
    elseif not kind:find("/", 1, true) then
        kind = "application/" .. kind
    end
    return kind and o.character_encoding and kind .. "; charset=" .. o.character_encoding or kind
end

local function accept_encoding(o)
    local asked = o.accept_encoding
    if asked == nil and o.as == "file" and o.resume then
        return "identity" -- a part of a coded file is good for nothing
    elseif asked == false or (asked == nil and o.decompress == false) then
        return nil
    elseif type(asked) == "table" then
        return table.concat(asked, ", ")
    end
    return type(asked) == "string" and asked or CODINGS
end

--- The user's own fields; what he names is not added by us. Returns the names that are there, how often.
local function add_own(fields, given)
    local named = {}
    headers.visit(given, function(name, value)
        local lower = name:lower()
        named[lower] = (named[lower] or 0) + 1
        fields[#fields + 1], fields[#fields + 2] = name, tostring(value)
    end)
    return named
end

--- Adds a field of ours that the user has not given himself.
local function add(fields, named, name, value)
    if value and not (named and named[name:lower()]) then
        fields[#fields + 1], fields[#fields + 2] = name, value
    end
end

--- The fields of a request as a flat array, and whether Host is among them; or nil and an error object.
local function fields_of(o, u, source)
    local coding = accept_encoding(o)
    local fields, named
    local cookie, err = identity.cookie(o.cookies)
    if err then
        return nil, err
    end
    if o.headers or not coding then
        fields = {}
        named = o.headers and add_own(fields, o.headers)
        add(fields, named, "User-Agent", "perilune")
        add(fields, named, "Accept-Encoding", coding)
    else
        fields = { "User-Agent", "perilune", "Accept-Encoding", coding }
    end
    add(fields, named, "Accept", o.accept and (o.accept:find("/", 1, true) and o.accept or "application/" .. o.accept))
    add(fields, named, "Authorization", identity.authorization(o, u))
    add(fields, named, "Content-Type", media_type(o, source))
    add(fields, named, "Cookie", cookie)
    add(fields, named, "Expect", o.expect_continue and source and "100-continue")
    if o.as == "sse" then
        add(fields, named, "Accept", "text/event-stream")
    end
    if o.cookie_store and not (named and named.cookie) and not o.cookies then
        o.cookie_store:give(u, fields)
    end
    if named and (named.host or 1) > 1 then
        return nil, failure.new("invalid", "a request has one Host (RFC 9112 section 3.2)")
    end
    return fields, named and named.host
end

local function flat(given)
    local fields = {}
    add_own(fields, given)
    return fields
end

--- What C has to know beside the request itself: nil when there is nothing, a number when it is only how many bytes of
-- body it may collect.
local function core_options(o)
    local most = coerce.is_whole[o.as] and (o.max_body_size or response.MOST) or nil
    if not (o.pool_timeout or o.connection_timeout or o.request_timeout or o.read_timeout or o.total_timeout
        or o.keep_alive == false or o.decompress == false or o.expect_continue or o.http_version
        or o.trailers) then
        return most
    end
    return {
        pool_timeout = o.pool_timeout, connection_timeout = o.connection_timeout, request_timeout = o.request_timeout,
        read_timeout = o.read_timeout, total_timeout = o.total_timeout, collect = most ~= nil,
        most = most, raw = o.decompress == false, close = o.keep_alive == false,
        expect = o.expect_continue, http10 = o.http_version == "1.0", trailers = o.trailers and flat(o.trailers),
    }
end

local function body_of(o)
    if o.body == nil and o.json == nil and not o.form_params and not o.multipart then
        return nil
    end
    local ok, source = pcall(body_source.of_options, o)
    if not ok then
        return nil, type(source) == "table" and source or failure.new("invalid", source)
    end
    return source
end

--- Methods that mean something else here, or may not have a body (RFC 9110 section 9.3.8), and bodies that the version
-- cannot frame (RFC 9112 section 6.1): an error object, nil for what may be sent.
local function refusal(o, method, source)
    if method == "CONNECT" then
        return failure.new("invalid", "CONNECT is what http.tunnel does")
    elseif method == "TRACE" and source then
        return failure.new("invalid", "a TRACE has no body")
    elseif o.http_version == "1.0" and source and source.core == true then
        return failure.new("invalid", "HTTP/1.0 has no bodies of a length that is not known")
    elseif o.unix_path == "" then
        return failure.new("invalid", "the option 'unix_path' is empty")
    end
end

local function prepare(o)
    local method = o.method and o.method:upper() or "GET"
    local u, err = target_of(o)
    if not u then
        return nil, err
    end
    local source
    source, err = body_of(o)
    if err then
        return nil, err
    end
    err = refusal(o, method, source)
    if err then
        return nil, err
    end
    local fields, has_host = fields_of(o, u, source)
    if not fields then
        return nil, has_host
    end
    local self = call.new(o, u, method, fields)
    self.source, self.has_host, self.cache = source, has_host, o.cache
    self.core_options, self.coerce = core_options(o), o.as and coerce[o.as]
    if o.retry then
        self.retry = retry.policy(o.retry)
    end
    if o.log_activity then
        self.activity = activity.of(o.log_activity)
    end
    if o.as == "file" and o.resume then
        require("perilune.http.download").ask_for_rest(o, self.fields)
    end
    local key, by, by_proxy, no_way = way.of(o, u)
    if key then
        self.key, self.way, self.proxy = key, by, by_proxy
    end
    return not no_way and self, no_way
end

local send

--- A body that is a deferred is waited for before anything else is done.
local function send_later(o)
    return o.body:catch(function(err)
        error(failure.new("request_body", "the request's body could not be produced", err), 0)
    end):chain(function(body)
        local own = options.together(o)
        own.body = body
        return send(own)
    end)
end

function send(o)
    if deferred.is_deferred(o.body) then
        return send_later(o)
    elseif o.hedge then
        return hedge.send(o, send)
    end
    local self, err = prepare(o)
    if not self then
        return deferred.error_deferred(err)
    end
    return call.start(self)
end

--- What sends, with a middleware around it when there is one.
local function within(middleware, fn)
    if not middleware then
        return fn
    end
    return middleware(fn) or error("http.request: option 'middleware' must return a client", 0)
end

--- Interceptors and middleware stand around the sending.
local function wrapped(o)
    local fn = within(o.middleware, within(o.pool and o.pool.middleware, send))
    if o.request_interceptor then
        o = o.request_interceptor(o) or o
    end
    local d = fn(o)
    return o.response_interceptor and d:chain(function(res)
        return o.response_interceptor(res) or res
    end) or d
end

local function with_defaults(o)
    local defaults = o.pool and o.pool.defaults
    if not defaults then
        return o
    end
    return options.together(defaults, o)
end

--- The options with the defaults of their pool; raises for what are none.
local function checked(o, level)
    check_options.request(o, "http.request", level)
    if o.pool and not pool.is_pool(o.pool) then
        error("http.request: option 'pool' must be a pool of http.connection_pool", level)
    end
    o = with_defaults(o)
    if o.as == "file" and not o.save_to then
        error("http.request: as = 'file' needs the option 'save_to'", level)
    end
    return o
end

local function start(o)
    if o.middleware or o.request_interceptor or o.response_interceptor or (o.pool and o.pool.middleware) then
        return wrapped(o)
    end
    return send(o)
end

--- Sends a request.
-- @tparam table o options; see docs/modules/http-client.md
-- @treturn deferred of a response; `d:cancel()` stops everything at once
function client.request(o)
    argument.check(o, "table", "options", "http.request")
    return start(checked(o, 3))
end

--- A GET that says nothing but its URL.
local function plain(text)
    local u, err = url.parse(text)
    if not u then
        return deferred.error_deferred(err)
    elseif u.userinfo or u.scheme == "https" then
        return send({ url = text })
    end
    return call.start(call.new(NO_OPTIONS, u, "GET", PLAIN_FIELDS))
end

local function verb(method)
    return function(text, o)
        if type(text) ~= "string" then
            argument.bad("url", "http." .. method:lower(), "string expected, got " .. type(text))
        elseif o == nil and method == "GET" then
            return plain(text)
        elseif o ~= nil and type(o) ~= "table" then
            argument.bad("options", "http." .. method:lower(), "table expected, got " .. type(o))
        end
        local all = { url = text, method = method }
        for k, v in pairs(o and checked(o, 3) or options.NONE) do
            if all[k] == nil or o[k] ~= nil then -- those of the pool are no more than defaults
                all[k] = v
            end
        end
        return start(all)
    end
end

for _, method in ipairs { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE" } do
    client[method:lower()] = verb(method)
end

return client
