--- Calling a handler or a router without sockets: `perilune.test.request(app, { path = "/users/7" })`.
--
-- The handler gets a table with the fields and methods of a request; what it returns is brought into one form, its
-- body collected. `perilune.test.client(app)` remembers cookies from one request to the next. What only a server can
-- do is not there: limits of the configuration, compression, codings of bodies, upgrades; `req:inform` does nothing.
-- For those, and for what goes over the wire, write a `.t` file. With `time.with_clock` around it, handlers that wait
-- for time can be tested in none.

local answer = require "perilune.http.answer"
local checked = require "perilune.http.checked"
local body_source = require "perilune.http.body_source"
local cookies = require "perilune.http.cookies"
local core = require "perilune.core.http"
local deferred = require "perilune.deferred"
local failure = require "perilune.failure"
local check_head = require "perilune.test.head_check"
local headers = require "perilune.http.headers"
local json = require "perilune.json"
local options = require "perilune.options"
local request = require "perilune.http.request"
local stream = require "perilune.stream"
local task = require "perilune.task"
local time = require "perilune.time"
local to_bytes = require("perilune.http.piece").to_bytes
local url = require "perilune.http.url"

local await = deferred.await

local app = {}

local PORTS = { http = 80, https = 443 }

local SPEC = { method = "string", path = "string", headers = "table", body = "any", json = "any",
    form_params = "table", multipart = "table", trailers = "table", host = "string", scheme = "string",
    remote_addr = "string", id = "string", stream = "boolean" }

local function read_file(file)
    local handle = assert(io.open(file.path, "rb"))
    handle:seek("set", file.offset or 0)
    local text = handle:read(file.length or "*a")
    handle:close()
    return text or ""
end

local Request = { form = request.methods.form, json = request.methods.json }
local request_mt = { __index = Request, __name = "request" }

function Request:decode()
    return self
end

function Request:inform() -- luacheck: ignore self
    return true
end

function Request:trailers()
    return headers.new(self.trailer_fields)
end

function Request:text(opts)
    rawset(self, "_text", rawget(self, "_text") or self.body:collect():chain(table.concat))
    return request.methods.text(self, opts)
end

function Request:temp_file()
    local path = os.tmpname()
    self.temp_files[#self.temp_files + 1] = path
    return path
end

local function cookies_of(list)
    local found = {}
    for name, value in (list.cookie or ""):gmatch("([^=;%s]+)=([^;]*)") do
        found[name] = found[name] or value:match('^"?(.-)"?%s*$')
    end
    return found
end

--- What is written, piece by piece, as somebody reads it.
local function stream_of(write)
    local out = stream.stream()
    task.spawn(function()
        local ok, err = pcall(write, function(piece)
            if not await(out:put(type(piece) == "table" and read_file(piece) or piece)) then
                error("nobody reads on", 0)
            end
        end)
        out:close(not ok and not out:is_closed() and err or nil)
    end)
    return out
end

--- The body as a stream, and its length when that is told.
local function body_of(spec, list)
    local pieces = spec.body
    if type(pieces) == "table" and not getmetatable(pieces) then
        return stream.to_source(pieces)
    end
    local source = body_source.of_options(spec)
    if not source then
        return stream.to_source {}
    elseif source.type and list["content-type"] == nil then
        list:set("Content-Type", source.type)
    end
    if source.stream then
        return source.stream
    elseif source.write then
        return stream_of(source.write), type(source.core) == "number" and source.core or nil
    end
    local text = type(source.core) == "table" and read_file(source.core) or source.core
    return stream.to_source(text ~= "" and { text } or {}), #text
end

--- Decoded and without `.` and `..`, as a server has it that leaves repeated slashes alone.
local function normal_path(uri)
    local path = uri:gsub("%%(%x%x)", function(hex)
        return string.char(tonumber(hex, 16))
    end)
    if path == "*" then
        return "/"
    elseif not path:find("/.", 1, true) then
        return path
    end
    local kept = {}
    for segment in path:gmatch("/([^/]*)") do
        if segment == ".." then
            kept[#kept] = nil
        elseif segment ~= "." then
            kept[#kept + 1] = segment
        end
    end
    local is_folder = path:find("/%.%.?$") and #kept > 0
    return "/" .. table.concat(kept, "/") .. (is_folder and "/" or "")
end

--- Where the request goes: host, name and port.
local function authority_of(spec, list, scheme)
    local host = spec.host or list.host or "localhost"
    if list.host == nil then
        list:set("Host", host)
    end
    local name, port = host:match("^(.-):(%d+)$")
    return name or host, tonumber(port) or PORTS[scheme]
end

local function make_request(spec)
    local list = headers.new(spec.headers)
    local target = spec.path or "/"
    local uri, query_string = target:match("^([^?]*)%??(.*)$")
    local scheme = spec.scheme or "http"
    local host, port = authority_of(spec, list, scheme)
    local body, length = body_of(spec, list)
    if length and list["content-length"] == nil then
        list:set("Content-Length", ("%d"):format(length))
    end
    return setmetatable({ method = spec.method or "GET", target = target, uri = uri, path = normal_path(uri),
        query_string = query_string ~= "" and query_string or nil, query = core.parse_args(query_string),
        headers = list, cookies = cookies_of(list), body = body, content_length = length, params = {}, temp_files = {},
        host = host, server_name = host, server_port = port, scheme = scheme, protocol = "HTTP/1.1", keep_alive = true,
        remote_addr = spec.remote_addr or "127.0.0.1", remote_port = 40000, id = spec.id or ("0"):rep(32),
        time = time.now(), trailer_fields = spec.trailers }, request_mt)
end

local Response = {}
local response_mt = { __index = Response, __name = "response" }

--- The body as JSON; raises when it is none.
function Response:json()
    return json.decode(self.body)
end

--- The body of a response, in any form, as a stream of strings.
local function body_stream(res)
    local body = await(res.body)
    if stream.is_stream(body) or type(body) == "function" then
        checked.length(res.content_length)
    end
    if stream.is_stream(body) then
        return body:map(to_bytes)
    elseif type(body) == "function" then
        return stream_of(function(push)
            for piece in body do
                push(to_bytes(await(piece)))
            end
        end)
    end
    local text = type(body) == "table" and (body.is_http_file and read_file(body) or checked.joined(body)) or body or ""
    return stream.to_source(text ~= "" and { text } or {})
end

--- The exchange is over.
local function finish(req)
    req.body:close()
    for _, path in ipairs(req.temp_files) do
        os.remove(path)
    end
end

local function respond(handler, req, is_streamed)
    local res = answer.of(handler(req))
    check_head(res)
    local body = body_stream(res)
    if req.method == "HEAD" or res.status == 204 or res.status == 304 then
        body:close()
        body = stream.to_source {}
    end
    if is_streamed then
        body:on_closed(function()
            finish(req)
        end)
    end
    local told = is_streamed and body or table.concat(await(body:collect()))
    return setmetatable({ status = res.status, headers = res.headers, body = told,
        trailers = headers.new(res.trailers) }, response_mt)
end

local function run(handler, req, is_streamed)
    local ok, res = xpcall(respond, failure.traced, handler, req, is_streamed)
    if not ok or not is_streamed then
        finish(req)
    end
    return ok and res or error(res, 0)
end

local function function_of(handler, what)
    local fn = type(handler) == "table" and handler.handler or handler
    if type(fn) ~= "function" then
        error(("bad argument 'app' to test.%s (a handler or a router expected, got %s)"):format(what, type(handler)), 3)
    end
    return fn
end

--- Calls an application.
-- The request: `method` ("GET"), `path` ("/"; with a query), `headers` (`{Name = value}`), one of `body` (a string, a
-- stream, an iterator, a file of `http.file`, or an array of pieces; only the length of strings and files is told),
-- `json`, `form_params` and `multipart` (as of the client), `trailers`, `host` ("localhost"), `scheme` ("http"),
-- `remote_addr` ("127.0.0.1"), `id`; `stream` (boolean, false: the body of the answer is a stream of strings, and it
-- is there as soon as the head is).
-- @tparam function|table handler a handler, or what has one as `handler`, such as a router
-- @tparam[opt] table spec
-- @treturn deferred of `{status=, headers=, body=, trailers=}`, the body a string, with a method `json`; fails with
-- what the handler raises
function app.request(handler, spec)
    local fn = function_of(handler, "request")
    spec = options.check(spec, SPEC, "test.request", 2)
    return task.spawn(run, fn, make_request(spec), spec.stream)
end

local Client = {}
local client_mt = { __index = Client, __name = "test client" }

--- One who visits an application again and again: cookies of answers come with later requests, as a browser has it
-- (`Secure` ones over https only, by path and host, until they expire).
-- @tparam function|table handler as of `request`
-- @tparam[opt] table spec what all requests have: `headers`, `host`, `scheme`, `remote_addr`
-- @treturn client with `cookies`, a store of the HTTP client
function app.client(handler, spec)
    local fn = function_of(handler, "client")
    return setmetatable({ fn = fn, spec = options.check(spec, SPEC, "test.client", 2),
        cookies = cookies.store { public_suffix = false } }, client_mt)
end

--- As `test.request`.
-- @treturn deferred
function Client:request(spec)
    local given = options.check(spec, SPEC, "test client", 2)
    local all = options.together(self.spec, given)
    all.headers = headers.new(self.spec.headers)
    for name, value in headers.new(given.headers):each() do
        all.headers[name] = value
    end
    local u = assert(url.parse(("%s://%s%s"):format(all.scheme or "http", all.host or "localhost", all.path or "/")))
    local fields = {}
    self.cookies:give(u, fields)
    all.headers.cookie = all.headers.cookie or fields[2]
    return app.request(self.fn, all):chain(function(res)
        self.cookies:take(u, res.headers)
        return res
    end)
end

for _, method in ipairs { "get", "post", "put", "patch", "delete", "head", "options" } do
    --- `client:get(path, spec)` and its kin.
    Client[method] = function(self, path, spec)
        return self:request(options.together(spec, { method = method:upper(), path = path }))
    end
end

--- The request that `app.request` would make, for handlers that are called by hand.
-- @tparam[opt] table spec
-- @treturn table
function app.make_request(spec)
    return make_request(options.check(spec, SPEC, "test.make_request", 2))
end

return app
