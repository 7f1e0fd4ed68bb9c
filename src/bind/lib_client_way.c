/* A connect is a userdata that the registry holds until its function has been called or it is
 * cancelled, as those of lib_tcp are; what differs is who stands between us and the target. */
#include "bind/lib_client_way.h"

#include <lauxlib.h>

#include "bind/client_call.h"
#include "bind/handle.h"
#include "bind/lib_addr.h"
#include "bind/lib_dns.h"
#include "bind/lib_stream.h"
#include "bind/lib_tls.h"
#include "bind/opts.h"
#include "bind/vm.h"
#include "http/client/client_reach.h"
#include "http/client/client_way.h"

/* --- reading tables --- */

/* The context in a field, NULL when there is none; it is left on the stack. */
static struct tls_ctx *context_field(lua_State *L, int t)
{
    lua_getfield(L, t, "tls");
    return lua_isnil(L, -1) ? NULL : lib_tls_check(L, lua_gettop(L));
}

static enum client_via_kind kind_of(lua_State *L, int t)
{
    static const char *const names[] = {[CLIENT_VIA_NONE] = "",
                                        [CLIENT_VIA_CONNECT] = "connect",
                                        [CLIENT_VIA_SOCKS4] = "socks4",
                                        [CLIENT_VIA_SOCKS5] = "socks5",
                                        NULL};

    lua_getfield(L, t, "kind");
    return (enum client_via_kind)luaL_checkoption(L, lua_gettop(L), NULL, names);
}

static void read_via(lua_State *L, int t, struct client_via *v)
{
    v->kind = kind_of(L, t);
    v->host = opts_slice(L, t, "host");
    v->port = (uint16_t)opts_number(L, t, "port", 0);
    v->tls = context_field(L, t);
    v->server_name = opts_slice(L, t, "server_name");
    v->skips_verify = opts_flag(L, t, "insecure");
    v->gets_address = opts_flag(L, t, "gets_address");
    v->user = opts_slice(L, t, "user");
    v->password = opts_slice(L, t, "password");
    v->fields = opts_slice(L, t, "fields");
}

void lib_client_way_read(lua_State *L, int t, struct lib_client_way *out)
{
    struct client_way *w = &out->way;

    luaL_checkstack(L, LUA_MINSTACK, NULL);
    *w = (struct client_way){.port = (uint16_t)opts_number(L, t, "port", 0)};
    w->host = opts_slice(L, t, "host");
    w->unix_path = opts_slice(L, t, "unix_path");
    w->server_name = opts_slice(L, t, "server_name");
    w->alpn = opts_slice(L, t, "alpn");
    w->skips_verify = opts_flag(L, t, "insecure");
    w->knows_h2 = opts_flag(L, t, "knows_h2");
    w->tls = context_field(L, t);
    lua_getfield(L, t, "resolver");
    w->resolver = lib_dns_resolver(L, lua_gettop(L));
    lua_getfield(L, t, "family");
    w->family = lib_dns_family(L, lua_gettop(L));
    lua_getfield(L, t, "local_address");
    if (!lua_isnil(L, -1)) {
        lua_pushinteger(L, 0);
        out->local = lib_addr_check(L, lua_gettop(L) - 1);
        w->local = &out->local;
    }
    lua_getfield(L, t, "via");
    if (lua_istable(L, -1))
        read_via(L, lua_gettop(L), &w->via);
}

/* --- connecting --- */

struct dial {
    void *attempt; /* NULL: over */
    struct client_way_copy way;
    struct pool memory;
    struct handle_call call;
};

static void free_way(struct dial *d)
{
    client_way_copy_free(&d->way);
    pool_reset(&d->memory);
}

static void on_dialled(void *user, struct stream *s, const struct client_dial_failure *f)
{
    struct dial *d = user;
    lua_State *L = vm_main();

    d->attempt = NULL;
    free_way(d);
    handle_take(L, &d->call); /* Lua may collect it from here on */
    if (s) {
        lib_stream_open(lib_stream_push(L), s);
        vm_call(1, 0, "http client: connect");
        return;
    }
    lua_pushnil(L);
    client_call_push_failure(L, f->err, f->text, f->proxy_status);
    vm_call(2, 0, "http client: connect");
}

/* connect(way, seconds, fn) → request; fn(stream of perilune.core.stream), or fn(nil, error) */
static int l_connect(lua_State *L)
{
    uint64_t ms = (uint64_t)(luaL_checknumber(L, 2) * 1000);
    struct lib_client_way w;
    struct dial *d;

    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checktype(L, 3, LUA_TFUNCTION);
    lib_client_way_read(L, 1, &w);
    d = lua_newuserdata(L, sizeof(*d));
    *d = (struct dial){.attempt = NULL};
    luaL_getmetatable(L, "perilune.client.dial");
    lua_setmetatable(L, -2);
    pool_init(&d->memory, NULL, 0);
    client_way_copy(&d->way, &w.way, &d->memory);
    handle_hold(L, &d->call, 3);
    d->attempt = client_reach.start(&d->way.way, MAX(ms, (uint64_t)1), on_dialled, d);
    return 1;
}

/* connect_cancel(request): its function is not called */
static int l_connect_cancel(lua_State *L)
{
    struct dial *d = luaL_checkudata(L, 1, "perilune.client.dial");

    if (d->attempt) {
        client_reach.cancel(d->attempt);
        d->attempt = NULL;
        free_way(d);
    }
    handle_drop(L, &d->call);
    return 0;
}

void lib_client_way_register(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"connect", l_connect},
        {"connect_cancel", l_connect_cancel},
        {NULL, NULL},
    };

    handle_type(L, "perilune.client.dial", "http client connect", l_connect_cancel);
    luaL_register(L, NULL, functions);
}
