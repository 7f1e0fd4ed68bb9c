--- Request sockets where lua_check_client_abort is on: the end of what the client sends is its abort, also where all of
-- it was asked for.

local minding = {}

local function minded(data, err, partial)
    if err == "closed" then
        return nil, "client aborted", partial
    end
    return data, err, partial
end

--- Methods that read, made of those of a socket.
-- @tparam table methods `receive`, `receiveany`, `receiveuntil`
-- @treturn table
function minding.reads(methods)
    local reads = {}

    function reads:receive(...)
        local data, err, partial = minded(methods.receive(self, ...))
        if data and (... == "*a" or ... == "a") then
            return nil, "client aborted", data
        end
        return data, err, partial
    end

    function reads:receiveany(...)
        return minded(methods.receiveany(self, ...))
    end

    function reads:receiveuntil(...)
        local read, err = methods.receiveuntil(self, ...)
        if not read then
            return nil, err
        end
        return function(...)
            return minded(read(...))
        end
    end

    return reads
end

return minding
