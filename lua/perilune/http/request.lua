--- The request that a handler gets.
--
-- Fields are read when first used and kept. After the exchange is over, a field that was not read before raises
-- `closed`.
--
-- `method` (string), `uri` (raw path), `path` (decoded, normalised), `query_string` (raw, or nil), `query`
-- (decoded, last of a
-- repeated name wins), `target` (as received), `host`, `protocol` ("HTTP/1.1"), `scheme`, `headers`, `body`
-- (stream of strings),
-- `content_length` (bytes or nil), `remote_addr`, `remote_port`, `server_name`, `server_port`, `keep_alive`,
-- `id` (32 hex digits),
-- `time` (seconds since 1970), `cookies`, `params` (a table that routers and middleware fill).

local ffi = require "ffi"
local body = require "perilune.http.body"
local failure = require "perilune.failure"
local headers = require "perilune.http.headers"

ffi.cdef [[
struct ffi_text { const char *p; size_t n; };
int ffi_http_text(double handle, int what, struct ffi_text *out);
double ffi_http_number(double handle, int what);
int ffi_http_header(double handle, const char *name, size_t n, struct ffi_text *out);
int ffi_http_header_at(double handle, int i, struct ffi_text *name, struct ffi_text *value);
int ffi_http_next_arg(const char *text, size_t n, size_t *at, char *room, struct ffi_text *name,
                      struct ffi_text *value);
]]

local C, to_string = ffi.C, ffi.string
local text, text2 = ffi.new("struct ffi_text"), ffi.new("struct ffi_text")

local function over()
    error(failure.new("closed", "the request is over"), 3)
end

local function text_getter(what)
    return function(self)
        local found = C.ffi_http_text(self[1], what, text)
        if found == 1 then
            return to_string(text.p, text.n)
        elseif found < 0 then
            over()
        end
    end
end

local function number_getter(what)
    return function(self)
        local n = C.ffi_http_number(self[1], what)
        if n ~= n then
            over()
        end
        return n
    end
end

local request = {}
local methods = {}

--- Decodes a query or form text.
-- @tparam string s `a=1&b=2`
-- @tparam[opt] number most pairs at most (default 1000)
-- @treturn table name → value; a name without `=` is true
function request.parse_args(s, most)
    local out, n = {}, #s
    local at = ffi.new("size_t[1]")
    local room = ffi.new("char[?]", n + 1)
    for _ = 1, most or 1000 do
        local kind = C.ffi_http_next_arg(s, n, at, room, text, text2)
        if kind == 0 then
            break
        end
        out[to_string(text.p, text.n)] = kind == 2 or to_string(text2.p, text2.n)
    end
    return out
end

local function all_headers(self)
    local list, i = headers.new(), 0
    while C.ffi_http_header_at(self[1], i, text, text2) == 1 do
        list:add(to_string(text.p, text.n), to_string(text2.p, text2.n))
        i = i + 1
    end
    return list
end

--- The headers as a proxy: one field is looked up in place; the whole list is made only when it is asked for.
local lazy = { __name = "headers" }

lazy.__index = function(self, key)
    local all = rawget(self, "_all")
    if not all and type(key) == "string" and key ~= "_fields" and not headers.is_method(key) then
        local n = C.ffi_http_header(rawget(self, 1), key, #key, text)
        if n == 1 then
            return to_string(text.p, text.n)
        elseif n == 0 then
            return nil
        end
    end
    all = all or all_headers({ rawget(self, 1) })
    rawset(self, "_all", all)
    local value = all[key]
    if type(value) == "function" then
        return function(_, ...)
            return value(all, ...)
        end
    end
    return value
end

local function parse_cookies(self)
    local out = {}
    for name, value in (self.headers.cookie or ""):gmatch("([^=;%s]+)%s*=%s*\"?([^;\"]*)") do
        if out[name] == nil then
            out[name] = value:match("^(.-)%s*$")
        end
    end
    return out
end

local getters = {
    method = text_getter(0), uri = text_getter(1), path = text_getter(2), query_string = text_getter(3),
    target = text_getter(4), host = text_getter(5), protocol = text_getter(6), scheme = text_getter(7),
    remote_addr = text_getter(8), server_name = text_getter(9), id = text_getter(10),
    server_port = number_getter(0), remote_port = number_getter(1), time = number_getter(5),
    content_length = function(self)
        local n = number_getter(2)(self)
        return n >= 0 and n or nil
    end,
    keep_alive = function(self)
        return number_getter(3)(self) == 1
    end,
    query = function(self)
        local s = self.query_string
        return s and request.parse_args(s) or {}
    end,
    headers = function(self)
        return setmetatable({ self[1] }, lazy)
    end,
    cookies = parse_cookies,
    body = body.of_request,
    params = function()
        return {}
    end,
}

--- A deferred of the whole body as a string; fails with `too_large` above client_max_body_size.
-- @treturn deferred
function methods:text()
    return body.read_all(self)
end

--- A deferred of the decoded form (application/x-www-form-urlencoded).
-- @treturn deferred
function methods:form()
    return body.read_all(self):chain(request.parse_args)
end

--- A deferred of the decoded JSON body; fails with `invalid` when it is none.
-- @treturn deferred
function methods:json()
    return body.read_all(self):chain(function(s)
        local ok, value = pcall(require("perilune.json").decode, s)
        if not ok then
            error(failure.new("invalid", "the request body is not JSON", value), 0)
        end
        return value
    end)
end

--- Sends a 1xx response before the final one, such as 103 Early Hints.
-- @tparam number status 102 to 199
-- @tparam[opt] table fields
function methods:inform(status, fields)
    return require("perilune.core.http").inform(self, status, fields)
end

--- Trailer fields of the request; complete once the body has been read.
-- @treturn headers
function methods:trailers()
    return headers.new(require("perilune.core.http").trailers(self))
end

local mt = debug.getregistry()["perilune.request"]
mt.__name = "request"

mt.__index = function(self, key)
    local getter = getters[key]
    if not getter then
        return methods[key]
    end
    local value = getter(self)
    self[key] = value
    return value
end

return request
