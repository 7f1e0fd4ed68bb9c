--- Connections whose messages are tables, as asked for by the option `typed`: `message.data` is the string,
-- `message.binary` says of which kind, and what is sent back is of the same kind.

local core = require "perilune.core.websocket"
local core_task = require "perilune.core.task"
local deferred = require "perilune.deferred"
local task = require "perilune.task"
local WAIT = core_task.WAIT

local typed = {}

local mt = {
    __name = "websocket.message",
    __tostring = function(message)
        return message.data
    end,
}

local function pack(message, is_binary)
    return message and setmetatable({ data = message, binary = is_binary }, mt)
end

local function unpack_typed(message, is_binary)
    if getmetatable(message) == mt then
        return message.data, message.binary
    end
    return message, is_binary
end

--- The methods of such connections.
-- @tparam table plain those of the others
-- @treturn table
function typed.methods(plain)
    local methods = setmetatable({}, { __index = plain })

    function methods:receive()
        return pack(plain.receive(self))
    end

    function methods:take()
        if not core_task.current() then -- as for the others
            return task.detach(methods.receive, self)
        end
        local message, is_binary = core.take(self.raw)
        if message ~= WAIT then
            return deferred.success_deferred(pack(message, is_binary))
        end
        return task.spawn(methods.receive, self)
    end

    function methods:on_message(fn)
        return plain.on_message(self, function(ws, message, is_binary)
            fn(ws, pack(message, is_binary))
        end)
    end

    function methods:send(message, is_binary)
        return plain.send(self, unpack_typed(message, is_binary))
    end

    function methods:put(message)
        local data, is_binary = unpack_typed(message, false)
        return is_binary and plain.put_binary(self, data) or plain.put(self, data)
    end

    return methods
end

return typed
