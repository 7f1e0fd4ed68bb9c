/* "perilune.core.forwarded": proxies that are trusted, and the clients behind them. */
#include <lauxlib.h>
#include <string.h>

#include "bind/arg.h"
#include "bind/lib.h"
#include "net/forwarded.h"

#define TRUST "perilune.forwarded.trust"

/* An address as `req.remote_addr` tells it. False: it is none. */
static bool read_address(lua_State *L, int arg, struct addr *out)
{
    struct slice text = arg_slice(L, arg);

    if (!slice_eq(text, SLICE("unix:")))
        return addr_literal(text, out);
    memset(out, 0, sizeof(*out));
    out->storage.ss_family = AF_UNIX;
    out->len = sizeof(sa_family_t);
    return true;
}

/* trust(array of addresses and networks) → trust, or nil and the first that is neither */
static int l_trust(lua_State *L)
{
    unsigned n;
    struct forwarded_trust *t;
    bool is_loose;

    luaL_checktype(L, 1, LUA_TTABLE);
    n = (unsigned)lua_objlen(L, 1);
    t = lua_newuserdata(L, sizeof(*t) + n * sizeof(struct addr_range));
    *t = (struct forwarded_trust){.ranges = (struct addr_range *)(t + 1)};
    luaL_getmetatable(L, TRUST);
    lua_setmetatable(L, -2);
    for (; t->n < n; t->n++) {
        struct slice text = {NULL, 0};

        lua_rawgeti(L, 1, (int)t->n + 1);
        text.p = lua_tolstring(L, -1, &text.n);
        if (!text.p || !addr_range_parse(text, &t->ranges[t->n], &is_loose)) {
            lua_pushnil(L);
            lua_insert(L, -2);
            return 2;
        }
        lua_pop(L, 1);
    }
    return 1;
}

/* has(trust, address) → boolean */
static int l_has(lua_State *L)
{
    const struct forwarded_trust *t = luaL_checkudata(L, 1, TRUST);
    struct addr a;

    lua_pushboolean(L, read_address(L, 2, &a) && forwarded_is_trusted(t, &a));
    return 1;
}

/* client(trust, address, list, hops) → the address that the list leads to; nil: it leads nowhere */
static int l_client(lua_State *L)
{
    const struct forwarded_trust *t = luaL_checkudata(L, 1, TRUST);
    struct buf text = BUF_EMPTY;
    struct slice list = arg_slice(L, 3);
    struct addr a;

    if (!read_address(L, 2, &a) || !forwarded_client(t, list, luaL_checkint(L, 4), &a))
        return 0;
    addr_format_host(&a, &text);
    lua_pushlstring(L, text.p, text.n);
    buf_free(&text);
    return 1;
}

int lib_forwarded(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"trust", l_trust},
        {"has", l_has},
        {"client", l_client},
        {NULL, NULL},
    };

    luaL_newmetatable(L, TRUST);
    lua_pop(L, 1);
    lua_newtable(L);
    luaL_register(L, NULL, functions);
    return 1;
}
