--- Header fields: ngx.header, ngx.resp, and the field functions of ngx.req.

local ffi = require "ffi"
local context = require "ngx.api.context"
local native = require "ngx.api.native"

local C, to_string = native.C, ffi.string
local type, tostring, rawget = type, tostring, rawget
local name_out, value_out = ffi.new("struct ffi_str"), ffi.new("struct ffi_str")

local RESPONSE, REQUEST = 1, 0
local changeable = { [3] = true, [4] = true, [5] = true, [6] = true, [7] = true, [8] = true, [12] = true }

local fields = { header = {}, resp = {}, req = {} }

--- names as Lua writes them → as they are sent; bounded
local dashed, n_dashed = {}, 0

local function to_dashes(name)
    local found = dashed[name]
    if found then
        return found
    end
    found = name:gsub("_", "-")
    if n_dashed >= 1000 then
        dashed, n_dashed = {}, 0
    end
    dashed[name], n_dashed = found, n_dashed + 1
    return found
end

local function get_values(name)
    local rc = C.ffi_fields_get(name, #name, 0, value_out)
    if rc ~= 0 then
        if rc == native.NO_REQUEST then
            error("no request found", 3)
        end
        return nil
    end
    local first = to_string(value_out.p, value_out.n)
    if C.ffi_fields_get(name, #name, 1, value_out) ~= 0 then
        return first
    end
    local all, i = { first }, 1
    while C.ffi_fields_get(name, #name, i, value_out) == 0 do
        i = i + 1
        all[i] = to_string(value_out.p, value_out.n)
    end
    return all
end

local function add(kind, name, value)
    value = tostring(value)
    return C.ffi_fields_add(kind, name, #name, value, #value)
end

local function set_values(kind, name, value)
    local rc = C.ffi_fields_clear(kind, name, #name)
    if rc ~= 0 then
        if rc == native.NO_REQUEST then
            error("no request found", 3)
        end
        return
    end
    if type(value) == "table" then
        for i = 1, #value do
            add(kind, name, value[i])
        end
    elseif value ~= nil then
        add(kind, name, value)
    end
end

setmetatable(fields.header, {
    __index = function(_, key)
        if type(key) ~= "string" then
            return nil
        end
        return get_values(to_dashes(key))
    end,
    __newindex = function(_, key, value)
        if type(key) ~= "string" then
            key = tostring(key)
        end
        set_values(RESPONSE, to_dashes(key), value)
    end,
})

local relaxed = {
    __index = function(self, key)
        if type(key) ~= "string" then
            return nil
        end
        return rawget(self, (key:lower():gsub("_", "-")))
    end,
}

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

local function collect(kind, most, raw)
    local n = C.ffi_fields_count(kind)
    local out, err = {}, nil
    if n < 0 then
        error("no request found", 3)
    end
    most = most or 100
    if most > 0 and n > most then
        n, err = most, "truncated"
    end
    for i = 0, n - 1 do
        C.ffi_fields_at(kind, i, name_out, value_out)
        local name = to_string(name_out.p, name_out.n)
        put(out, raw and name or name:lower(), to_string(value_out.p, value_out.n))
    end
    return out, err
end

--- Fields of the request: names in lower case unless `raw`; repeated ones as arrays.
-- @tparam[opt=100] number most how many are read, 0: all
-- @treturn table
-- @treturn ?string "truncated"
function fields.req.get_headers(most, raw)
    local out, err = collect(REQUEST, most, raw)
    if raw then
        return out, err
    end
    return setmetatable(out, relaxed), err
end

--- Fields of the response so far.
function fields.resp.get_headers(most, raw)
    local out, err = collect(RESPONSE, most, raw)
    local var = ngx.var
    for _, name in ipairs { "Content-Length", "Last-Modified", "Connection", "Transfer-Encoding" } do
        local key = raw and name or name:lower()
        if out[key] == nil then
            out[key] = get_values(name) or var["sent_http_" .. name:lower():gsub("-", "_")]
        end
    end
    if raw then
        return out, err
    end
    return setmetatable(out, relaxed), err
end

--- Adds a field to the response, keeping those of the same name.
function fields.resp.add_header(name, value)
    if type(name) ~= "string" then
        error("bad argument #1 to 'add_header' (string expected, got " .. type(name) .. ")", 2)
    end
    local function one(v)
        if C.ffi_fields_add(RESPONSE, name, #name, tostring(v), #tostring(v)) == native.NO_REQUEST then
            error("no request found", 3)
        end
    end
    if type(value) ~= "table" then
        one(value)
        return
    end
    for i = 1, #value do
        one(value[i])
    end
end

--- Sets a field of the request; nil or an empty array removes it.
function fields.req.set_header(name, value)
    context.check(changeable)
    if type(name) ~= "string" then
        name = tostring(name)
    end
    if value == nil then
        error("bad argument #2 to 'set_header' (string, number, or table expected, got nil)", 2)
    end
    set_values(REQUEST, name, value)
end

--- Removes a field of the request.
function fields.req.clear_header(name)
    context.check(changeable)
    set_values(REQUEST, tostring(name), nil)
end

return fields
