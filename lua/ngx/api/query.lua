--- Query strings to tables and back: encode_args, decode_args. Needs no request, and runs in any thread.

local ffi = require "ffi"
local codec = require "ngx.api.codec"
local native = require "ngx.api.native"
local put = require "ngx.api.repeated"

local C, to_string, room = native.C, ffi.string, native.room
local type, tostring = type, tostring
local name_out, value_out = ffi.new("struct ffi_str"), ffi.new("struct ffi_str")
local at = ffi.new("size_t[1]")

local query = {}

--- Called with the limit when there are more arguments; set by who has a log.
function query.on_limit()
end

--- Adds the arguments in `n` bytes at `p`, at most `most` of them (100; 0: all), to `out`.
-- @treturn table `out`
-- @treturn ?string "truncated"
function query.parse(p, n, most, out)
    local count = 0
    local space = room(n + 1)
    most = most or 100
    at[0] = 0
    while true do
        local found = C.ffi_codec_next_arg(p, n, at, space, name_out, value_out)
        if found == 0 then
            return out
        end
        if most > 0 and count == most then
            query.on_limit(most)
            return out, "truncated"
        end
        count = count + 1
        if name_out.n > 0 then
            put(out, to_string(name_out.p, name_out.n), found == 2 or to_string(value_out.p, value_out.n))
        end
    end
end

local escape = codec.escape_uri

local function add_pair(parts, key, value)
    local kind = type(value)
    if kind == "boolean" then
        if value then
            parts[#parts + 1] = key
        end
    elseif kind == "string" or kind == "number" then
        parts[#parts + 1] = key .. "=" .. escape(tostring(value))
    else
        error("attempt to use " .. kind .. " as query arg value", 0)
    end
end

local function encode(args)
    local parts = {}
    for key, value in pairs(args) do
        if type(key) ~= "string" then
            error('attempt to use a non-string key in the "args" option table', 0)
        end
        key = escape(key)
        if type(value) == "table" then
            for i = 1, #value do
                add_pair(parts, key, value[i])
            end
        else
            add_pair(parts, key, value)
        end
    end
    return table.concat(parts, "&")
end

--- A query string of a table.
function query.encode_args(args)
    if type(args) ~= "table" then
        error("bad argument #1 to 'encode_args' (table expected, got "
            .. (args == nil and "nil" or type(args)) .. ")", 2)
    end
    local ok, result = pcall(encode, args)
    if not ok then
        error(result, 2)
    end
    return result
end

--- The arguments of a query string.
function query.decode_args(s, most)
    if type(s) ~= "string" then
        s = tostring(s)
    end
    return query.parse(s, #s, most, {})
end

return query
