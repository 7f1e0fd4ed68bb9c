--- Facts about this process, and its graceful end.

local ffi = require "ffi"
local context = require "ngx.api.context"
local native = require "ngx.api.native"

local C = native.C
local SIGQUIT, ALERT = 3, 2

ffi.cdef [[
int getpid(void);
int getppid(void);
int kill(int pid, int signum);
]]

local process = { version = "0.1.33" }

local function is_worker()
    return C.ffi_ngx_worker_id() >= 0
end

--- What this process is: "master" (while init_by_lua runs), "worker", "privileged agent", or "single" when there is no
-- master.
function process.type()
    if C.ffi_ngx_has_master() == 0 then
        return "single"
    elseif C.ffi_ngx_is_agent() ~= 0 then
        return "privileged agent"
    end
    return is_worker() and "worker" or "master"
end

--- The number of the process that started the workers: of this one when there is no master.
function process.get_master_pid()
    local kind = process.type()
    return (kind == "worker" or kind == "privileged agent") and C.getppid() or C.getpid()
end

--- For init_by_lua: the master starts one process more, which keeps the master's rights (those of root), runs
-- init_worker_by_lua and its timers, and serves nobody. Without a master nothing happens.
-- @tparam[opt] number connections 0: no process is started; otherwise what it connects to is not limited
-- @treturn ?boolean true
-- @treturn ?string error
function process.enable_privileged_agent(connections)
    if C.ffi_ngx_context() ~= context.numbers.init then
        return nil, "API disabled in the current context"
    elseif connections ~= nil and (type(connections) ~= "number" or connections < 0) then
        return nil, "bad 'connections' argument: number expected and greater than 0"
    end
    if connections and connections < 1 then
        native.log_line(ALERT, connections
            .. " worker_connection is not enough, privileged agent process cannot be spawned")
        return true
    end
    C.ffi_ngx_enable_agent()
    return true
end

--- This worker ends gracefully, as after SIGQUIT.
function process.signal_graceful_exit()
    C.kill(C.getpid(), SIGQUIT)
end

return process
