--- Facts about this process, and its graceful end.

local ffi = require "ffi"
local native = require "ngx.api.native"
local sys = require "perilune.core.sys"

local C = native.C
local SIGQUIT = 3

ffi.cdef [[
int getppid(void);
int kill(int pid, int signum);
]]

local process = { version = "0.1.33" }

local function is_worker()
    return C.ffi_ngx_worker_id() >= 0
end

--- What this process is: "master" (while init_by_lua runs), "worker", or "single" when there is no master.
function process.type()
    if C.ffi_ngx_has_master() == 0 then
        return "single"
    end
    return is_worker() and "worker" or "master"
end

--- The number of the process that started the workers: of this one when there is no master.
function process.get_master_pid()
    if process.type() == "worker" then
        return C.getppid()
    end
    return sys.pid()
end

--- This worker ends gracefully, as after SIGQUIT.
function process.signal_graceful_exit()
    C.kill(sys.pid(), SIGQUIT)
end

return process
