/* The list of C modules. */
#include "bind/lib.h"

#include "bind/lib_stream.h"

void lib_preload(lua_State *L, const char *name, lua_CFunction open)
{
    lua_getglobal(L, "package");
    lua_getfield(L, -1, "preload");
    lua_pushcfunction(L, open);
    lua_setfield(L, -2, name);
    lua_pop(L, 2);
}

void lib_open(lua_State *L)
{
    lib_preload(L, "perilune.core.task", lib_task);
    lib_preload(L, "perilune.core.sys", lib_sys);
    lib_preload(L, "perilune.core.json", lib_json);
    lib_preload(L, "perilune.core.bus", lib_bus);
    lib_preload(L, "perilune.core.stream", lib_stream);
}
