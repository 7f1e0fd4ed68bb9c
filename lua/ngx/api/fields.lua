--- Header fields: ngx.header, ngx.resp, and the field functions of ngx.req.

local ffi = require "ffi"
local context = require "ngx.api.context"
local native = require "ngx.api.native"
local put = require "ngx.api.repeated"

local C, to_string = native.C, ffi.string
local type, tostring, rawget = type, tostring, rawget
local name_out, value_out = ffi.new("struct ffi_str"), ffi.new("struct ffi_str")

local RESPONSE, REQUEST = 1, 0
local changeable = context.set(context.answering, "set", "header_filter", "body_filter", "balancer")

local fields = { header = {}, resp = {}, req = {} }

local function get_values(name)
    local rc = C.ffi_fields_get(name, #name, 0, value_out)
    if rc ~= 0 then
        if rc == native.NO_REQUEST then
            native.no_request(2)
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

local function check(rc, name)
    if rc == native.NO_REQUEST then
        native.no_request(4)
    elseif rc == native.INVALID then
        error("failed to set header " .. name, 4)
    end
    return rc == 0
end

local function add(kind, name, value)
    value = tostring(value)
    return check(C.ffi_fields_add(kind, name, #name, value, #value), name)
end

local function set_values(kind, name, value)
    if value == nil then
        check(C.ffi_fields_clear(kind, name, #name), name)
    elseif type(value) == "table" then
        if check(C.ffi_fields_clear(kind, name, #name), name) then
            for i = 1, #value do
                add(kind, name, value[i])
            end
        end
    else
        value = tostring(value)
        check(C.ffi_fields_set(kind, name, #name, value, #value), name)
    end
end

setmetatable(fields.header, {
    __index = function(_, key)
        if type(key) ~= "string" then
            return nil
        end
        return get_values(key)
    end,
    __newindex = function(_, key, value)
        if type(key) ~= "string" then
            key = tostring(key)
        end
        set_values(RESPONSE, key, value)
    end,
})

local relaxed = {
    __index = function(self, key)
        if type(key) == "number" then
            key = tostring(key)
        elseif type(key) ~= "string" then
            return nil
        end
        local lower = key:lower()
        return rawget(self, (lower:gsub("_", "-"))) or rawget(self, lower)
    end,
}

--- Puts up to `most` fields into `out`; how many there were is counted from `before` on.
local function collect(kind, most, raw, out, before)
    local n = C.ffi_fields_count(kind)
    local err
    if n < 0 then
        native.no_request(2)
    end
    most = most or 100
    if most > 0 and n + before > most then
        n, err = math.max(most - before, 0), "truncated"
        native.log_line(8, "lua exceeding " .. (kind == REQUEST and "request" or "response") .. " header limit "
            .. C.ffi_fields_count(kind) + before .. " > " .. most)
    end
    for i = 0, n - 1 do
        C.ffi_fields_at(kind, i, name_out, value_out)
        local name = to_string(name_out.p, name_out.n)
        put(out, raw and name or name:lower(), to_string(value_out.p, value_out.n))
    end
    return raw and out or setmetatable(out, relaxed), err
end

--- Fields of the request: names in lower case unless `raw`; repeated ones as arrays.
-- @tparam[opt=100] number most how many are read, 0: all
-- @treturn table
-- @treturn ?string "truncated"
function fields.req.get_headers(most, raw)
    return collect(REQUEST, most, raw, {}, 0)
end

--- Fields that are kept beside the list.
local beside = { "Content-Length", "Last-Modified", "Connection", "Transfer-Encoding" }

local function is_listed(wanted)
    for i = 0, C.ffi_fields_count(RESPONSE) - 1 do
        C.ffi_fields_at(RESPONSE, i, name_out, value_out)
        if to_string(name_out.p, name_out.n):lower() == wanted then
            return true
        end
    end
    return false
end

--- Fields of the response so far.
function fields.resp.get_headers(most, raw)
    local out, n, var = {}, 0, ngx.var
    for _, name in ipairs(beside) do
        local lower = name:lower()
        local value = not is_listed(lower) and var["sent_http_" .. lower:gsub("-", "_")]
        if value then
            out[raw and name or lower], n = value, n + 1
        end
    end
    return collect(RESPONSE, most, raw, out, n)
end

--- Adds a field to the response, keeping those of the same name.
function fields.resp.add_header(name, value)
    if type(name) ~= "string" then
        error("bad argument #1 to 'add_header' (string expected, got " .. type(name) .. ")", 2)
    end
    if value == nil then
        error("invalid header value", 2)
    end
    local function one(v)
        if C.ffi_fields_add(RESPONSE, name, #name, tostring(v), #tostring(v)) == native.NO_REQUEST then
            native.no_request(3)
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

--- Fields of which a request has one.
local single = {
    host = true, ["user-agent"] = true, ["content-type"] = true, ["content-length"] = true, range = true,
    authorization = true, referer = true,
}

--- Adds a field, or one for each element of an array, to the request; one that can be there once is replaced.
function fields.add_to_request(name, value)
    context.check_request(changeable)
    if name == nil then
        error("bad 'name' argument: string expected, got nil", 2)
    elseif value == nil then
        error("bad 'value' argument: string or table expected, got nil", 2)
    elseif type(value) == "table" and #value == 0 then
        error("bad 'value' argument: non-empty table expected", 2)
    end
    name = tostring(name)
    if single[name:lower()] then
        set_values(REQUEST, name, value)
        return
    elseif type(value) ~= "table" then
        add(REQUEST, name, value)
        return
    end
    for i = 1, #value do
        add(REQUEST, name, value[i])
    end
end

--- Sets a field of the request; nil or an empty array removes it.
function fields.req.set_header(name, value)
    context.check_request(changeable)
    if type(name) ~= "string" then
        name = tostring(name)
    end
    set_values(REQUEST, name, value)
end

--- Removes a field of the request.
function fields.req.clear_header(name)
    context.check_request(changeable)
    set_values(REQUEST, tostring(name), nil)
end

return fields
