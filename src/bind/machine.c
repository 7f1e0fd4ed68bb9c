/* Opening the machine: the standard libraries, ours, and `perilune.boot`, which sets the globals. C
 * modules are preloaded under "perilune.core.*" names by the tables in bind/lib_*.c; everything
 * else is Lua under vm_lua_dir(), reached by the ordinary `require`. */
#include "bind/machine.h"

#include <lauxlib.h>
#include <lualib.h>

#include "base/check.h"
#include "bind/co.h"
#include "bind/lerr.h"
#include "bind/lib.h"
#include "bind/lib_bus.h"
#include "bind/lib_worker_thread.h"
#include "bind/package_path.h"
#include "bind/vm.h"
#include "net/tls/tls_digest.h"

static int on_panic(lua_State *L)
{
    PANIC("Lua panicked: %s", lua_tostring(L, -1));
}

lua_State *machine_open(const struct machine_options *o)
{
    lua_State *L = luaL_newstate();

    CHECK(L);
    tls_digest_init();
    vm_set(L);
    lua_atpanic(L, on_panic);
    luaL_openlibs(L);
    lerr_open(L);
    package_path_choose(o->package_path, o->package_cpath);
    package_path_set(L);
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
    lib_worker_thread_close();
    lib_timer_close();
    lib_bus_close();
    co_shutdown();
    lua_close(L);
    vm_set(NULL);
}
