--- HTTP: clients, servers in code, files as bodies, header lists.

local argument = require "perilune.argument"
local client = require "perilune.http.client"
local deferred = require "perilune.deferred"
local headers = require "perilune.http.headers"
local server = require "perilune.http.server"
local core = require "perilune.core.http"
local check_options = require("perilune.options").check
local is_token = require "perilune.http.token"
local wait = require("perilune.coroutines").wait

local proxy_options = {
    headers = "table", method = { text = "method", is = is_token }, connection_timeout = "seconds",
    read_timeout = "seconds", send_timeout = "seconds", buffer_request = "boolean",
}

local http = {
    headers = headers.new,
    start_server = server.start,
    parse_args = require("perilune.http.request").parse_args,
    connection_pool = require("perilune.http.pool").new,
    router = require("perilune.http.router").new,
    middleware = require "perilune.http.middleware",
    json = require("perilune.http.answer").json,
    cookie = require "perilune.http.cookie",
    multipart = require("perilune.http.multipart").parts,
    form = require("perilune.http.form").read,
    sse = require("perilune.http.sse").open,
    sse_channel = require("perilune.http.sse_channel").new,
    conditions = require("perilune.http.conditions").check,
    tunnel = require("perilune.http.tunnel").connect,
    accept_tunnel = require("perilune.http.tunnel").accept,
    tunnel_target = require("perilune.http.tunnel").target,
    cookie_store = require("perilune.http.cookies").store,
    cache = function(opts)
        local made = require("perilune.http.cache").new(opts)
        return made
    end,
}

for _, name in ipairs { "request", "get", "head", "post", "put", "patch", "delete", "options", "trace" } do
    http[name] = client[name]
end

--- A file, or a section of one, as a response body; sent without copying.
-- A file that is missing when the response is sent is answered 404.
-- @tparam string path
-- @tparam[opt=0] number offset in bytes
-- @tparam[opt] number length in bytes; the rest of the file by default
-- @treturn table for `body=`
function http.file(path, offset, length)
    argument.check(path, "string", "path", "http.file")
    argument.check_optional(offset, "number", "offset", "http.file")
    argument.check_optional(length, "number", "length", "http.file")
    return setmetatable({ is_http_file = true, path = path, offset = offset, length = length }, { __name = "file" })
end

--- A handler of one with three arguments, as asynchronous handlers of Ring have them.
-- @tparam function fn `fn(req, respond, raise)`, which calls `respond(response)` or `raise(err)` once, now or later
-- @treturn function handler
function http.wrap_async(fn)
    argument.check(fn, "function", "fn", "http.wrap_async")
    return function(req)
        local d = deferred.deferred()
        fn(req, function(res)
            d:success(res)
        end, function(err)
            d:error(err)
        end)
        return d
    end
end

--- Passes a request on to another server and answers with what that says, streaming both ways; returns when it is
-- over. `url` is `http://host[:port][/path?query]`, or `http://unix:/path:[/uri]`; without a path the request's own is
-- asked for.
-- Options: `headers` (`{ Name = value }` set, `false` left out), `method`, `connection_timeout`, `read_timeout`,
-- `send_timeout` (seconds), `buffer_request` (read the body first). A server that cannot be reached is answered 502,
-- one that is slow 504; the reason is in the error log.
-- @tparam request req
-- @tparam string url
-- @tparam[opt] table options
-- @treturn boolean true: what a handler is to return
function http.proxy(req, url, options)
    argument.check(url, "string", "url", "http.proxy")
    check_options(options, proxy_options, "http.proxy", 2)
    local ok, err = core.proxy(req, url:match "^[^#]*", options) -- a fragment is the client's own
    if not ok then
        error(err, 0)
    end
    wait()
    return true
end

return http
