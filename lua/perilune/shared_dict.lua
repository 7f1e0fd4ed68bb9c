--- The methods of shared dictionaries, with OpenResty's meaning, results and wordings. `ngx.shared` has these;
-- `perilune.shared` has more.
--
-- A dictionary in Lua is a table whose first element points to the C object. What goes wrong in the world is told
-- by `nil` or `false` and a text, as OpenResty does.

local ffi = require "ffi"

ffi.cdef [[
struct dict;
struct dict_item {
    const char *p; size_t n; double number; int64_t ttl;
    uint32_t flags; int32_t type; int32_t is_stale; int32_t is_forcible;
};
struct dict_incr {
    double by; double init; int64_t init_ttl; double value; int32_t has_init; int32_t is_forcible;
};
struct dict_stats {
    uint64_t entries, hits, misses, evicted, expired, mended, capacity, used; uint32_t shards;
};
struct dict *ffi_zones_dict(int i, const char **name, size_t *name_n);
struct dict *ffi_shared_reopen(const struct dict *d);
void ffi_shared_close(struct dict *d);
int ffi_shared_get(struct dict *d, const char *key, size_t n, int takes_stale, struct dict_item *out);
int ffi_shared_store(struct dict *d, const char *key, size_t n, int mode, struct dict_item *item);
int ffi_shared_swap(struct dict *d, const char *key, size_t n, const struct dict_item *expected,
                    struct dict_item *item);
int ffi_shared_incr(struct dict *d, const char *key, size_t n, struct dict_incr *incr);
int ffi_shared_ttl(struct dict *d, const char *key, size_t n, double *ttl);
int ffi_shared_expire(struct dict *d, const char *key, size_t n, double ttl);
double ffi_shared_push(struct dict *d, const char *key, size_t n, int end, const struct dict_item *item);
int ffi_shared_pop(struct dict *d, const char *key, size_t n, int end, struct dict_item *out);
double ffi_shared_length(struct dict *d, const char *key, size_t n);
void ffi_shared_flush_all(struct dict *d);
double ffi_shared_flush_expired(struct dict *d, double most);
double ffi_shared_keys(struct dict *d, double most, const char **p, size_t *bytes);
void ffi_shared_free_keys(void);
double ffi_shared_capacity(const struct dict *d);
double ffi_shared_free_space(struct dict *d);
void ffi_shared_stats(struct dict *d, struct dict_stats *out);
void ffi_shared_watch(struct dict *d, const char *key, size_t n, double ms);
int ffi_shared_is_gone(double pid);
]]

local C, to_string = ffi.C, ffi.string
local type, tostring, tonumber, error = type, tostring, tonumber, error
local getmetatable, setmetatable = getmetatable, setmetatable

local OK, NOT_FOUND, EXISTS, NO_MEMORY, WRONG_TYPE, CHANGED = 0, 1, 2, 3, 4, 5
local BOOLEAN, NUMBER, STRING, TABLE = 1, 3, 4, 6
local SET, ADD, REPLACE, SAFE = 0, 1, 2, 4
local LEFT, RIGHT = 0, 1
local KEY_MOST = 65535

local item = ffi.new("struct dict_item")
local step = ffi.new("struct dict_incr")
local number = ffi.new("double[1]")

--- What perilune.shared makes of a table that is to be stored: its bytes in element 1.
local encoded_mt = {}

local wordings = {
    [NOT_FOUND] = "not found",
    [EXISTS] = "exists",
    [NO_MEMORY] = "no memory",
    [CHANGED] = "changed",
}

local Dict = {}

local function pointer(dict)
    local p = type(dict) == "table" and dict[1]
    if type(p) ~= "cdata" then
        error('bad "zone" argument', 3)
    end
    return p
end

--- The key as a string; nil and what is wrong with it.
local function key_of(key)
    if type(key) ~= "string" then
        if key == nil then
            return nil, "nil key"
        end
        key = tostring(key)
    end
    local n = #key
    if n == 0 then
        return nil, "empty key"
    elseif n > KEY_MOST then
        return nil, "key too long"
    end
    return key
end

--- Turns the bytes of a stored table into the table; perilune.shared sets it.
local decode_table = to_string

local function value_of(out)
    local kind = out.type
    if kind == STRING then
        return to_string(out.p, out.n)
    elseif kind == NUMBER then
        return out.number
    elseif kind == BOOLEAN then
        return out.number ~= 0
    end
    return decode_table(out.p, out.n)
end

--- Fills an item with a value; false when a dictionary cannot hold it.
local function fill(out, value)
    local kind = type(value)
    if kind == "string" then
        out.type, out.p, out.n = STRING, value, #value
    elseif kind == "number" then
        out.type, out.number = NUMBER, value
    elseif kind == "boolean" then
        out.type, out.number = BOOLEAN, value and 1 or 0
    elseif value == nil then
        out.type = 0
    elseif kind == "table" and getmetatable(value) == encoded_mt then
        out.type, out.p, out.n = TABLE, value[1], #value[1]
    else
        return false
    end
    return true
end

--- The value and flags of `key`; nil when there is none, nil and a text when it cannot be told.
function Dict.get(dict, key)
    local d = pointer(dict)
    local why
    key, why = key_of(key)
    if not key then
        return nil, why
    end
    local result = C.ffi_shared_get(d, key, #key, 0, item)
    if result == OK then
        local flags = item.flags
        if flags ~= 0 then
            return value_of(item), flags
        end
        return value_of(item)
    elseif result == WRONG_TYPE then
        return nil, "value is a list"
    end
    return nil
end

--- The value of `key`, and for a table its bytes as they can be compared; nil and nil, or nil and a text.
local function get_raw(dict, key)
    local value, why = Dict.get(dict, key)
    if value == nil then
        return nil, type(why) == "string" and why or nil
    elseif item.type == TABLE then
        return value, setmetatable({ to_string(item.p, item.n) }, encoded_mt)
    end
    return value
end

--- As get, also what has expired; the third result tells that.
function Dict.get_stale(dict, key)
    local d = pointer(dict)
    local why
    key, why = key_of(key)
    if not key then
        return nil, why
    end
    local result = C.ffi_shared_get(d, key, #key, 1, item)
    if result == OK then
        local flags = item.flags
        return value_of(item), flags ~= 0 and flags or nil, item.is_stale ~= 0
    elseif result == WRONG_TYPE then
        return nil, "value is a list"
    end
    return nil
end

local function store(dict, mode, key, value, exptime, flags)
    local d = pointer(dict)
    local why
    if not exptime then
        exptime = 0
    elseif exptime < 0 then
        error('bad "exptime" argument', 3)
    end
    key, why = key_of(key)
    if not key then
        return nil, why
    end
    if value == nil and mode % SAFE ~= SET then
        return false, "attempt to add or replace nil values", false
    elseif not fill(item, value) then
        return nil, "bad value type"
    end
    item.ttl, item.flags = exptime * 1000, flags or 0
    local result = C.ffi_shared_store(d, key, #key, mode, item)
    if result == OK then
        return true, nil, item.is_forcible ~= 0
    end
    return false, wordings[result], item.is_forcible ~= 0
end

--- Stores; `exptime` in seconds, 0 for ever. True, or false and a text; the third result tells that entries had
-- to go that had not expired.
function Dict.set(dict, key, value, exptime, flags)
    return store(dict, SET, key, value, exptime, flags)
end

--- As set; "no memory" where entries would have to go.
function Dict.safe_set(dict, key, value, exptime, flags)
    return store(dict, SET + SAFE, key, value, exptime, flags)
end

--- As set; "exists" where there is an entry.
function Dict.add(dict, key, value, exptime, flags)
    return store(dict, ADD, key, value, exptime, flags)
end

--- As add; "no memory" where entries would have to go.
function Dict.safe_add(dict, key, value, exptime, flags)
    return store(dict, ADD + SAFE, key, value, exptime, flags)
end

--- As set; "not found" where there is none.
function Dict.replace(dict, key, value, exptime, flags)
    return store(dict, REPLACE, key, value, exptime, flags)
end

--- Deletes.
function Dict.delete(dict, key)
    return store(dict, SET, key, nil)
end

local function number_of(value, name)
    local converted = tonumber(value)
    if not converted then
        error(("bad %s arg: number expected, got %s"):format(name, type(value)), 3)
    end
    return converted
end

--- What an entry that is not there begins with, into `step`.
local function set_init(init, init_ttl)
    if init_ttl ~= nil then
        if init_ttl < 0 then
            error('bad "init_ttl" argument', 3)
        elseif not init then
            error('must provide "init" when providing "init_ttl"', 3)
        end
    end
    step.has_init, step.init, step.init_ttl = init and 1 or 0, init or 0, (init_ttl or 0) * 1000
end

--- Adds `value` to a number. The new value; nil and "not found" or "not a number". With `init`, a missing entry
-- counts as that, and lives `init_ttl` seconds; the third result is then as with set.
function Dict.incr(dict, key, value, init, init_ttl)
    local d = pointer(dict)
    local why
    key, why = key_of(key)
    if not key then
        return nil, why
    end
    step.by = type(value) == "number" and value or tonumber(value)
    if init == nil and init_ttl == nil then
        step.has_init = 0
    else
        set_init(init and number_of(init, "init"), init_ttl ~= nil and number_of(init_ttl, "init_ttl") or nil)
    end
    local result = C.ffi_shared_incr(d, key, #key, step)
    if result ~= OK then
        return nil, result == WRONG_TYPE and "not a number" or wordings[result]
    elseif not init then
        return step.value
    end
    return step.value, nil, step.is_forcible ~= 0
end

local function push(end_, n, dict, key, value)
    if n ~= 3 then
        error("expecting 3 arguments, but only seen " .. n, 3)
    end
    local d = pointer(dict)
    local why
    key, why = key_of(key)
    if not key then
        return nil, why
    end
    local kind = type(value)
    if kind ~= "string" and kind ~= "number" then
        return nil, "bad value type"
    end
    fill(item, value)
    local length = C.ffi_shared_push(d, key, #key, end_, item)
    if length > 0 then
        return length
    elseif length == -NO_MEMORY then
        return false, "no memory"
    end
    return nil, "value not a list"
end

--- Adds a string or number at the left end of a list, which is made when it is missing. The new length.
function Dict.lpush(...)
    return push(LEFT, select("#", ...), ...)
end

--- The same at the right end.
function Dict.rpush(...)
    return push(RIGHT, select("#", ...), ...)
end

local function pop(end_, n, dict, key)
    if n ~= 2 then
        error("expecting 2 arguments, but only seen " .. n, 3)
    end
    local d = pointer(dict)
    local why
    key, why = key_of(key)
    if not key then
        return nil, why
    end
    local result = C.ffi_shared_pop(d, key, #key, end_, item)
    if result == OK then
        return value_of(item)
    elseif result == WRONG_TYPE then
        return nil, "value not a list"
    end
    return nil
end

--- Takes the value at the left end; nil when there is none.
function Dict.lpop(...)
    return pop(LEFT, select("#", ...), ...)
end

--- Takes the value at the right end.
function Dict.rpop(...)
    return pop(RIGHT, select("#", ...), ...)
end

--- How long a list is.
function Dict.llen(...)
    local n = select("#", ...)
    if n ~= 2 then
        error("expecting 2 arguments, but only seen " .. n, 2)
    end
    local d = pointer((...))
    local key, why = key_of((select(2, ...)))
    if not key then
        return nil, why
    end
    local length = C.ffi_shared_length(d, key, #key)
    if length < 0 then
        return nil, "value not a list"
    end
    return length
end

--- Seconds that an entry has left, 0 for ever.
function Dict.ttl(dict, key)
    local d = pointer(dict)
    local why
    key, why = key_of(key)
    if not key then
        return nil, why
    elseif C.ffi_shared_ttl(d, key, #key, number) ~= OK then
        return nil, "not found"
    end
    return number[0] / 1000
end

--- Gives an entry `exptime` seconds from now, 0 for ever.
function Dict.expire(dict, key, exptime)
    local d = pointer(dict)
    local why
    if not exptime then
        error('bad "exptime" argument', 2)
    end
    key, why = key_of(key)
    if not key then
        return nil, why
    elseif C.ffi_shared_expire(d, key, #key, exptime * 1000) ~= OK then
        return nil, "not found"
    end
    return true
end

--- Lets every entry expire.
function Dict.flush_all(dict)
    C.ffi_shared_flush_all(pointer(dict))
end

local function count_argument(n, most)
    if n ~= 1 and n ~= 2 then
        error("expecting 1 or 2 argument(s), but saw " .. n, 3)
    end
    most = most == nil and n == 1 and 0 or tonumber(most)
    if not most then
        error("bad argument #2 (number expected)", 3)
    end
    return most
end

--- Frees the room of expired entries, of at most `most` (0: all). How many.
function Dict.flush_expired(...)
    local dict, most = ...
    most = count_argument(select("#", ...), most)
    return C.ffi_shared_flush_expired(pointer(dict), math.max(most, 0))
end

--- The keys, at most `most` of them (default 1024, 0: all).
function Dict.get_keys(...)
    local dict, most = ...
    local n = select("#", ...)
    most = count_argument(n, most)
    local p, bytes = ffi.new("const char *[1]"), ffi.new("size_t[1]")
    local count = C.ffi_shared_keys(pointer(dict), n == 1 and 1024 or math.max(most, 0), p, bytes)
    local keys, at = {}, p[0]
    for i = 1, count do
        local length = ffi.cast("const uint32_t *", at)[0]
        keys[i] = to_string(at + 4, length)
        at = at + 4 + length
    end
    C.ffi_shared_free_keys()
    return keys
end

--- Bytes, as configured.
function Dict.capacity(dict)
    return C.ffi_shared_capacity(pointer(dict))
end

--- Bytes in free pages; smaller free pieces hold more.
function Dict.free_space(dict)
    return C.ffi_shared_free_space(pointer(dict))
end

local shared_dict = {
    methods = Dict,
    encoded_mt = encoded_mt,
    fill = fill,
    get_raw = get_raw,
    key_of = key_of,
    pointer = pointer,
}

--- `decode(p, n)` gives the table whose bytes are at `p`.
function shared_dict.set_decoder(decode)
    decode_table = decode
end

--- Calls `fn(name, pointer)` for each dictionary of the configuration.
function shared_dict.each(fn)
    local name, n, i = ffi.new("const char *[1]"), ffi.new("size_t[1]"), 0
    local d = C.ffi_zones_dict(i, name, n)
    while d ~= nil do
        fn(to_string(name[0], n[0]), d)
        i = i + 1
        d = C.ffi_zones_dict(i, name, n)
    end
end

return shared_dict
