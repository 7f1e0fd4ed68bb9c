/* "perilune.core.json": encoding Lua values as JSON (RFC 8259).
 *
 * A table whose keys are all integers from 1 on is an array, any other an object; an empty one is
 * an object. Most numbers of services are integers or have few decimals: those are written without
 * printf, which is where an encoder's time goes. Numbers that need more digits get 14 significant
 * ones. */
#include <lauxlib.h>
#include <math.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/encode.h"
#include "base/num.h"
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
    scaled = fabs(d) < 1e9 ? llround(fabs(d) * SCALE) : 0;
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

static bool is_plain(struct slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if (c < 0x20 || c == '"' || c == '\\' || c >= 0x7f)
            return false;
    }
    return true;
}

static void encode_string(struct slice s, struct buf *out)
{
    buf_add_char(out, '"');
    if (is_plain(s))
        buf_add_slice(out, s);
    else
        encode_json(out, s);
    buf_add_char(out, '"');
}

/* The length of the table on top as an array; -1: it is an object; -2: an array with too many
 * holes. */
static int array_length(lua_State *L)
{
    int most = 0, count = 0;

    lua_pushnil(L);
    while (lua_next(L, -2)) {
        double key = lua_type(L, -2) == LUA_TNUMBER ? lua_tonumber(L, -2) : 0;

        lua_pop(L, 1);
        if (!(key >= 1 && key <= 0x7fffffff) || key != (int)key) {
            lua_pop(L, 1);
            return -1;
        }
        most = (int)key > most ? (int)key : most;
        count++;
    }
    if (count == 0)
        return -1;
    return most > SPARSE_FREE && most > count * SPARSE_RATIO ? -2 : most;
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

static const char *encode_key(lua_State *L, struct buf *out)
{
    struct slice key;

    if (lua_type(L, -2) == LUA_TSTRING) {
        key.p = lua_tolstring(L, -2, &key.n);
        encode_string(key, out);
        return NULL;
    }
    if (lua_type(L, -2) != LUA_TNUMBER)
        return "a key is neither a string nor a number";
    buf_add_char(out, '"');
    if (encode_number(lua_tonumber(L, -2), out))
        return "a key is not a finite number";
    buf_add_char(out, '"');
    return NULL;
}

static const char *encode_object(lua_State *L, struct buf *out, int depth)
{
    bool is_first = true;

    buf_add_char(out, '{');
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        const char *err;

        if (!is_first)
            buf_add_char(out, ',');
        is_first = false;
        err = encode_key(L, out);
        if (err)
            return err;
        buf_add_char(out, ':');
        err = encode_value(L, out, depth);
        if (err)
            return err;
        lua_pop(L, 1);
    }
    buf_add_char(out, '}');
    return NULL;
}

static const char *encode_table(lua_State *L, struct buf *out, int depth)
{
    int n;

    if (depth > DEPTH_MOST || !lua_checkstack(L, 4))
        return "the value is nested too deeply";
    n = array_length(L);
    if (n == -2)
        return "an array has too many holes";
    return n < 0 ? encode_object(L, out, depth) : encode_array(L, out, n, depth);
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
        encode_string(s, out);
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
    static struct buf text; /* process-wide: kept for the next value, unless it was large */
    const char *err;

    luaL_checkany(L, 1);
    lua_settop(L, 1);
    text.n = 0;
    err = encode_value(L, &text, 0);
    if (err) {
        lua_pushnil(L);
        lua_pushstring(L, err);
        return 2;
    }
    lua_pushlstring(L, text.p, text.n);
    if (text.size > 1 << 20)
        buf_free(&text);
    return 1;
}

int lib_json(lua_State *L)
{
    lua_newtable(L);
    lua_pushcfunction(L, l_encode);
    lua_setfield(L, -2, "encode");
    lua_pushlightuserdata(L, &empty_array);
    lua_setfield(L, -2, "empty_array");
    return 1;
}
