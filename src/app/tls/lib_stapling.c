/* What Lua gets is a list of certificates: {file=, chain=, responder= or nil, set=}, where
 * set(response) puts a response, or "", into the context of the server. */
#include "app/tls/lib_stapling.h"

#include <lauxlib.h>

#include "app/tls/tls_conf.h"
#include "bind/arg.h"
#include "bind/vm.h"
#include "net/tls/tls_staple.h"

/* set(response): of the context and the number of a certificate that are its upvalues */
static int l_set(lua_State *L)
{
    struct tls_ctx *c = lua_touserdata(L, lua_upvalueindex(1));
    struct slice response = arg_slice(L, 1);

    tls_staple_set(c, (unsigned)lua_tointeger(L, lua_upvalueindex(2)), response);
    return 0;
}

static void push_certificate(lua_State *L, const struct tls_conf *t, struct tls_ctx *c, unsigned i,
                             struct slice chain)
{
    lua_createtable(L, 0, 4);
    lua_pushstring(L, i < t->n_certs ? t->certs[i].path : "?");
    lua_setfield(L, -2, "file");
    lua_pushlstring(L, chain.p, chain.n);
    lua_setfield(L, -2, "chain");
    lua_pushstring(L, t->staple_responder);
    lua_setfield(L, -2, "responder");
    lua_pushlightuserdata(L, c);
    lua_pushinteger(L, (lua_Integer)i);
    lua_pushcclosure(L, l_set, 2);
    lua_setfield(L, -2, "set");
}

/* Adds the certificates of a server to the list on top. */
static void add_certificates(lua_State *L, const struct vhost *vh)
{
    const struct tls_conf *t = vh->base->tls;
    struct buf chain = BUF_EMPTY;

    if (!vh->tls || !t || !t->has_staple || t->staple_file)
        return;
    for (unsigned i = 0; tls_staple_chain(vh->tls, i, &chain); i++) {
        push_certificate(L, t, vh->tls, i, buf_slice(&chain));
        lua_rawseti(L, -2, (int)lua_objlen(L, -2) + 1);
        chain.n = 0;
    }
    buf_free(&chain);
}

void lib_stapling_start(const struct app_conf *conf)
{
    lua_State *L = vm_main();
    int top = lua_gettop(L);

    lua_newtable(L);
    for (unsigned i = 0; i < conf->n_vhosts; i++)
        add_certificates(L, conf->vhosts[i]);
    if (lua_objlen(L, -1) && vm_push_function("perilune.stapling", "start")) {
        lua_insert(L, -2);
        vm_call(1, 0, "ssl_stapling");
    }
    lua_settop(L, top);
}
