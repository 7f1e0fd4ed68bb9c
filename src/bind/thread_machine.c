/* Much less than the machine of the loop: whatever calls vm_main() has no place in a thread. */
#include "bind/thread_machine.h"

#include <lauxlib.h>
#include <lualib.h>

#include "base/check.h"
#include "base/log.h"
#include "bind/lib.h"
#include "bind/package_path.h"
#include "bind/thread_execute.h"

static int on_panic(lua_State *L)
{
    PANIC("Lua panicked in a thread: %s", lua_tostring(L, -1));
}

static void preload_json(lua_State *L)
{
    lua_getglobal(L, "package");
    lua_getfield(L, -1, "preload");
    lua_pushcfunction(L, lib_json);
    lua_setfield(L, -2, "perilune.core.json");
    lua_pop(L, 2);
}

lua_State *thread_machine_open(void)
{
    lua_State *L = luaL_newstate();

    if (!L)
        return NULL;
    lua_atpanic(L, on_panic);
    luaL_openlibs(L);
    package_path_set(L);
    thread_execute_install(L);
    preload_json(L);
    lua_getglobal(L, "require");
    lua_pushliteral(L, "perilune.thread_boot");
    if (lua_pcall(L, 1, 0, 0) == 0)
        return L;
    log_write(NULL, LOG_ERROR, "a machine for threads cannot be opened: %s", lua_tostring(L, -1));
    lua_close(L);
    return NULL;
}
