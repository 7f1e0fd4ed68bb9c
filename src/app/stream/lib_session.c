/* The wire of a session is lent to a stream of Lua, which the registry holds until the session
 * ends.
 */
#include "app/stream/lib_session.h"

#include <lauxlib.h>

#include "app/conf.h"
#include "app/lua/lib_ngx_visit.h"
#include "app/tls/tls_request.h"
#include "app/tls/tls_seat.h"
#include "bind/lib_addr.h"
#include "bind/lib_stream.h"
#include "bind/vm.h"
#include "net/tcp.h"
#include "net/tls/tls.h"
#include "proto/proxy_proto.h"

/* What the lender keeps; in the pool of the session. */
struct loan {
    struct lib_stream *ls;
    int ref;
    bool is_told; /* ngx.req.socket has given it out */
};

static void on_return(struct session *s)
{
    struct loan *loan = s->lender;

    if (!loan->ls)
        return;
    lib_stream_close(loan->ls, false);
    loan->ls = NULL;
    if (vm_main())
        luaL_unref(vm_main(), LUA_REGISTRYINDEX, loan->ref);
}

static struct loan *borrow(lua_State *L, struct session *s)
{
    struct loan *loan = pool_new(visit_pool(s->v), struct loan);
    const struct location *l = s->v->loc;

    loan->ls = lib_stream_push(L);
    loan->ref = luaL_ref(L, LUA_REGISTRYINDEX);
    loan->ls->read_timeout = (uint32_t)l->sockets.read_timeout;
    loan->ls->write_timeout = (uint32_t)l->sockets.send_timeout;
    loan->ls->subject = lib_stream_subject();
    s->lender = loan;
    session_lend(s, &loan->ls->wire, lib_stream_on_event, on_return);
    if (s->v->x->peer && !s->is_udp)
        lib_stream_accepted(loan->ls, s->v->x->peer);
    if (loan->ls->wire.stream && !s->is_udp && l->http.is_nodelay)
        tcp_set_nodelay(loan->ls->wire.stream, true);
    return loan;
}

static struct lib_stream *push_wire(lua_State *L, struct session *s)
{
    struct loan *loan = s->lender;

    if (!loan) {
        if (!s->wire->stream)
            return NULL;
        loan = borrow(L, s);
    }
    if (!loan->ls)
        return NULL;
    lua_rawgeti(L, LUA_REGISTRYINDEX, loan->ref);
    return loan->ls;
}

bool lib_session_wait_sent(lua_State *L, struct session *s)
{
    struct lib_stream *ls = push_wire(L, s);

    if (!ls)
        return false;
    lua_pop(L, 1);
    if (lib_stream_is_busy(&ls->writer) ||
        wire_drained(&ls->wire, s->v->x->settings->send_watermark) != WIRE_WAIT)
        return false;
    lib_stream_wait(L, ls, IO_WRITE);
    lua_pop(L, 1);
    return true;
}

static struct session *check_session(lua_State *L)
{
    struct visit *v = ngx_visit_check(L, NGX_IN_SESSION);

    if (!v->session)
        luaL_error(L, "no session found");
    return v->session;
}

static int refuse(lua_State *L, const char *why)
{
    lua_pushnil(L);
    lua_pushstring(L, why);
    return 2;
}

/* stream() → the connection, or nil and why not */
static int l_stream(lua_State *L)
{
    return push_wire(L, check_session(L)) ? 1 : refuse(L, "closed");
}

/* request() → the connection for ngx.req.socket, once, whether it is UDP, and whether its end is
 * the client's abort; or nil and why not */
static int l_request(lua_State *L)
{
    struct session *s = check_session(L);
    struct loan *loan;

    if (!push_wire(L, s))
        return refuse(L, "closed");
    loan = s->lender;
    if (loan->is_told)
        return refuse(L, "duplicate call");
    loan->is_told = true;
    lua_pushboolean(L, s->is_udp);
    lua_pushboolean(L, s->wire->end != NULL);
    return 3;
}

/* peek(stream, n) → the first n bytes, which stay; the wait token; or nil and a code: "full" when
 * preread_buffer_size is less */
static int l_peek(lua_State *L)
{
    struct session *s = check_session(L);
    struct lib_stream *ls = lib_stream_reader(L);
    size_t n = (size_t)luaL_checkinteger(L, 2);
    enum wire_result r = WIRE_DONE;

    if (!ls)
        return 2;
    if (ls->wire.taken)
        return refuse(L, "consumed");
    if (n > s->v->loc->preread_buffer_size)
        return refuse(L, "full");
    while (ls->wire.n < n && r == WIRE_DONE)
        r = wire_fill(&ls->wire, n - ls->wire.n);
    if (ls->wire.n >= n) {
        lua_pushlstring(L, wire_input(&ls->wire).p, n);
        return 1;
    }
    if (r != WIRE_WAIT)
        return lib_stream_fail(L, ls);
    return wire_has_expired(&ls->wire, IO_READ) ? refuse(L, "timeout")
                                                : lib_stream_wait(L, ls, IO_READ);
}

/* preread_timeout(): milliseconds */
static int l_preread_timeout(lua_State *L)
{
    lua_pushnumber(L, (lua_Number)check_session(L)->v->loc->preread_timeout);
    return 1;
}

/* shutdown(): our side ends; nothing is queued */
static int l_shutdown(lua_State *L)
{
    struct session *s = check_session(L);

    if (s->wire->stream)
        stream_shutdown(s->wire->stream);
    s->has_eof = true;
    return 0;
}

/* start_tls() → true: the handshake is to be done (perilune.core.secure); nil and why not */
static int l_start_tls(lua_State *L)
{
    struct session *s = check_session(L);
    struct visit *v = s->v;
    struct tls_ctx *ctx = v->vhost->tls ? v->vhost->tls : v->listen->default_vhost->tls;

    if (!ctx)
        return refuse(L, "ssl not configured for this server");
    session_start_tls(s, ctx);
    tls_seat_take(s->wire->stream)->visit = v;
    v->x->req.tls = tls_hold(s->wire->stream);
    lua_pushboolean(L, 1);
    return 1;
}

/* has_tls() → true, and the session is one of TLS from now on; nil: its client's certificate will
 * not do */
static int l_has_tls(lua_State *L)
{
    struct visit *v = check_session(L)->v;

    v->x->req.is_tls = true;
    if (tls_request_check(v))
        return 0;
    lua_pushboolean(L, 1);
    return 1;
}

static void set_end(lua_State *L, const char *name, const struct addr *a)
{
    if (!a)
        return;
    lua_createtable(L, 0, 2);
    lib_addr_push(L, a);
    lua_setfield(L, -3, "port");
    lua_setfield(L, -2, "host");
    lua_setfield(L, -2, name);
}

static void set_proxied_end(lua_State *L, const char *name, const char *host, int port)
{
    lua_createtable(L, 0, 2);
    lua_pushstring(L, host);
    lua_setfield(L, -2, "host");
    lua_pushinteger(L, port);
    lua_setfield(L, -2, "port");
    lua_setfield(L, -2, name);
}

/* What the stream does not know by itself. */
static void push_ends(lua_State *L, const struct session *s, bool is_told)
{
    struct exchange *x = s->v->x;
    const struct addr *local = exchange_local(x);

    lua_createtable(L, 0, 3);
    set_end(L, is_told ? "proxy" : "peer", is_told ? visit_connected(s->v) : x->peer);
    if (is_told) {
        set_proxied_end(L, "peer", s->v->x->proxied->source, s->v->x->proxied->source_port);
        set_proxied_end(L, "local_address", s->v->x->proxied->destination,
                        s->v->x->proxied->destination_port);
    } else {
        set_end(L, "local_address", local ? local : &s->v->listen->addr);
    }
}

/* info() → is it TLS?, read_timeout of UDP (seconds, or 0), and a table with peer, local_address,
 * and proxy when a proxy said who the client is; nil: those are the stream's own ends */
static int l_info(lua_State *L)
{
    struct session *s = check_session(L);
    const struct proxy_proto *p = s->v->x->proxied;
    bool is_told = p && (p->kind == PROXY_PROTO_TCP4 || p->kind == PROXY_PROTO_TCP6);

    lua_pushboolean(L, s->v->x->req.is_tls);
    /* nobody tells that a client of UDP is gone */
    lua_pushnumber(L, s->is_udp ? (lua_Number)s->v->loc->sockets.read_timeout / 1000 : 0);
    if (is_told || s->is_udp)
        push_ends(L, s, is_told);
    else
        lua_pushnil(L);
    return 3;
}

int lib_session(lua_State *L)
{
    static const luaL_Reg functions[] = {{"stream", l_stream},
                                         {"request", l_request},
                                         {"info", l_info},
                                         {"peek", l_peek},
                                         {"preread_timeout", l_preread_timeout},
                                         {"shutdown", l_shutdown},
                                         {"start_tls", l_start_tls},
                                         {"has_tls", l_has_tls},
                                         {NULL, NULL}};

    lua_newtable(L);
    luaL_register(L, NULL, functions);
    return 1;
}
