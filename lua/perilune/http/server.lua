--- Servers made in code: `http.start_server(handler, options)`.

local argument = require "perilune.argument"
local core = require "perilune.core.http"
local deferred = require "perilune.deferred"
local handler = require "perilune.http.handler"
local options = require "perilune.options"
local task_core = require "perilune.core.task"
local tls = require "perilune.tls"

local server = {}
local methods = {}
local mt = { __index = methods, __name = "http.server" }

local function quoted(text)
    return '"' .. text:gsub('[\\"]', "\\%0") .. '"'
end

local function seconds(directive)
    return { "seconds", function(v)
        return ("%s %dms;"):format(directive, v * 1000)
    end }
end

local function number(directive)
    return { "count", function(v)
        return ("%s %d;"):format(directive, v)
    end }
end

local function text(directive)
    return { "string", function(v)
        return ("%s %s;"):format(directive, quoted(v))
    end }
end

--- The handler in the middleware that compresses, with its defaults or the options that are given.
local function compressed(fn, opts)
    return opts and require("perilune.http.middleware.compress")(opts ~= true and opts or nil)(fn) or fn
end

--- Those that are directives of a server: kind, and how it is written.
local directives = {
    http2 = { "boolean", function(v)
        return v and "http2 on;" or "http2 off;"
    end },
    connect_method = { "boolean", function(v)
        return v and "connect_method on;" or "connect_method off;"
    end },
    http2_max_concurrent_streams = number "http2_max_concurrent_streams",
    client_header_timeout = seconds "client_header_timeout", client_body_timeout = seconds "client_body_timeout",
    send_timeout = seconds "send_timeout", keepalive_timeout = seconds "keepalive_timeout",
    lingering_timeout = seconds "lingering_timeout", lingering_time = seconds "lingering_time",
    keepalive_time = seconds "keepalive_time", keepalive_min_timeout = seconds "keepalive_min_timeout",
    keepalive_requests = number "keepalive_requests",
    client_max_body_size = number "client_max_body_size", client_body_buffer_size = number "client_body_buffer_size",
    max_header_size = number "large_client_header_buffers 4", access_log = text "access_log",
    client_body_temp_path = text "client_body_temp_path",
    tcp_nodelay = { "boolean", function(v)
        return "tcp_nodelay " .. (v and "on;" or "off;")
    end },
}

local known = {
    port = "port", address = "string", path = "string", listen_fd = "small", backlog = "small", tls = "any",
    compress = { "boolean", "table" },
}
for name, directive in pairs(directives) do
    known[name] = directive[1]
end

--- Raises for texts that would be cut when they become names of the system.
local function check_texts(opts, level)
    for name, value in pairs(opts) do
        if type(value) == "string" and (value == "" or value:find("%z")) then
            error(("http.start_server: option '%s' must not %s"):format(name,
                value == "" and "be empty" or "hold a NUL"), level + 1)
        end
    end
end

local function host_of(opts)
    local host = opts.address or "0.0.0.0"
    if host:find(":", 1, true) and host:sub(1, 1) ~= "[" then
        host = "[" .. host .. "]"
    end
    return host
end

local function address(opts)
    if opts.path then
        return "unix:" .. opts.path
    elseif opts.port and opts.port > 0 then
        return ("%s:%d"):format(host_of(opts), opts.port)
    end
    return host_of(opts)
end

local function configuration(opts)
    local lines = { "events {} http {", opts.access_log and "" or "access_log off;" }
    for name, value in pairs(opts) do
        local directive = directives[name]
        if directive then
            lines[#lines + 1] = directive[2](value)
        end
    end
    lines[#lines + 1] = ("server { listen %s%s; location / { handler code; } } }"):format(quoted(address(opts)),
        opts.backlog and " backlog=" .. opts.backlog or "")
    return table.concat(lines, " ")
end

--- Starts a server.
-- Options: `port` (0: a free one), `address` ("0.0.0.0"), `path` (Unix socket instead), `listen_fd` (an inherited
-- listening socket instead), `backlog`, `tls` (a context of `perilune.tls`, or the options of one), `compress`
-- (boolean, false: answers go with gzip, brotli or zstd, as the client likes; or the options of `middleware.compress`),
-- and the limits and timeouts of the directives of the same name in seconds and bytes.
-- @tparam function|table fn handler(request) → response, or what has one as `handler`, such as a router
-- @tparam[opt] table opts
-- @treturn server; raises an error object with code `address_in_use`, … when it cannot listen
function server.start(fn, opts)
    if type(fn) == "table" then
        fn = fn.handler or fn
    end
    argument.check(fn, "function", "handler", "http.start_server")
    opts = options.check(opts, known, "http.start_server", 2)
    check_texts(opts, 2)
    local self = setmetatable({ closed = deferred.deferred() }, mt)
    local takes_any = not opts.path and (opts.port or 0) == 0
    local tls_context = opts.tls and tls.context(opts.tls, opts.http2 and { "h2", "http/1.1" } or { "http/1.1" })
    local run = handler.wrap(compressed(fn, opts.compress))
    local core_server, err = core.listen(configuration(opts), run, function()
        self.closed:success(true)
    end, opts.listen_fd, takes_any and host_of(opts) or nil, tls_context)
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

--- Ends gracefully: no more connections, idle ones close, those just answered after `keepalive_min_timeout`, busy ones
-- after their exchange, WebSockets as going away; after `timeout` all are closed.
-- @tparam[opt=15] number timeout in seconds; 0 closes everything now
-- @treturn deferred that succeeds once the server is closed
function methods:close(timeout)
    timeout = timeout or 15
    if type(timeout) ~= "number" or not (timeout >= 0 and timeout <= 1e9) then
        argument.bad("timeout", "server:close", "seconds from 0 to 1e9 expected")
    end
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
