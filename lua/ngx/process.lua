--- Facts about this process.

local sys = require "perilune.core.sys"
local native = require "ngx.api.native"

local process = { version = "0.1" }

--- "worker", or "single" when there is no master.
function process.type()
    return native.C.ffi_ngx_worker_count() > 1 and "worker" or "single"
end

--- The process id of the parent when this is a worker.
function process.get_master_pid()
    if process.type() == "single" then
        return sys.pid()
    end
    return require("ffi").C.getppid()
end

require("ffi").cdef [[ int getppid(void); ]]

return process
