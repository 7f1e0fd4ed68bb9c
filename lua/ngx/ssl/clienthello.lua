--- The ClientHello, in ssl_client_hello_by_lua.

local core = require "perilune.core.ssl"

local hello = { version = "0.1" }

local names = {
    [0x0300] = "SSLv3", [0x0301] = "TLSv1", [0x0302] = "TLSv1.1", [0x0303] = "TLSv1.2", [0x0304] = "TLSv1.3",
}
local bits = { ["SSLv2"] = 0, ["SSLv3"] = 0, ["TLSv1"] = 1, ["TLSv1.1"] = 2, ["TLSv1.2"] = 4, ["TLSv1.3"] = 8 }

--- The name that the client asks for; nil when it names none.
-- @treturn ?string
-- @treturn ?string error
function hello.get_client_hello_server_name()
    core.versions() -- raises in any other phase
    return core.server_name()
end

--- The body of an extension as it came; nil when it is not there.
-- @tparam number number of the extension, from 0
-- @treturn ?string
function hello.get_client_hello_ext(number)
    if type(number) ~= "number" then
        error("bad argument #1 to 'get_client_hello_ext' (number expected, got " .. type(number) .. ")", 2)
    end
    return core.extension(number)
end

--- The versions that the client offers, by name; nil when it sends no list of them.
-- @treturn ?table
function hello.get_supported_versions()
    if not core.extension(43) then
        return nil
    end
    local list = {}
    for _, number in ipairs(core.versions()) do
        list[#list + 1] = names[number]
    end
    return list
end

--- Speaks only these versions on this connection.
-- @tparam table protocols names: "TLSv1.2", "TLSv1.3" …
-- @treturn ?boolean true
-- @treturn ?string error
function hello.set_protocols(protocols)
    if type(protocols) ~= "table" then
        error("bad argument #1 to 'set_protocols' (table expected, got " .. type(protocols) .. ")", 2)
    end
    local sum = 0
    for _, name in ipairs(protocols) do
        if not bits[name] then
            return nil, "invalid protocols failed: " .. tostring(name)
        end
        sum = sum + bits[name]
    end
    return core.set_protocols(sum)
end

return hello
