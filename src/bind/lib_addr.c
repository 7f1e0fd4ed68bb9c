/* Addresses as Lua has them. */
#include "bind/lib_addr.h"

#include <lauxlib.h>

#include "bind/arg.h"
#include "bind/lerr.h"
#include "net/dns/dns.h"

struct addr lib_addr_check(lua_State *L, int arg)
{
    struct slice host;
    struct addr a;
    lua_Number port = luaL_checknumber(L, arg + 1);

    host = arg_slice(L, arg);
    luaL_argcheck(L, addr_literal(host, &a), arg, "an IP address expected");
    luaL_argcheck(L, port >= 0 && port <= 65535, arg + 1, "a port expected");
    addr_set_port(&a, (uint16_t)port);
    return a;
}

void lib_addr_push_host(lua_State *L, const struct addr *a)
{
    struct buf text = BUF_EMPTY;

    if (addr_is_unix(a))
        addr_format(a, &text);
    else
        addr_format_host(a, &text);
    lua_pushlstring(L, text.p, text.n);
    buf_free(&text);
}

int lib_addr_push(lua_State *L, const struct addr *a)
{
    lib_addr_push_host(L, a);
    if (addr_is_unix(a))
        lua_pushnil(L);
    else
        lua_pushinteger(L, addr_port(a));
    return 2;
}

int lib_addr_refuse(lua_State *L, const struct err *e, const struct addr *a)
{
    struct buf text = BUF_EMPTY;

    addr_format(a, &text);
    lua_pushnil(L);
    lerr_push(L, e, buf_cstr(&text));
    buf_free(&text);
    return 2;
}
