--- Choosing the server of each attempt, in `balancer_by_lua`.

local ffi = require "ffi"
local native = require "ngx.api.native"

ffi.cdef [[
int ffi_balancer_set_peer(const char *text, size_t n, int port, const char *name, size_t name_n);
int ffi_balancer_keep(double idle, double requests);
int ffi_balancer_more_tries(int n);
int ffi_balancer_last_failure(int *status);
int ffi_balancer_timeouts(double connect, double send, double read);
int ffi_balancer_set_tls(int is_on);
int ffi_balancer_bind(const char *text, size_t n);
int ffi_balancer_recreate(void);
]]

local C = native.C
local REDUCED = 1
local IDLE, REQUESTS = 60, 100

local status_out = ffi.new("int[1]")
local states = { [2] = "next", [4] = "failed" }
local messages = {
    [-1] = "no upstream found",
    [-2] = "no host allowed",
    [-3] = "no current peer set",
    [-4] = "no https upstream",
    [native.BAD_CONTEXT] = "API disabled in the current context",
}

local balancer = { version = "0.1" }

--- What C answered: true, or nil and a text; raises when there is no request.
local function result(rc)
    if rc == native.NO_REQUEST then
        error("no request found", 3)
    elseif rc < 0 then
        return nil, messages[rc]
    end
    return true
end

--- The server of this attempt.
-- @tparam string addr "address[:port]" or "unix:/path"; no name
-- @tparam[opt] number port
-- @tparam[opt] string host the name of TLS
-- @treturn ?boolean true
-- @treturn ?string error
function balancer.set_current_peer(addr, port, host)
    if host ~= nil and type(host) ~= "string" then
        error("bad argument #3 to 'set_current_peer' (string expected, got " .. type(host) .. ")", 2)
    end
    return result(C.ffi_balancer_set_peer(addr, #addr, tonumber(port) or 0, host, host and #host or 0))
end

local function check_number(value, i, default)
    if value == nil then
        return default
    elseif type(value) ~= "number" then
        error("bad argument #" .. i .. " to 'enable_keepalive' (number expected, got " .. type(value) .. ")", 3)
    elseif value < 0 then
        error("bad argument #" .. i .. " to 'enable_keepalive' (expected >= 0)", 3)
    end
    return value
end

--- Keeps the connection of this attempt for later requests to the same server with the same name.
-- @tparam[opt=60] number idle_timeout seconds, 0: any
-- @tparam[opt=100] number max_requests 0: any
function balancer.enable_keepalive(idle_timeout, max_requests)
    idle_timeout = check_number(idle_timeout, 1, IDLE)
    max_requests = check_number(max_requests, 2, REQUESTS)
    return result(C.ffi_balancer_keep(idle_timeout * 1000, max_requests))
end

--- Allows `count` attempts after this one.
-- @treturn ?boolean true
-- @treturn ?string error, or what is worth knowing although it worked
function balancer.set_more_tries(count)
    local rc = C.ffi_balancer_more_tries(count)
    if rc == REDUCED then
        return true, "reduced tries due to limit"
    end
    return result(rc)
end

--- How the attempt before this one ended: "next" or "failed", and its status; nil in the first.
function balancer.get_last_failure()
    local rc = C.ffi_balancer_last_failure(status_out)
    if rc == 0 then
        return nil
    elseif rc < 0 then
        local _, err = result(rc)
        return nil, nil, err
    end
    return states[rc], status_out[0]
end

local function check_time(value, name)
    if value and (type(value) ~= "number" or value <= 0) then
        error("bad " .. name .. " timeout", 3)
    end
    return value and math.max(value * 1000, 1) or 0
end

--- Timeouts of this attempt and those after it, in seconds; nil: the location's.
function balancer.set_timeouts(connect, send, read)
    local c, s, r = check_time(connect, "connect"), check_time(send, "send"), check_time(read, "read")
    local ok, err = result(C.ffi_balancer_timeouts(c, s, r))
    return ok or false, err
end

--- Speaks TLS, or not, in this attempt; the location must have an https target.
function balancer.set_upstream_tls(on)
    return result(C.ffi_balancer_set_tls((on == 0 or on == false) and 0 or 1))
end

--- The address to connect from.
function balancer.bind_to_local_addr(addr)
    if type(addr) ~= "string" then
        error("bad argument #1 to 'bind_to_local_addr' (string expected, got " .. type(addr) .. ")", 2)
    end
    return result(C.ffi_balancer_bind(addr, #addr))
end

--- The request is made anew for each attempt, so that changed header fields hold without this.
function balancer.recreate_request()
    return result(C.ffi_balancer_recreate())
end

return balancer
