/* Holds the machine and calls into it. What opens and closes it stands above, in bind/machine.c,
 * because that needs every other file of this layer. */
#include "bind/vm.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/log.h"

static lua_State *machine;  /* process-wide: the one machine */
static unsigned generation; /* process-wide: machines opened so far */

lua_State *vm_main(void)
{
    return machine;
}

void vm_set(lua_State *L)
{
    CHECK(!L || !machine);
    machine = L;
    generation += L != NULL;
}

unsigned vm_generation(void)
{
    return generation;
}

static bool has_library(const char *dir)
{
    struct buf path = BUF_EMPTY;
    bool found;

    buf_printf(&path, "%s/perilune/boot.lua", dir);
    found = access(buf_cstr(&path), R_OK) == 0;
    buf_free(&path);
    return found;
}

const char *vm_lua_dir(void)
{
    static const char *const places[] = {"../lua", "../../lua", "../share/perilune/lua"};
    static char dir[4096]; /* process-wide: found once */
    char exe[3072];
    ssize_t n;
    char *slash;

    if (dir[0])
        return dir;
    if (getenv("PERILUNE_LUA")) {
        snprintf(dir, sizeof dir, "%s", getenv("PERILUNE_LUA"));
        return dir;
    }
    n = readlink("/proc/self/exe", exe, sizeof exe - 1);
    exe[n > 0 ? n : 0] = '\0';
    slash = strrchr(exe, '/');
    if (slash)
        *slash = '\0';
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        snprintf(dir, sizeof dir, "%s/%s", exe, places[i]);
        if (has_library(dir))
            return dir;
    }
    return dir;
}

bool vm_has_library(void)
{
    return has_library(vm_lua_dir());
}

int vm_add_traceback(lua_State *L)
{
    const char *message = lua_tostring(L, 1);

    if (!message && luaL_callmeta(L, 1, "__tostring"))
        message = lua_tostring(L, -1);
    luaL_traceback(L, L, message ? message : "unknown reason", 1);
    return 1;
}

bool vm_call(int nargs, int nresults, const char *what)
{
    int base = lua_gettop(machine) - nargs;

    lua_pushcfunction(machine, vm_add_traceback);
    lua_insert(machine, base);
    if (lua_pcall(machine, nargs, nresults, base) == 0) {
        lua_remove(machine, base);
        return true;
    }
    log_write(NULL, LOG_ERROR, "%s: %s", what, lua_tostring(machine, -1));
    lua_settop(machine, base - 1);
    return false;
}

bool vm_push_function(const char *module, const char *name)
{
    lua_getglobal(machine, "require");
    lua_pushstring(machine, module);
    if (!vm_call(1, 1, module))
        return false;
    lua_getfield(machine, -1, name);
    lua_remove(machine, -2);
    if (lua_isfunction(machine, -1))
        return true;
    log_write(NULL, LOG_ERROR, "no function \"%s\" in Lua module \"%s\"", name, module);
    lua_pop(machine, 1);
    return false;
}

void vm_push_table(lua_State *L, const void *key)
{
    lua_pushlightuserdata(L, (void *)key);
    lua_rawget(L, LUA_REGISTRYINDEX);
    if (lua_istable(L, -1))
        return;
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushlightuserdata(L, (void *)key);
    lua_pushvalue(L, -2);
    lua_rawset(L, LUA_REGISTRYINDEX);
}
