/* "perilune.core.json": encoding Lua values as JSON (RFC 8259).
 *
 * A table whose keys are all integers from 1 on is an array, any other an object; an empty one is
 * an object. What a table is shows as it is walked: it is taken for a list as long as its keys come
 * as 1, 2, 3…, which is how a table without holes gives them; one that breaks off is begun anew.
 * Most numbers of services are integers or have few decimals: those are written without printf,
 * which is where an encoder's time goes. Numbers that need more digits get 14 significant ones. */
#include <lauxlib.h>
#include <math.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/encode.h"
#include "base/num.h"
#include "bind/array.h"
#include "bind/lib.h"

enum { DEPTH_MOST = 1000, SPARSE_FREE = 10, SPARSE_RATIO = 2, DECIMALS = 4, SCALE = 10000 };

static char empty_array; /* process-wide: only its address matters */

static const char *encode_value(lua_State *L, struct buf *out, int depth);

/* Appends ".25" for 2500 of 10000. */
static void add_fraction(struct buf *out, int64_t fraction)
{
    char digits[DECIMALS];
    int n = DECIMALS;

    for (int i = DECIMALS - 1; i >= 0; i--, fraction /= 10)
        digits[i] = (char)('0' + fraction % 10);
    while (digits[n - 1] == '0')
        n--;
    buf_add_char(out, '.');
    buf_add(out, digits, (size_t)n);
}

static const char *encode_number(double d, struct buf *out)
{
    int64_t scaled;
    char text[32];
    int n;

    if (fabs(d) <= 0x1p53 && d == (double)(int64_t)d) {
        buf_add_int(out, (int64_t)d);
        return NULL;
    }
    if (!isfinite(d))
        return "a number is not finite";
    scaled = fabs(d) < 1e9 ? (int64_t)(fabs(d) * SCALE + 0.5) : 0;
    if (scaled && (double)scaled / SCALE == fabs(d)) {
        if (d < 0)
            buf_add_char(out, '-');
        buf_add_int(out, scaled / SCALE);
        add_fraction(out, scaled % SCALE);
        return NULL;
    }
    n = snprintf(text, sizeof text, "%.14g", d);
    buf_add(out, text, (size_t)n);
    return NULL;
}

/* The top bits of those of eight bytes that a string of JSON cannot hold as they are, or that are
 * not ASCII. There may be false ones above a true one. */
static inline uint64_t odd_bytes(uint64_t w)
{
    const uint64_t ones = ~(uint64_t)0 / 255, high = ones * 0x80;
    uint64_t quote = w ^ (ones * '"'), escape = w ^ (ones * '\\');

    return ((w - ones * 0x20) | (w + ones) | w | (quote - ones) | (escape - ones)) & high;
}

/* Copies eight bytes; what is odd among them. */
static inline uint64_t copy_word(char *to, const char *from)
{
    uint64_t w;

    memcpy(&w, from, sizeof w);
    memcpy(to, &w, sizeof w);
    return odd_bytes(w);
}

/* Same of four to seven, the middle ones twice. */
static inline uint64_t copy_halves(char *to, const char *from, size_t n)
{
    uint32_t first, last;

    memcpy(&first, from, sizeof first);
    memcpy(&last, from + n - sizeof last, sizeof last);
    memcpy(to, &first, sizeof first);
    memcpy(to + n - sizeof last, &last, sizeof last);
    return odd_bytes(first | (uint64_t)last << 32);
}

/* Same of one to three. */
static inline uint64_t copy_bytes(char *to, const char *from, size_t n)
{
    const uint64_t even = ~(uint64_t)0 / 255 * 'a' << 24;
    uint8_t first = (uint8_t)from[0], middle = (uint8_t)from[n / 2], last = (uint8_t)from[n - 1];

    to[0] = (char)first;
    to[n / 2] = (char)middle;
    to[n - 1] = (char)last;
    return odd_bytes(even | (uint64_t)last << 16 | (uint64_t)middle << 8 | first);
}

/* Copies a string while it is looked through, word by word, the last one overlapping the one
 * before. False: it cannot stay as it is, and what was copied means nothing. */
static bool copy_plain(char *to, struct slice s)
{
    uint64_t odd = 0;

    if (s.n >= 8) {
        for (size_t i = 0; i + 8 <= s.n; i += 8)
            odd |= copy_word(to + i, s.p + i);
        return !(odd | copy_word(to + s.n - 8, s.p + s.n - 8));
    }
    if (s.n >= 4)
        return !copy_halves(to, s.p, s.n);
    return s.n == 0 || !copy_bytes(to, s.p, s.n);
}

/* `before` and `after`: one byte each around the string and its quotes; 0: none. */
static void encode_string(struct slice s, struct buf *out, char before, char after)
{
    char *to = buf_reserve(out, s.n + 4), *start = to;

    if (before)
        *to++ = before;
    *to++ = '"';
    if (LIKELY(copy_plain(to, s))) {
        to += s.n;
    } else {
        out->n += (size_t)(to - start);
        encode_json(out, s);
        to = start = buf_reserve(out, 2);
    }
    *to++ = '"';
    if (after)
        *to++ = after;
    out->n += (size_t)(to - start);
}

static const char *encode_array(lua_State *L, struct buf *out, int n, int depth)
{
    buf_add_char(out, '[');
    for (int i = 1; i <= n; i++) {
        const char *err;

        if (i > 1)
            buf_add_char(out, ',');
        lua_rawgeti(L, -1, i);
        err = encode_value(L, out, depth);
        if (err)
            return err;
        lua_pop(L, 1);
    }
    buf_add_char(out, ']');
    return NULL;
}

/* The key below the top, with what stands before and behind it. */
static const char *encode_key(lua_State *L, struct buf *out, char before)
{
    int kind = lua_type(L, -2);
    struct slice key;

    if (LIKELY(kind == LUA_TSTRING)) {
        key.p = lua_tolstring(L, -2, &key.n);
        encode_string(key, out, before, ':');
        return NULL;
    }
    if (kind != LUA_TNUMBER)
        return "a key is neither a string nor a number";
    if (before)
        buf_add_char(out, before);
    buf_add_char(out, '"');
    if (encode_number(lua_tonumber(L, -2), out))
        return "a key is not a finite number";
    buf_add_lit(out, "\":");
    return NULL;
}

/* The first key and its value are on the stack. */
static const char *encode_object(lua_State *L, struct buf *out, int depth)
{
    char before = '{';

    do {
        const char *err = encode_key(L, out, before);

        if (!err)
            err = encode_value(L, out, depth);
        if (err)
            return err;
        lua_pop(L, 1);
        before = ',';
    } while (lua_next(L, -2));
    buf_add_char(out, '}');
    return NULL;
}

/* Same, while the keys are 1, 2, 3…; *is_list_out: they were, to the end. */
static const char *encode_list(lua_State *L, struct buf *out, int depth, bool *is_list_out)
{
    double i = 1;

    *is_list_out = false;
    do {
        const char *err;

        if (lua_type(L, -2) != LUA_TNUMBER || lua_tonumber(L, -2) != i) {
            lua_pop(L, 2);
            return NULL;
        }
        buf_add_char(out, i == 1 ? '[' : ',');
        err = encode_value(L, out, depth);
        if (err)
            return err;
        lua_pop(L, 1);
        i++;
    } while (lua_next(L, -2));
    buf_add_char(out, ']');
    *is_list_out = true;
    return NULL;
}

/* A table that is no list: with holes, or with keys of several kinds. */
static const char *encode_mixed(lua_State *L, struct buf *out, int depth)
{
    int count, n = array_length(L, lua_gettop(L), &count);

    if (n == ARRAY_NONE) {
        lua_pushnil(L);
        (void)lua_next(L, -2);
        return encode_object(L, out, depth);
    }
    if (n > SPARSE_FREE && n > count * SPARSE_RATIO)
        return "an array has too many holes";
    return encode_array(L, out, n, depth);
}

static const char *encode_table(lua_State *L, struct buf *out, int depth)
{
    size_t start = out->n;
    const char *err;
    bool is_list;

    if (depth > DEPTH_MOST || !lua_checkstack(L, 4))
        return "the value is nested too deeply";
    lua_pushnil(L);
    if (!lua_next(L, -2)) {
        buf_add_lit(out, "{}");
        return NULL;
    }
    if (lua_type(L, -2) == LUA_TSTRING)
        return encode_object(L, out, depth);
    err = encode_list(L, out, depth, &is_list);
    if (err || is_list)
        return err;
    out->n = start;
    return encode_mixed(L, out, depth);
}

static const char *encode_userdata(lua_State *L, struct buf *out)
{
    const void *p = lua_touserdata(L, -1);

    if (p == NULL)
        buf_add_lit(out, "null");
    else if (p == &empty_array)
        buf_add_lit(out, "[]");
    else
        return "a userdata cannot be encoded";
    return NULL;
}

/* Appends the value on top; NULL, or what is wrong. */
static const char *encode_value(lua_State *L, struct buf *out, int depth)
{
    struct slice s;

    switch (lua_type(L, -1)) {
    case LUA_TSTRING:
        s.p = lua_tolstring(L, -1, &s.n);
        encode_string(s, out, 0, 0);
        return NULL;
    case LUA_TNUMBER:
        return encode_number(lua_tonumber(L, -1), out);
    case LUA_TTABLE:
        return encode_table(L, out, depth + 1);
    case LUA_TBOOLEAN:
        buf_add_slice(out, lua_toboolean(L, -1) ? SLICE("true") : SLICE("false"));
        return NULL;
    case LUA_TNIL:
        buf_add_lit(out, "null");
        return NULL;
    case LUA_TLIGHTUSERDATA:
        return encode_userdata(L, out);
    default:
        return "a function, thread or userdata cannot be encoded";
    }
}

/* encode(value) → string; or nil, what is wrong */
static int l_encode(lua_State *L)
{
    struct buf *text = lua_touserdata(L, lua_upvalueindex(1)); /* reused, unless it was large */
    const char *err;

    luaL_checkany(L, 1);
    lua_settop(L, 1);
    text->n = 0;
    err = encode_value(L, text, 0);
    if (err) {
        lua_pushnil(L);
        lua_pushstring(L, err);
        return 2;
    }
    lua_pushlstring(L, text->p, text->n);
    if (text->size > 1 << 20)
        buf_free(text);
    return 1;
}

static int l_free(lua_State *L)
{
    buf_free(lua_touserdata(L, 1));
    return 0;
}

/* Room for texts that are made, the machine's own: others are made in other threads. */
static void push_room(lua_State *L)
{
    *(struct buf *)lua_newuserdata(L, sizeof(struct buf)) = BUF_EMPTY;
    lua_newtable(L);
    lua_pushcfunction(L, l_free);
    lua_setfield(L, -2, "__gc");
    lua_setmetatable(L, -2);
}

int lib_json(lua_State *L)
{
    lua_newtable(L);
    push_room(L);
    lua_pushcclosure(L, l_encode, 1);
    lua_setfield(L, -2, "encode");
    lua_pushlightuserdata(L, &empty_array);
    lua_setfield(L, -2, "empty_array");
    lua_pushlightuserdata(L, NULL);
    lua_setfield(L, -2, "null");
    return 1;
}
