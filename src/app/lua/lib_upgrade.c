/* A handler turns its request into a WebSocket, or into a tunnel of bytes. With that the exchange
 * is over: the visit is let go at once (its log line is written, its memory given back) while the
 * handler's task goes on without it, so that an open one costs no exchange. */
#include "app/lua/lib_upgrade.h"

#include <lauxlib.h>

#include "app/conf.h"
#include "app/lua/lua_answer.h"
#include "app/lua/lua_step.h"
#include "bind/lerr.h"
#include "bind/lib.h"
#include "bind/lib_stream.h"
#include "bind/lib_websocket.h"
#include "bind/vm.h"
#include "http/detached.h"
#include "http/ws/ws_upgrade.h"

/* is_asked(req) → boolean */
static int l_is_asked(lua_State *L)
{
    struct visit *v = lua_answer_open_visit(L, 1);

    lua_pushboolean(L, v && ws_upgrade_is_asked(v->x));
    return 1;
}

/* check(req) → 0, or the status to answer with and why */
static int l_check(lua_State *L)
{
    struct visit *v = lua_answer_open_visit(L, 1);
    const char *reason = NULL;

    if (!v)
        return lerr_return(L, &err_closed, NULL);
    lua_pushinteger(L, ws_upgrade_check(v->x, &reason));
    lua_pushstring(L, reason);
    return 2;
}

/* Does the array at index 2 hold this name? */
static bool is_known(struct slice name, void *user)
{
    lua_State *L = user;
    bool is = false;

    for (int i = 1; !is; i++) {
        struct slice known;

        lua_rawgeti(L, 2, i);
        if (!lua_isstring(L, -1)) {
            lua_pop(L, 1);
            break;
        }
        known.p = lua_tolstring(L, -1, &known.n);
        is = slice_eq(known, name);
        lua_pop(L, 1);
    }
    return is;
}

/* accept(req, protocols, options, headers) → ws, the protocol chosen or nil; or nil, error */
static int l_accept(lua_State *L)
{
    struct visit *v = lua_answer_open_visit(L, 1);
    struct slice protocol = {NULL, 0};
    struct ws_options options;
    struct ws_deflate_wish wish;
    struct ws_conn *c;

    if (!v)
        return lerr_return(L, &err_closed, NULL);
    if (exchange_has_started(v->x))
        return luaL_error(L, "the response has already begun");
    if (lua_istable(L, 4) && !lua_answer_apply_headers(v, L, 4))
        return lua_error(L);
    if (lua_istable(L, 2))
        protocol = ws_handshake_protocol(&v->x->req.headers, is_known, L);
    lib_websocket_options(L, 3, &options, &wish);
    lua_pushlstring(L, protocol.p ? protocol.p : "", protocol.n);
    c = ws_upgrade_accept(v->x, protocol, &wish, &options);
    if (!c)
        return lerr_return(L, v->is_answered ? &err_closed : &err_invalid, "WebSocket");
    if (v->conf->users->sockets)
        ws_conn_join(c, v->conf->users->sockets);
    lib_websocket_push(L, c);
    lua_insert(L, -2);
    if (!protocol.p) {
        lua_pop(L, 1);
        lua_pushnil(L);
    }
    lua_step_let_go(v);
    return 2;
}

/* tunnel_to(req) → the target of a CONNECT, the protocol of an extended one or nil; or nothing */
static int l_tunnel_to(lua_State *L)
{
    struct visit *v = lua_answer_open_visit(L, 1);
    const struct request *r = v ? &v->x->req : NULL;

    if (!r || r->method != METHOD_CONNECT)
        return 0;
    lua_pushlstring(L, r->target.p, r->target.n);
    if (!r->protocol.n)
        return 1;
    lua_pushlstring(L, r->protocol.p, r->protocol.n);
    return 2;
}

/* tunnel(req, headers) → a stream of perilune.core.stream, after 200; or nil, error */
static int l_tunnel(lua_State *L)
{
    struct visit *v = lua_answer_open_visit(L, 1);
    struct lib_stream *ls = lib_stream_push(L);
    struct buf in = BUF_EMPTY;
    struct stream *s = NULL;
    struct outq out;

    if (!v || v->x->req.method != METHOD_CONNECT || exchange_has_started(v->x))
        return lerr_return(L, v ? &err_invalid : &err_closed, "CONNECT");
    if (lua_istable(L, 2) && !lua_answer_apply_headers(v, L, 2))
        return lua_error(L);
    v->x->res.status = 200;
    v->x->res.content_length = -1;
    v->x->res.is_tunnel = true;
    exchange_start(v->x);
    outq_init(&out);
    s = detached_take(v->x, &in, &out);
    if (s) {
        lib_stream_open(ls, s);
        wire_resume(&ls->wire, buf_slice(&in), &out);
    }
    buf_free(&in);
    outq_clear(&out);
    if (!s)
        return lerr_return(L, &err_closed, "CONNECT");
    lua_step_let_go(v);
    return 1;
}

static int open_module(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"tunnel_to", l_tunnel_to}, {"tunnel", l_tunnel}, {"is_asked", l_is_asked},
        {"check", l_check},         {"accept", l_accept}, {NULL, NULL},
    };

    lua_newtable(L);
    luaL_register(L, NULL, functions);
    return 1;
}

void lib_upgrade_preload(void)
{
    lib_preload(vm_main(), "perilune.core.upgrade", open_module);
}
