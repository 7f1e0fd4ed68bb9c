--- The ClientHello, in ssl_client_hello_by_lua.

local ffi = require "ffi"
local bit = require "bit"
local tls = require "ngx.api.tls"

local C, request, message, size = tls.C, tls.request, tls.message, tls.size

local hello = { version = "0.1" }

local PHASE, SUPPORTED_VERSIONS, MOST_CIPHERS = "ssl_client_hello", 43, 128
local bits = {
    ["SSLv2"] = 0x02, ["SSLv3"] = 0x04, ["TLSv1"] = 0x08, ["TLSv1.1"] = 0x10, ["TLSv1.2"] = 0x20, ["TLSv1.3"] = 0x40,
}
local ciphers = ffi.new("unsigned short[?]", MOST_CIPHERS)
local numbers = ffi.new "int *[1]"

--- The name that the client asks for; nil when it names none.
-- @treturn ?string
-- @treturn ?string error
function hello.get_client_hello_server_name()
    tls.check(PHASE)
    return tls.text(C.ngx_http_lua_ffi_ssl_get_client_hello_server_name(request(), tls.bytes, size, message), tls.bytes)
end

--- The body of an extension as it came; nil when it is not there.
-- @tparam number number of the extension, from 0
-- @treturn ?string
function hello.get_client_hello_ext(number)
    tls.check(PHASE)
    if type(number) ~= "number" then
        error("bad argument #1 to 'get_client_hello_ext' (number expected, got " .. type(number) .. ")", 2)
    end
    return tls.text(C.ngx_http_lua_ffi_ssl_get_client_hello_ext(request(), number, tls.bytes, size, message), tls.bytes)
end

--- The numbers of the extensions, in order; nil when there is none.
-- @treturn ?table
-- @treturn ?string error
function hello.get_client_hello_ext_present()
    tls.check(PHASE)
    local rc = C.ngx_http_lua_ffi_ssl_get_client_hello_ext_present(request(), numbers, size, message)
    if rc ~= 0 then
        return nil, rc == -1 and tls.why() or nil
    end
    local list = {}
    for i = 1, tonumber(size[0]) do
        list[i] = numbers[0][i - 1]
    end
    return list
end

--- Is it a number that is offered only to see whether servers ignore it (RFC 8701)?
local function is_grease(number)
    return bit.band(number, 0x0f0f) == 0x0a0a and bit.rshift(number, 8) == bit.band(number, 0xff)
end

--- The numbers of the ciphers, in order, up to 128, without those of RFC 8701.
-- @treturn ?table
-- @treturn ?string error
function hello.get_client_hello_ciphers()
    tls.check(PHASE)
    local n = C.ngx_http_lua_ffi_ssl_get_client_hello_ciphers(request(), ciphers, MOST_CIPHERS, message)
    if n < 0 then
        return nil, tls.why()
    end
    local list = {}
    for i = 0, n - 1 do
        if not is_grease(ciphers[i]) then
            list[#list + 1] = ciphers[i]
        end
    end
    return list
end

--- The versions that the client offers, by name, the last of its list first; nil when it sends no list of them.
-- @treturn ?table
function hello.get_supported_versions()
    tls.check(PHASE)
    local body = hello.get_client_hello_ext(SUPPORTED_VERSIONS)
    if not body or #body < 1 or body:byte() ~= #body - 1 then
        return nil
    end
    local list = {}
    for i = #body - 1, 2, -2 do
        list[#list + 1] = tls.versions[body:byte(i) * 256 + body:byte(i + 1)]
    end
    return list
end

--- Speaks only these versions on this connection.
-- @tparam table protocols names: "TLSv1.2", "TLSv1.3" …
-- @treturn ?boolean true
-- @treturn ?string error
function hello.set_protocols(protocols)
    tls.check(PHASE)
    if type(protocols) ~= "table" then
        error("bad argument #1 to 'set_protocols' (table expected, got " .. type(protocols) .. ")", 2)
    end
    local sum = 0
    for _, name in ipairs(protocols) do
        if not bits[name] then
            return nil, "invalid protocols failed"
        end
        sum = bit.bor(sum, bits[name])
    end
    return tls.done(C.ngx_http_lua_ffi_ssl_set_protocols(request(), sum, message))
end

return hello
