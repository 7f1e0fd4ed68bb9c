--- The arguments of the request: get_uri_args, get_post_args, set_uri_args.

local ffi = require "ffi"
local core = require "perilune.core.ngx"
local context = require "ngx.api.context"
local native = require "ngx.api.native"
local query = require "ngx.api.query"

local C, parse = native.C, query.parse
local type, tostring = type, tostring
local text = ffi.new("struct ffi_str")

local ARGS = 1

local arguments = { req = {}, encode_args = query.encode_args, decode_args = query.decode_args }

query.on_limit = function(most)
    native.log_line(8, "lua hit query args limit " .. most)
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
    if rc ~= 0 or text.n == 0 then
        return tab
    end
    return parse(text.p, text.n, most, tab)
end


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

--- What may not stand in a request line.
local function escape_control(byte)
    return ("%%%02X"):format(byte:byte())
end

--- Sets the query string from a string or a table.
function arguments.req.set_uri_args(args)
    local kind = type(args)
    if kind == "table" then
        args = arguments.encode_args(args)
    elseif kind == "string" or kind == "number" then
        args = tostring(args):gsub("[%z\1-\31\127]", escape_control)
    else
        error("bad argument #1 to 'set_uri_args' (string, number, or table expected, but got " .. kind .. ")", 2)
    end
    if C.ffi_ngx_set_args(args, #args) ~= 0 then
        native.no_request(2)
    end
end

return arguments
