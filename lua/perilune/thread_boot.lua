--- First Lua code of a machine for threads (perilune.worker_thread): the part of ngx.* that needs neither a request nor
-- the loop.

require "perilune.lua52"

-- Coroutines as elsewhere, nested as deep at most. Nothing waits here, so nobody has the token.
package.loaded["perilune.core.task"] = { WAIT = {} }
require "perilune.coroutines"
package.loaded["perilune.core.task"] = nil

local ffi = require "ffi"
local codec = require "ngx.api.codec"
local config = require "ngx.api.config"
local query = require "ngx.api.query"
local shared_dict = require "perilune.shared_dict"

ffi.cdef [[ void clock_update(void); ]]

local C = ffi.C

--- Methods of dictionaries: the clock of this thread stands still while a function runs, so it is read before each.
local mt = {}
for name, method in pairs(shared_dict.methods) do
    mt[name] = function(...)
        C.clock_update()
        return method(...)
    end
end
mt.__index = mt

local shared = {}

shared_dict.each(function(name, pointer)
    local view = ffi.gc(C.ffi_shared_reopen(pointer), C.ffi_shared_close) -- a view serves one thread
    shared[name] = setmetatable({ view }, mt)
end)

local ngx = {
    config = setmetatable({ subsystem = "http" }, { __index = config }),
    shared = shared,
    null = require("perilune.core.json").null,
    encode_args = query.encode_args,
    decode_args = query.decode_args,
}

for name, fn in pairs(codec) do
    ngx[name] = name ~= "url" and fn or nil
end

rawset(_G, "ngx", ngx)

return true
