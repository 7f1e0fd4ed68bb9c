--- Query strings: get_uri_args, get_post_args, encode_args, decode_args.

local ffi = require "ffi"
local core = require "perilune.core.ngx"
local codec = require "ngx.api.codec"
local context = require "ngx.api.context"
local native = require "ngx.api.native"

local C, to_string, room = native.C, ffi.string, native.room
local type, tostring = type, tostring
local text = ffi.new("struct ffi_str")
local name_out, value_out = ffi.new("struct ffi_str"), ffi.new("struct ffi_str")
local at = ffi.new("size_t[1]")

local ARGS = 1

local arguments = { req = {} }

local function put(out, name, value)
    local before = out[name]
    if before == nil then
        out[name] = value
    elseif type(before) == "table" then
        before[#before + 1] = value
    else
        out[name] = { before, value }
    end
end

local function parse(p, n, most, out)
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
            core.log_line(8, "lua hit query args limit " .. most)
            return out, "truncated"
        end
        count = count + 1
        if name_out.n > 0 then
            put(out, to_string(name_out.p, name_out.n), found == 2 or to_string(value_out.p, value_out.n))
        end
    end
end

local function clear(tab)
    for key in pairs(tab) do
        tab[key] = nil
    end
    return tab
end

--- The arguments of the query string: name → value, `true` for a name without '=', an array for repeats.
-- @tparam[opt=100] number most how many are read, 0: all
-- @tparam[opt] table tab to fill
-- @treturn table
-- @treturn ?string "truncated"
function arguments.req.get_uri_args(most, tab)
    local rc = C.ffi_ngx_text(ARGS, text)
    if rc == native.NO_REQUEST then
        native.no_request(2)
    end
    tab = tab and clear(tab) or {}
    if rc ~= 0 then
        return tab
    end
    return parse(text.p, text.n, most, tab)
end

arguments.req.get_query_args = arguments.req.get_uri_args

--- The arguments of a body of type application/x-www-form-urlencoded that has been read.
function arguments.req.get_post_args(most)
    context.check_request(context.request)
    if C.ffi_ngx_context() == context.numbers.set then
        error("API disabled in the context of set_by_lua*", 2)
    end
    if not core.is_body_read() then
        error("no request body found; maybe you should turn on lua_need_request_body?", 2)
    end
    if core.get_body_file() then
        return nil, "request body in temp file not supported"
    end
    local body = core.get_body_data() or ""
    return parse(body, #body, most, {})
end

--- The arguments of a query string.
function arguments.decode_args(s, most)
    if type(s) ~= "string" then
        s = tostring(s)
    end
    return parse(s, #s, most, {})
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
function arguments.encode_args(args)
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

--- Sets the query string from a string or a table.
function arguments.req.set_uri_args(args)
    local kind = type(args)
    if kind == "table" then
        args = arguments.encode_args(args)
    elseif kind == "string" or kind == "number" then
        args = tostring(args)
    else
        error("bad argument #1 to 'set_uri_args' (string, number, or table expected, but got " .. kind .. ")", 2)
    end
    if C.ffi_ngx_set_args(args, #args) ~= 0 then
        native.no_request(2)
    end
end

return arguments
