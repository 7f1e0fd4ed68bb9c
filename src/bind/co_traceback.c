/* What a failed task has to say: the text of its error and where it was. */
#include <lauxlib.h>

#include "base/buf.h"
#include "bind/co.h"
#include "bind/vm.h"

/* Pushes the traceback that an error object brought along from another task or an unwound call. */
static bool push_own_traceback(lua_State *L)
{
    if (!lua_istable(L, -1))
        return false;
    lua_pushliteral(L, "traceback");
    lua_rawget(L, -2);
    if (lua_isstring(L, -1))
        return true;
    lua_pop(L, 1);
    return false;
}

static int to_text(lua_State *L)
{
    if (!lua_isstring(L, 1) && !luaL_callmeta(L, 1, "__tostring"))
        lua_pushnil(L);
    return 1;
}

/* Adds to the text on top what a person may have meant whose code has failed. */
static void add_hint(lua_State *L, struct co *co)
{
    if (!vm_push_function("perilune.hint", "of"))
        return;
    lua_pushvalue(L, -2);
    lua_pushthread(co->L);
    lua_xmove(co->L, L, 1);
    if (lua_pcall(L, 2, 1, 0) == 0 && lua_isstring(L, -1))
        lua_concat(L, 2);
    else
        lua_pop(L, 1);
}

/* Adds a field of the error object to the text, when it is there and says something. */
static void describe_field(struct co *co, const char *name, struct buf *out)
{
    lua_State *L = co->L;

    lua_pushstring(L, name);
    lua_rawget(L, -2);
    if (lua_isstring(L, -1))
        buf_printf(out, ", %s: %s", name, lua_tostring(L, -1));
    lua_pop(L, 1);
}

/* Pushes what can be told of an error that has no text. */
static void push_unknown(lua_State *L, struct co *co)
{
    struct buf text = BUF_EMPTY;

    buf_printf(&text, "unknown reason (error object is a %s value", luaL_typename(co->L, -1));
    if (lua_istable(co->L, -1)) {
        describe_field(co, "code", &text);
        describe_field(co, "message", &text);
    }
    buf_add_char(&text, ')');
    lua_pushlstring(L, text.p, text.n);
    buf_free(&text);
}

/* Pushes the text of the error onto the main state. A __tostring may fail like any function. */
static const char *push_message(struct co *co)
{
    lua_State *L = vm_main();

    lua_pushcfunction(L, to_text);
    lua_pushvalue(co->L, -1);
    lua_xmove(co->L, L, 1);
    if (lua_pcall(L, 1, 1, 0) == 0 && lua_isstring(L, -1)) {
        if (lua_type(co->L, -1) == LUA_TSTRING)
            add_hint(L, co);
        return lua_tostring(L, -1);
    }
    lua_pop(L, 1);
    push_unknown(L, co);
    return lua_tostring(L, -1);
}

/* Pushes the traceback; of each coroutine when the error came through several. */
static void push_traceback(lua_State *L, struct co *co, const char *message)
{
    if (vm_push_function("perilune.coroutines", "traceback")) {
        lua_pushthread(co->L);
        lua_xmove(co->L, L, 1);
        lua_pushstring(L, message);
        if (vm_call(2, 1, "traceback"))
            return;
    }
    luaL_traceback(L, co->L, message, 0);
}

const char *co_traceback(struct co *co)
{
    static struct buf text; /* process-wide: valid until the next call */
    lua_State *L = vm_main();
    const char *message = push_message(co);

    text.n = 0;
    if (push_own_traceback(co->L)) {
        buf_printf(&text, "%s\n%s", message, lua_tostring(co->L, -1));
        lua_pop(co->L, 1);
    } else {
        push_traceback(L, co, message);
        buf_add_slice(&text, slice_str(lua_tostring(L, -1)));
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    return buf_cstr(&text);
}
