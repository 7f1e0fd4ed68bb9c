/* Opening the machine: the standard libraries, ours, and `perilune.boot`, which sets the globals. C
 * modules are preloaded under "perilune.core.*" names by the tables in bind/lib_*.c; everything
 * else is Lua under vm_lua_dir(), reached by the ordinary `require`. */
#include "bind/machine.h"

#include <lauxlib.h>
#include <lualib.h>
#include <string.h>

#include "base/buf.h"
#include "base/check.h"
#include "bind/co.h"
#include "bind/lerr.h"
#include "bind/lib.h"
#include "bind/lib_bus.h"
#include "bind/vm.h"

/* `user` with ";;" replaced by the default, as LUA_PATH has it; ours first. */
static void set_path(lua_State *L, const char *field, struct slice user, const char *own)
{
    struct buf b = BUF_EMPTY;
    const char *standard, *at;

    lua_getglobal(L, "package");
    lua_getfield(L, -1, field);
    standard = lua_tostring(L, -1);
    if (user.n == 0)
        user = SLICE(";;");
    at = memmem(user.p, user.n, ";;", 2);
    if (at) {
        buf_add(&b, user.p, (size_t)(at - user.p));
        buf_printf(&b, "%s%s%s", b.n ? ";" : "", own, standard);
        if (at + 2 < user.p + user.n)
            buf_printf(&b, ";" SLICE_FMT, SLICE_ARG(slice_from(user, (size_t)(at + 2 - user.p))));
    } else {
        buf_add_slice(&b, user);
        buf_printf(&b, ";%s", own);
    }
    lua_pushlstring(L, b.p, b.n);
    lua_setfield(L, -3, field);
    lua_pop(L, 2);
    buf_free(&b);
}

static void set_paths(lua_State *L, const struct machine_options *o)
{
    struct buf own = BUF_EMPTY;

    buf_printf(&own, "%s/?.lua;%s/?/init.lua;", vm_lua_dir(), vm_lua_dir());
    set_path(L, "path", o->package_path, buf_cstr(&own));
    set_path(L, "cpath", o->package_cpath, "");
    buf_free(&own);
}

static int on_panic(lua_State *L)
{
    PANIC("Lua panicked: %s", lua_tostring(L, -1));
}

lua_State *machine_open(const struct machine_options *o)
{
    lua_State *L = luaL_newstate();

    CHECK(L);
    vm_set(L);
    lua_atpanic(L, on_panic);
    luaL_openlibs(L);
    lerr_open(L);
    set_paths(L, o);
    lib_open(L);
    lua_getglobal(L, "require");
    lua_pushliteral(L, "perilune.boot");
    if (!vm_call(1, 0, "perilune.boot")) {
        machine_close();
        return NULL;
    }
    return L;
}

void machine_close(void)
{
    lua_State *L = vm_main();

    if (!L)
        return;
    lib_task_close();
    lib_bus_close();
    co_shutdown();
    lua_close(L);
    vm_set(NULL);
}
