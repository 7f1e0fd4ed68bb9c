/* Ours come first, in the place that ";;" names: the library's Lua belongs to this program. */
#include "bind/package_path.h"

#include <string.h>

#include "base/buf.h"
#include "bind/vm.h"

static struct {
    struct slice path, cpath;
} chosen; /* process-wide: of the configuration that is served */

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
        buf_printf(&b, "%s%s", *own ? ";" : "", own);
    }
    lua_pushlstring(L, b.p, b.n);
    lua_setfield(L, -3, field);
    lua_pop(L, 2);
    buf_free(&b);
}

void package_path_choose(struct slice path, struct slice cpath)
{
    chosen.path = path;
    chosen.cpath = cpath;
}

void package_path_set(lua_State *L)
{
    struct buf own = BUF_EMPTY;

    buf_printf(&own, "%s/?.lua;%s/?/init.lua;", vm_lua_dir(), vm_lua_dir());
    set_path(L, "path", chosen.path, buf_cstr(&own));
    set_path(L, "cpath", chosen.cpath, "");
    buf_free(&own);
}
