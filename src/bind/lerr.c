/* Error objects: a table {code, message, cause} whose metatable "perilune.error" lives in the
 * registry.
 *
 * The Lua side (lua/perilune/failure.lua) makes objects of the same kind through the same
 * metatable. */
#include "bind/lerr.h"

#include <lauxlib.h>
#include <string.h>

static int error_tostring(lua_State *L)
{
    lua_getfield(L, 1, "code");
    lua_getfield(L, 1, "message");
    lua_getfield(L, 1, "cause");
    lua_pushfstring(L, "%s: %s", luaL_optstring(L, -3, "error"), luaL_optstring(L, -2, ""));
    if (!lua_isnil(L, -2)) {
        lua_getglobal(L, "tostring");
        lua_pushvalue(L, -3);
        lua_call(L, 1, 1);
        lua_pushfstring(L, "%s (cause: %s)", lua_tostring(L, -2), lua_tostring(L, -1));
    }
    return 1;
}

void lerr_open(lua_State *L)
{
    luaL_newmetatable(L, "perilune.error");
    lua_pushcfunction(L, error_tostring);
    lua_setfield(L, -2, "__tostring");
    lua_pushliteral(L, "error");
    lua_setfield(L, -2, "__name");
    lua_pop(L, 1);
}

/* Does the detail say it already, as that of a connection does: "192.0.2.1:80: connection refused"?
 */
static bool says(const char *detail, const char *message)
{
    size_t n = strlen(detail), m = strlen(message);

    return n >= m && strcmp(detail + n - m, message) == 0;
}

void lerr_push(lua_State *L, const struct err *e, const char *detail)
{
    lua_createtable(L, 0, 2);
    lua_pushstring(L, e->code);
    lua_setfield(L, -2, "code");
    if (detail && says(detail, e->message))
        lua_pushstring(L, detail);
    else if (detail)
        lua_pushfstring(L, "%s: %s", detail, e->message);
    else
        lua_pushstring(L, e->message);
    lua_setfield(L, -2, "message");
    luaL_getmetatable(L, "perilune.error");
    lua_setmetatable(L, -2);
}

int lerr_return(lua_State *L, const struct err *e, const char *detail)
{
    lua_pushnil(L);
    lerr_push(L, e, detail);
    return 2;
}

static bool is_error_object(lua_State *L)
{
    bool is_one;

    if (!lua_istable(L, -1) || !lua_getmetatable(L, -1))
        return false;
    luaL_getmetatable(L, "perilune.error");
    is_one = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return is_one;
}

/* Codes of what clients fail with, whose status is another server's. */
static bool is_of_client(const char *code)
{
    return strcmp(code, "status") == 0 || strcmp(code, "handshake") == 0;
}

int lerr_refusal(lua_State *L, const char **message_out)
{
    int status = 0;

    if (!is_error_object(L))
        return 0;
    lua_getfield(L, -1, "message");
    lua_getfield(L, -2, "code");
    lua_getfield(L, -3, "status");
    if (lua_type(L, -1) == LUA_TNUMBER && lua_isstring(L, -2) && lua_isstring(L, -3) &&
        !is_of_client(lua_tostring(L, -2)))
        status = (int)lua_tointeger(L, -1);
    *message_out = lua_tostring(L, -3);
    lua_pop(L, 3);
    return status >= 400 && status <= 499 ? status : 0;
}
