/* "perilune.core.sys": clocks, random bytes, the error log, facts about the process. */
#include <lauxlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/rand.h"
#include "bind/co.h"
#include "bind/lib.h"
#include "bind/vm.h"

/* monotonic() → seconds of a clock that never steps, read now */
static int l_monotonic(lua_State *L)
{
    lua_pushnumber(L, (double)clock_us_now() / 1e6);
    return 1;
}

/* update_time() */
static int l_update_time(lua_State *L)
{
    (void)L;
    clock_update();
    return 0;
}

/* random_bytes(n) → string */
static int l_random_bytes(lua_State *L)
{
    char bytes[4096];
    lua_Integer n = luaL_checkinteger(L, 1);

    luaL_argcheck(L, n >= 0 && n <= (lua_Integer)sizeof bytes, 1, "0 to 4096 expected");
    rand_bytes(bytes, (size_t)n);
    lua_pushlstring(L, bytes, (size_t)n);
    return 1;
}

/* log(level, text): to the error log, in the running task's context */
static int l_log(lua_State *L)
{
    enum log_level level;
    size_t n, m;
    const char *name = luaL_checklstring(L, 1, &n);
    const char *text = luaL_checklstring(L, 2, &m);

    if (!log_level_parse(slice_of(name, n), &level))
        return luaL_argerror(L, 1, "unknown level");
    log_text(co_current() ? co_current()->log : NULL, level, slice_of(text, m));
    return 0;
}

/* pid() → number */
static int l_pid(lua_State *L)
{
    lua_pushinteger(L, getpid());
    return 1;
}

/* lua_dir() → where the Lua library is */
static int l_lua_dir(lua_State *L)
{
    lua_pushstring(L, vm_lua_dir());
    return 1;
}

int lib_sys(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"monotonic", l_monotonic},
        {"update_time", l_update_time},
        {"random_bytes", l_random_bytes},
        {"log", l_log},
        {"pid", l_pid},
        {"lua_dir", l_lua_dir},
        {NULL, NULL},
    };

    lua_newtable(L);
    luaL_register(L, NULL, functions);
    return 1;
}
