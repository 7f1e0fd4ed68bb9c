/* Opening the machine. C modules are preloaded under "perilune.core.*" names by the tables in bind/lib_*.c; everything else
 * is Lua under vm_lua_dir(), reached by the ordinary `require`. */
#include "bind/vm.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/log.h"
#include "bind/co.h"
#include "bind/lerr.h"
#include "bind/lib.h"

static lua_State *machine;  /* process-wide: the one machine */
static unsigned generation; /* process-wide: machines opened so far */

lua_State *vm_main(void)
{
    return machine;
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

static void set_paths(lua_State *L, const struct vm_options *o)
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

lua_State *vm_open(const struct vm_options *o)
{
    CHECK(!machine);
    machine = luaL_newstate();
    CHECK(machine);
    generation++;
    lua_atpanic(machine, on_panic);
    luaL_openlibs(machine);
    lerr_open(machine);
    set_paths(machine, o);
    lib_open(machine);
    lua_getglobal(machine, "require");
    lua_pushliteral(machine, "perilune.boot");
    if (!vm_call(1, 0, "perilune.boot")) {
        vm_close();
        return NULL;
    }
    return machine;
}

void vm_close(void)
{
    if (!machine)
        return;
    lib_task_close();
    co_shutdown();
    lua_close(machine);
    machine = NULL;
}

/* The message handler of vm_call: the message with a traceback; error objects by their tostring. */
static int add_traceback(lua_State *L)
{
    const char *message = lua_tostring(L, 1);

    if (!message && luaL_callmeta(L, 1, "__tostring"))
        message = lua_tostring(L, -1);
    luaL_traceback(L, L, message ? message : "(error object is not a string)", 1);
    return 1;
}

bool vm_call(int nargs, int nresults, const char *what)
{
    int base = lua_gettop(machine) - nargs;

    lua_pushcfunction(machine, add_traceback);
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
