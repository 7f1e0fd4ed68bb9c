--- Servers made in code: `http.start_server(handler, options)`.

local core = require "perilune.core.http"
local deferred = require "perilune.deferred"
local handler = require "perilune.http.handler"
local suggest = require "perilune.suggest"
local task_core = require "perilune.core.task"
local tls = require "perilune.tls"

local server = {}
local methods = {}
local mt = { __index = methods, __name = "http.server" }

local function quoted(text)
    return '"' .. text:gsub('[\\"]', "\\%0") .. '"'
end

local function seconds(directive)
    return { "number", function(v)
        return ("%s %dms;"):format(directive, v * 1000)
    end }
end

local function number(directive)
    return { "number", function(v)
        return ("%s %d;"):format(directive, v)
    end }
end

local function text(directive)
    return { "string", function(v)
        return ("%s %s;"):format(directive, quoted(v))
    end }
end

--- Options: name → type of the value and, for those that are directives of a server, how it is written.
local known = {
    http2 = { "boolean", function(v)
        return v and "http2 on;" or "http2 off;"
    end },
    http2_max_concurrent_streams = number "http2_max_concurrent_streams",
    port = { "number" }, address = { "string" }, path = { "string" }, listen_fd = { "number" }, backlog = { "number" },
    client_header_timeout = seconds "client_header_timeout", client_body_timeout = seconds "client_body_timeout",
    send_timeout = seconds "send_timeout", keepalive_timeout = seconds "keepalive_timeout",
    lingering_timeout = seconds "lingering_timeout", keepalive_requests = number "keepalive_requests",
    client_max_body_size = number "client_max_body_size", client_body_buffer_size = number "client_body_buffer_size",
    max_header_size = number "large_client_header_buffers 4", access_log = text "access_log",
    client_body_temp_path = text "client_body_temp_path", tls = { "tls" },
    tcp_nodelay = { "boolean", function(v)
        return "tcp_nodelay " .. (v and "on;" or "off;")
    end },
}

local function misuse(...)
    error("http.start_server: " .. string.format(...), 5)
end

local function check(name, value)
    local option = known[name]
    if not option then
        local names = {}
        for k in pairs(known) do
            names[#names + 1] = k
        end
        misuse("unknown option '%s'%s", tostring(name), suggest(name, names))
    elseif option[1] == "tls" then
        return
    elseif type(value) ~= option[1] then
        misuse("option '%s' must be a %s, not a %s", name, option[1], type(value))
    elseif option[1] == "number" and (value ~= value or value < 0) then
        misuse("option '%s' must not be negative", name)
    elseif name == "port" and (value > 65535 or value % 1 ~= 0) then
        misuse("option 'port' must be from 0 to 65535")
    end
end

local function host_of(options)
    local host = options.address or "0.0.0.0"
    if host:find(":", 1, true) and host:sub(1, 1) ~= "[" then
        host = "[" .. host .. "]"
    end
    return host
end

local function address(options)
    if options.path then
        return "unix:" .. options.path
    elseif options.port and options.port > 0 then
        return ("%s:%d"):format(host_of(options), options.port)
    end
    return host_of(options)
end

local function configuration(options)
    local lines = { "events {} http {", options.access_log and "" or "access_log off;" }
    for name, value in pairs(options) do
        check(name, value)
        local write = known[name][2]
        if write then
            lines[#lines + 1] = write(value)
        end
    end
    lines[#lines + 1] = ("server { listen %s%s; location / { handler code; } } }"):format(quoted(address(options)),
        options.backlog and " backlog=" .. options.backlog or "")
    return table.concat(lines, " ")
end

--- Starts a server.
-- Options: `port` (0: a free one), `address` ("0.0.0.0"), `path` (Unix socket instead), `listen_fd` (an
-- inherited listening
-- socket instead), `backlog`, `tls` (a context of `perilune.tls`, or the options of one),
-- and the limits and timeouts of the directives of the same name in seconds and bytes.
-- @tparam function fn handler(request) → response
-- @tparam[opt] table options
-- @treturn server; raises an error object with code `address_in_use`, … when it cannot listen
function server.start(fn, options)
    if type(fn) ~= "function" then
        error("bad argument 'handler' to http.start_server (function expected, got " .. type(fn) .. ")", 2)
    end
    options = options or {}
    local self = setmetatable({ closed = deferred.deferred() }, mt)
    local takes_any = not options.path and (options.port or 0) == 0
    local tls_context = options.tls and tls.context(options.tls)
    local core_server, err = core.listen(configuration(options), handler.wrap(fn), function()
        self.closed:success(true)
    end, options.listen_fd, takes_any and host_of(options) or nil, tls_context)
    if not core_server then
        error(err, 0)
    end
    self.core = core_server
    return self
end

--- The port that it listens on; 0 for a Unix socket, nil once closed.
-- @treturn number
function methods:port()
    return self.core:port()
end

--- Ends gracefully: no more connections, idle ones close, busy ones after their exchange; after `timeout` all are
-- closed.
-- @tparam[opt=15] number timeout in seconds; 0 closes everything now
-- @treturn deferred that succeeds once the server is closed
function methods:close(timeout)
    timeout = timeout or 15
    if timeout == 0 then
        self.core:kill()
        return self.closed
    end
    self.core:drain()
    if not self.closed:is_realized() then
        local timer = task_core.timer(timeout, function()
            self.core:kill()
        end)
        self.closed:on_realized(function()
            timer:stop()
        end)
    end
    return self.closed
end

--- A deferred that succeeds once the server is closed.
-- @treturn deferred
function methods:wait_for_close()
    return self.closed
end

return server
