/* Operations of the Lua view of a wire that write: data is a string, a number, a boolean, nil, or
 * arrays of them, nested; all of it goes out as one message. */
#include <lauxlib.h>
#include <math.h>
#include <string.h>

#include "base/num.h"
#include "bind/array.h"
#include "bind/lib_stream_io.h"

enum { DEPTH_MOST = 16 };

#define EXPECTED "string, number, boolean, nil, or array table expected, got "

/* Is the table at `i` an array of texts without holes? It is taken for one as long as its keys come
 * as 1, 2, 3…, which is how such an array gives them, so that one walk tells. */
static bool is_plain_list(lua_State *L, int i)
{
    lua_Number k = 1;

    lua_pushnil(L);
    while (lua_next(L, i)) {
        int type = lua_type(L, -1);

        if ((type != LUA_TSTRING && type != LUA_TNUMBER) || lua_type(L, -2) != LUA_TNUMBER ||
            lua_tonumber(L, -2) != k) {
            lua_pop(L, 2);
            return false;
        }
        k++;
        lua_pop(L, 1);
    }
    return true;
}

/* NULL, or what is wrong with the value at `i`; text that has been made is left on the stack. */
static const char *check_data(lua_State *L, int i, int depth)
{
    int type = lua_type(L, i);
    const char *bad = NULL;
    int n, count;

    if (type == LUA_TSTRING || type == LUA_TNUMBER)
        return NULL;
    if (depth > 0 && type != LUA_TTABLE)
        return lua_pushfstring(L, "bad data type %s found", lua_typename(L, type));
    if (type == LUA_TBOOLEAN || type == LUA_TNIL)
        return NULL;
    if (type != LUA_TTABLE)
        return lua_pushfstring(L, EXPECTED "%s", lua_typename(L, type));
    if (depth == DEPTH_MOST)
        return EXPECTED "table nested too deeply";
    if (is_plain_list(L, i))
        return NULL;
    n = array_length(L, i, &count);
    if (n == ARRAY_NONE)
        return "non-array table found";
    if (n > count)
        return "bad data type nil found";
    for (int k = 1; k <= n && !bad; k++) {
        lua_rawgeti(L, i, k);
        if (lua_type(L, -1) != LUA_TSTRING)
            bad = check_data(L, lua_gettop(L), depth + 1);
        if (!bad)
            lua_pop(L, 1);
    }
    return bad;
}

static size_t add_number(lua_State *L, struct wire *w, int i)
{
    lua_Number number = lua_tonumber(L, i);
    char text[32];
    size_t n;

    if (number == (lua_Number)(int32_t)number && (number != 0 || !signbit(number))) {
        n = num_format(text, (int32_t)number);
        wire_write_add(w, text, n);
    } else {
        const char *p;

        lua_pushvalue(L, i);
        p = lua_tolstring(L, -1, &n);
        wire_write_add(w, p, n);
        lua_pop(L, 1);
    }
    return n;
}

/* Adds the value at `i` to the message; how many bytes. */
static size_t add_data(lua_State *L, struct wire *w, int i)
{
    const char *p;
    size_t n, all = 0;
    int top;

    switch (lua_type(L, i)) {
    case LUA_TSTRING:
        p = lua_tolstring(L, i, &n);
        wire_write_add(w, p, n);
        return n;
    case LUA_TNUMBER:
        return add_number(L, w, i);
    case LUA_TTABLE:
        n = lua_objlen(L, i);
        top = lua_gettop(L) + 1;
        for (size_t k = 1; k <= n; k++) {
            lua_rawgeti(L, i, (int)k);
            all += add_data(L, w, top);
            lua_pop(L, 1);
        }
        return all;
    default:
        p = lua_isnil(L, i) ? "nil" : lua_toboolean(L, i) ? "true" : "false";
        wire_write_add(w, p, strlen(p));
        return strlen(p);
    }
}

/* Who may write: only while nobody waits for room, or also then (`is_shared`). */
static struct lib_stream *writer_of(lua_State *L, bool is_shared)
{
    struct lib_stream *ls = is_shared ? lib_stream_own(L) : lib_stream_writer(L);

    if (!ls || ls->wire.stream)
        return ls;
    (void)lib_stream_fail(L, ls);
    return NULL;
}

/* write(s, data[, is_shared]) → bytes, and whether all of them have been sent; data: text, number,
 * or an array of data; nil, "invalid" and a text when it is none. is_shared: a task may be waiting
 * for room, and goes on to */
static int l_write(lua_State *L)
{
    struct lib_stream *ls = writer_of(L, lua_toboolean(L, 3));
    enum wire_result r;
    const char *bad;
    size_t n, goal;

    if (!ls)
        return 2;
    lua_settop(L, 2);
    bad = check_data(L, 2, 0);
    if (bad) {
        (void)lib_stream_refuse(L, err_invalid.code);
        lua_pushstring(L, bad);
        return 3;
    }
    lib_stream_debug("send timeout", ls->write_timeout);
    wire_write_begin(&ls->wire);
    n = add_data(L, &ls->wire, 2);
    goal = ls->wire.out_goal;
    r = wire_write_end(&ls->wire);
    if (r == WIRE_FAILED)
        return lib_stream_fail(L, ls);
    if (lib_stream_is_busy(&ls->writer))
        ls->wire.out_goal = goal;
    lua_pushnumber(L, (lua_Number)n);
    lua_pushboolean(L, r == WIRE_DONE);
    return 2;
}

/* bad_data(data) → nil, or what is wrong with data for `write` */
static int l_bad_data(lua_State *L)
{
    lua_settop(L, 1);
    lua_pushstring(L, check_data(L, 1, 0));
    return 1;
}

/* drained(s[, most]) → true once no more than that (0) is queued */
static int l_drained(lua_State *L)
{
    struct lib_stream *ls = lib_stream_writer(L);

    if (!ls)
        return 2;
    switch (wire_drained(&ls->wire, lua_isnoneornil(L, 2) ? 0 : lib_stream_check_size(L, 2, 0))) {
    case WIRE_DONE:
        lua_pushboolean(L, 1);
        return 1;
    case WIRE_WAIT:
        if (wire_has_expired(&ls->wire, IO_WRITE))
            return lib_stream_refuse(L, err_timeout.code);
        return lib_stream_wait(L, ls, IO_WRITE);
    default:
        return lib_stream_fail(L, ls);
    }
}

/* discard(s): forgets output that is not sent */
static int l_discard(lua_State *L)
{
    outq_clear(&lib_stream_check(L, 1)->wire.out);
    return 0;
}

void lib_stream_write_register(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"write", l_write},     {"bad_data", l_bad_data},
        {"drained", l_drained}, {"discard", l_discard},
        {NULL, NULL},
    };

    luaL_register(L, NULL, functions);
}
