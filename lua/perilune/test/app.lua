--- Calling a handler or a router without sockets: `perilune.test.request(app, { path = "/users/7" })`.
--
-- The handler gets a table with the fields and methods of a request; what it returns is brought into one form, its
-- body collected. What only a server can do is not there: limits of the configuration, `req:inform`, compression,
-- codings of bodies, trailers of requests. For those, and for what goes over the wire, write a `.t` file. With
-- `time.with_clock` around it, handlers that wait for time can be tested in none.

local answer = require "perilune.http.answer"
local core = require "perilune.core.http"
local deferred = require "perilune.deferred"
local headers = require "perilune.http.headers"
local json = require "perilune.json"
local options = require "perilune.options"
local request = require "perilune.http.request"
local stream = require "perilune.stream"
local task = require "perilune.task"
local time = require "perilune.time"

local app = {}

local SPEC = { method = "string", path = "string", headers = "table", body = { "string", "table" }, json = "any",
    host = "string", scheme = "string", remote_addr = "string", id = "string" }

local function collect(body)
    local pieces = {}
    for piece in body:each() do
        pieces[#pieces + 1] = piece
    end
    return table.concat(pieces)
end

local Request = { form = request.methods.form, json = request.methods.json }
local request_mt = { __index = Request, __name = "request" }

function Request:decode()
    return self
end

function Request:text(opts)
    rawset(self, "_text", rawget(self, "_text") or task.spawn(collect, self.body))
    return request.methods.text(self, opts)
end

function Request:temp_file()
    local path = os.tmpname()
    self.temp_files[#self.temp_files + 1] = path
    return path
end

local function cookies_of(list)
    local cookies = {}
    for name, value in (list.cookie or ""):gmatch("([^=;%s]+)=([^;]*)") do
        cookies[name] = cookies[name] or value:match('^"?(.-)"?%s*$')
    end
    return cookies
end

local function body_of(spec, list)
    local pieces = type(spec.body) == "table" and spec.body or { spec.body }
    if spec.json ~= nil then
        pieces = { json.encode(spec.json) }
        list["Content-Type"] = list["content-type"] or "application/json"
    end
    local length
    for _, piece in ipairs(pieces) do
        length = (length or 0) + #piece
    end
    return stream.to_source(pieces), type(spec.body) ~= "table" and length or nil
end

local function unescape(path)
    return (path:gsub("%%(%x%x)", function(hex)
        return string.char(tonumber(hex, 16))
    end))
end

local function make_request(spec)
    local list = headers.new(spec.headers)
    local target = spec.path or "/"
    local uri, query_string = target:match("^([^?]*)%??(.*)$")
    local body, length = body_of(spec, list)
    return setmetatable({ method = spec.method or "GET", target = target, uri = uri, path = unescape(uri),
        query_string = query_string ~= "" and query_string or nil, query = core.parse_args(query_string),
        headers = list, cookies = cookies_of(list), body = body, content_length = length, params = {}, temp_files = {},
        host = spec.host or list.host or "localhost", scheme = spec.scheme or "http", protocol = "HTTP/1.1",
        remote_addr = spec.remote_addr or "127.0.0.1", id = spec.id or ("0"):rep(32), time = time.now() }, request_mt)
end

local Response = {}
local response_mt = { __index = Response, __name = "response" }

--- The body as JSON; raises when it is none.
function Response:json()
    return json.decode(self.body)
end

local function read_file(file)
    local handle = assert(io.open(file.path, "rb"))
    handle:seek("set", file.offset or 0)
    local text = handle:read(file.length or "*a")
    handle:close()
    return text or ""
end

local function text_of(body)
    body = deferred.await(body)
    local pieces = {}
    if type(body) == "table" and body.is_http_file then
        return read_file(body)
    elseif stream.is_stream(body) then
        return collect(body)
    elseif type(body) == "function" then
        for piece in body do
            pieces[#pieces + 1] = deferred.await(piece)
        end
        body = pieces
    end
    return type(body) == "table" and table.concat(body) or body or ""
end

local function run(handler, req)
    local res = answer.of(handler(req))
    local has_body = req.method ~= "HEAD" and res.status ~= 204 and res.status ~= 304
    if not has_body and stream.is_stream(res.body) then
        res.body:close()
    end
    local text = has_body and text_of(res.body) or ""
    for _, path in ipairs(req.temp_files) do
        os.remove(path)
    end
    return setmetatable({ status = res.status, headers = res.headers, body = text }, response_mt)
end

--- Calls an application.
-- The request: `method` ("GET"), `path` ("/"; with a query), `headers` (`{Name = value}`), `body` (a string, or an
-- array of pieces, whose length is not told), `json` (a value to be sent as JSON), `host` ("localhost"), `scheme`
-- ("http"), `remote_addr` ("127.0.0.1"), `id`.
-- @tparam function|table handler a handler, or what has one as `handler`, such as a router
-- @tparam[opt] table spec
-- @treturn deferred of `{status=, headers=, body=}`, the body a string, with a method `json`; fails with what the
-- handler raises
function app.request(handler, spec)
    local fn = type(handler) == "table" and handler.handler or handler
    if type(fn) ~= "function" then
        error("bad argument 'app' to test.request (a handler or a router expected, got " .. type(handler) .. ")", 2)
    end
    return task.spawn(run, fn, make_request(options.check(spec, SPEC, "test.request", 2)))
end

--- The request that `app.request` would make, for handlers that are called by hand.
-- @tparam[opt] table spec
-- @treturn table
function app.make_request(spec)
    return make_request(options.check(spec, SPEC, "test.make_request", 2))
end

return app
