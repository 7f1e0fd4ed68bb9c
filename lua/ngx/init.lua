--- The global `ngx`, put together from its parts. What it has is listed in docs/ngx.md.

require "table.clear" -- libraries find these two in `table`, where the first to ask for them puts them
require "table.new"
local ffi = require "ffi"
local core = require "perilune.core.ngx"
require "ngx.api.modules"
require "ngx.api.counts"
local arguments = require "ngx.api.arguments"
local codec = require "ngx.api.codec"
local config = require "ngx.api.config"
local constants = require "ngx.api.constants"
local context = require "ngx.api.context"
local control = require "ngx.api.control"
local fields = require "ngx.api.fields"
local native = require "ngx.api.native"
local regex = require "ngx.api.regex"
local request = require "ngx.api.request"
local shared = require "ngx.api.shared"
local thread = require "ngx.api.thread"
local time = require "ngx.api.time"
local timer = require "ngx.api.timer"
local variables = require "ngx.api.variables"

ffi.cdef [[ int getpid(void); ]]

local C = native.C

--- A table of the functions of these names, whose module is loaded when one of them is first called: a server that
-- never does so has a third less of Lua in it.
local function when_called(names, load)
    local part = {}
    for name in names:gmatch("%S+") do
        part[name] = function(...)
            local loaded = load()
            for key, fn in pairs(loaded) do
                part[key] = fn
            end
            return loaded[name](...)
        end
    end
    return part
end

local ngx = {
    print = core.print,
    say = core.say,
    log = core.log,
    on_abort = core.on_abort,
    header = fields.header,
    resp = fields.resp,
    req = request,
    run_worker_thread = require("ngx.api.worker_thread"),
    var = variables.var,
    arg = variables.arg,
    encode_args = arguments.encode_args,
    decode_args = arguments.decode_args,
    thread = thread,
    timer = timer.api,
    re = regex.api,
    shared = shared,
    socket = when_called("tcp stream udp connect", function()
        return require("ngx.api.socket").api
    end),
    location = when_called("capture capture_multi", function()
        return require "ngx.api.capture"
    end),
}

local function copy(from, to)
    for key, value in pairs(from) do
        if key ~= "url" then
            to[key] = value
        end
    end
end

copy(constants, ngx)
copy(codec, ngx)
copy(control, ngx)
copy(time, ngx)
copy(fields.req, request)
copy(arguments.req, request)

function request.socket(...)
    return require("ngx.api.socket").request(...)
end

--- What OpenResty's `http` has no more, or in `stream` only: there when it is asked for by name.
setmetatable(request, {
    __index = {
        get_query_args = request.get_uri_args,
        udp_socket = function()
            return require("ngx.api.session").socket()
        end,
    },
})

ngx.worker = {
    --- Number of this worker, from 0.
    id = function()
        local id = C.ffi_ngx_worker_id()
        return id >= 0 and id or nil
    end,
    count = function()
        return C.ffi_ngx_worker_count()
    end,
    pid = function()
        return C.getpid()
    end,
    --- The process numbers of all workers that were started with this one.
    pids = function()
        local pids = {}
        for id = 0, C.ffi_ngx_worker_count() - 1 do
            local pid = C.ffi_ngx_worker_pid(id)
            if pid > 0 then
                pids[#pids + 1] = pid
            end
        end
        return pids[1] and pids or { C.getpid() }
    end,
    exiting = function()
        return C.ffi_ngx_is_exiting() ~= 0
    end,
}

--- One machine serves both, so `subsystem` tells for whom Lua runs; what loads at the start sees "http".
ngx.config = setmetatable({}, {
    __index = function(_, name)
        if name == "subsystem" then
            return C.ffi_ngx_is_session() ~= 0 and "stream" or "http"
        end
        return config[name]
    end,
})

variables.attach(ngx)
rawset(_G, "ngx", ngx)
rawset(_G, "ndk", {
    set_var = setmetatable({}, {
        __index = function(set_var, name)
            return setmetatable(set_var, require "ngx.api.ndk")[name]
        end,
        __newindex = function(set_var, name, value)
            setmetatable(set_var, require "ngx.api.ndk")[name] = value
        end,
    }),
})
package.loaded.ndk = ndk
rawset(_G, "print", core.print_log)

--- The last of the phases in which programs set themselves up: none at all, init, init_worker.
local LAST_EARLY_PHASE = context.numbers.init_worker

--- What a script does for nobody, as the interpreter does with the lines that are typed, may define globals.
local function is_serving()
    local now = C.ffi_ngx_context()
    return now > LAST_EARLY_PHASE and (now ~= context.numbers.timer or ngx.worker.id() ~= nil)
end

setmetatable(_G, {
    --- Whoever defines a global while requests are served has forgotten a `local`.
    __newindex = function(globals, key, value)
        rawset(globals, key, value)
        if is_serving() then
            ngx.log(ngx.WARN, "writing a global Lua variable ('", tostring(key), "') which may lead to race "
                .. "conditions between concurrent requests, so prefer the use of 'local' variables",
                debug.traceback("", 2))
        end
    end,
})

--- Loops that loading has made hot do not run again.
jit.flush()

return ngx
