/* Sockets of a request are closed when it ends: they stand in a list of its visit, or of its
 * timer's task, and are bound to it, so that nobody else uses them by mistake. */
#include "app/lua/lib_socket.h"

#include <lauxlib.h>

#include "app/lua/body_stream.h"
#include "app/lua/lib_ngx_thread.h"
#include "app/lua/lib_ngx_visit.h"
#include "app/lua/lua_output.h"
#include "app/tls/socket_tls.h"
#include "bind/arg.h"
#include "bind/lib_process.h"
#include "bind/lib_stream.h"
#include "bind/lib_tls.h"
#include "http/body_spool.h"
#include "http/detached.h"
#include "net/addr.h"
#include "net/tls/tls_ctx.h"

static const struct location *levels[2]; /* process-wide: http and stream of what is served */

void lib_socket_use(const struct location *http, const struct location *stream)
{
    levels[0] = http;
    levels[1] = stream;
}

/* The running code's location; where there is no request, the level of http or stream. NULL: there
 * is none. */
static const struct location *level(void)
{
    const struct visit *v = lua_current_visit();

    return v ? v->loc : levels[lua_current_is_of_stream()];
}

/* What that says. */
static const struct socket_conf *conf(void)
{
    static const struct socket_conf default_conf = SOCKET_CONF_DEFAULT; /* without http */
    const struct location *l = level();

    return l ? &l->sockets : &default_conf;
}

static void lose_all(void *arg)
{
    owned_lose_all(arg);
}

static struct list *sockets_of_visit(struct visit *v);

/* Sockets that a subrequest leaves behind end with the request that made it. */
static void leave_to_parent(void *arg)
{
    struct visit *v = arg;

    owned_hand_over(lua_visit_of(v)->sockets, sockets_of_visit(v->parent));
}

static struct list *sockets_of_visit(struct visit *v)
{
    struct lua_visit *lv = lua_visit_of(v);

    if (lv->sockets)
        return lv->sockets;
    lv->sockets = pool_alloc(visit_pool(v), sizeof(*lv->sockets));
    list_init(lv->sockets);
    if (v->parent)
        pool_on_reset(visit_pool(v), leave_to_parent, v);
    else
        pool_on_reset(visit_pool(v), lose_all, lv->sockets);
    return lv->sockets;
}

/* Where sockets of the running code stand. */
static struct list *sockets_of(struct visit *v)
{
    return v ? sockets_of_visit(v) : lib_ngx_thread_timer_sockets();
}

static void own(struct lib_stream *ls)
{
    owned_give(&ls->owner, sockets_of(lua_current_visit()));
    ls->subject = lib_stream_subject();
}

static void set_limits(lua_State *L, struct lib_stream *ls)
{
    lua_Number read = lua_tonumber(L, 2), send = lua_tonumber(L, 3);

    ls->read_timeout = (uint32_t)(read > 0 ? read : (lua_Number)conf()->read_timeout);
    ls->write_timeout = (uint32_t)(send > 0 ? send : (lua_Number)conf()->send_timeout);
}

/* own(stream, read_ms, send_ms): the running request's from now on; 0: the location's timeout */
static int l_own(lua_State *L)
{
    struct lib_stream *ls = lib_stream_check(L, 1);

    own(ls);
    set_limits(L, ls);
    return 0;
}

/* own_process(process, stream, …): they end with the running request, but others may use them */
static int l_own_process(lua_State *L)
{
    struct list *all = sockets_of(lua_current_visit());

    owned_give(lib_process_owned(L, 1), all);
    for (int i = 2; i <= lua_gettop(L); i++)
        owned_give(&lib_stream_check(L, i)->owner, all);
    return 0;
}

/* limit(stream, read_ms, send_ms): likewise, for a stream that has an owner */
static int l_limit(lua_State *L)
{
    set_limits(L, lib_stream_check(L, 1));
    return 0;
}

/* timeouts() → connect, keepalive: ms of the location */
static int l_timeouts(lua_State *L)
{
    lua_pushnumber(L, (lua_Number)conf()->connect_timeout);
    lua_pushnumber(L, (lua_Number)conf()->keepalive_timeout);
    return 2;
}

static int l_pool_size(lua_State *L)
{
    lua_pushnumber(L, conf()->pool_size);
    return 1;
}

/* is_nodelay(): does tcp_nodelay hold here? */
static int l_is_nodelay(lua_State *L)
{
    const struct location *l = level();

    lua_pushboolean(L, !l || l->http.is_nodelay);
    return 1;
}

static int l_log_errors(lua_State *L)
{
    lua_pushboolean(L, conf()->log_errors);
    return 1;
}

/* peer(stream) → the address of the other end, without its port; nil: it has none any more */
static int l_peer(lua_State *L)
{
    const struct lib_stream *ls = lib_stream_check(L, 1);
    struct buf text = BUF_EMPTY;
    struct addr a;

    if (!ls->wire.stream || addr_of_fd(stream_fd(ls->wire.stream), true, &a))
        return 0;
    addr_format_host(&a, &text);
    lua_pushlstring(L, text.p, text.n);
    buf_free(&text);
    return 1;
}

/* place() → a value that names the settings of the running code */
static int l_place(lua_State *L)
{
    lua_pushlightuserdata(L, (void *)(uintptr_t)conf());
    return 1;
}

/* tls([certificate, key]) → a TLS context with those settings, and with this certificate (PEM)
 * instead of theirs; nil, error */
static int l_tls(lua_State *L)
{
    const struct socket_conf *c = conf();
    struct tls_credential cert = {.cert_pem = arg_slice_if_given(L, 1),
                                  .key_pem = arg_slice_if_given(L, 2)};
    struct buf why = BUF_EMPTY;
    struct tls_ctx *ctx = NULL;
    const struct err *e = NULL;

    if (!cert.cert_pem.n && c->tls && c->tls->ctx)
        ctx = tls_ctx_ref(c->tls->ctx);
    else
        e = socket_tls_new(c, cert.cert_pem.n ? &cert : NULL, &why, &ctx);
    return lib_tls_push(L, e, &why, ctx);
}

static int refuse(lua_State *L, const char *why)
{
    lua_pushnil(L);
    lua_pushstring(L, why);
    return 2;
}

/* Why the body cannot be read as a stream, or NULL. */
static const char *body_obstacle(struct visit *v)
{
    const struct exchange *x = v->x;

    if (x->spool || lua_visit_of(v)->has_body_socket)
        return "request body already exists";
    if (ngx_visit_of(v)->is_body_discarded)
        return "request body discarded";
    if (x->req.content_length <= 0 && !x->req.has_unsized_body)
        return "no body";
    return NULL;
}

static int body_socket(lua_State *L, struct visit *v)
{
    const char *obstacle = body_obstacle(v);
    struct lib_stream *ls;

    if (obstacle)
        return refuse(L, obstacle);
    lua_visit_of(v)->has_body_socket = true;
    ngx_visit_watch_cancel(v);
    ls = lib_stream_push(L);
    lib_stream_open(ls, body_stream_new(v));
    own(ls);
    return 1;
}

struct raw_end {
    struct wire_end end;
    struct exchange *exchange;
};

/* HTTP does not see the connection any more, so the exchange is told here that its client has gone.
 */
static void on_raw_end(struct wire_end *e)
{
    struct exchange *x = CONTAINER_OF(e, struct raw_end, end)->exchange;

    if (x->user.on_cancel)
        x->user.on_cancel(x, &err_closed);
}

static void mind_end(struct visit *v, struct wire *w)
{
    struct raw_end *e = pool_new(visit_pool(v), struct raw_end);

    *e = (struct raw_end){{on_raw_end}, v->x};
    wire_mind_end(w, &e->end);
}

static int raw_socket(lua_State *L, struct visit *v)
{
    struct exchange *x = v->x;
    struct buf in = BUF_EMPTY;
    struct lib_stream *ls;
    struct outq out;
    struct stream *s;

    if (x->state == EXCHANGE_DETACHED)
        return refuse(L, "duplicate call");
    if (x->spool && x->spool->state == BODY_WAIT)
        return refuse(L, "pending request body reading in some other thread");
    if (lua_output_is_held(v))
        return refuse(L, "http 1.0 buffering");
    outq_init(&out);
    ls = lib_stream_push(L);
    s = detached_take(x, &in, &out);
    if (!s)
        return refuse(L, "client aborted");
    lib_stream_open(ls, s);
    wire_resume(&ls->wire, buf_slice(&in), &out);
    buf_free(&in);
    own(ls);
    if (!v->loc->http.does_check_abort)
        return 1;
    mind_end(v, &ls->wire);
    lua_pushboolean(L, true);
    return 2;
}

/* request(raw) → a stream over the request's body, or over the connection itself and whether the
 * client's end is its abort; or nil and why not */
static int l_request(lua_State *L)
{
    struct visit *v = ngx_visit_check_request(L, NGX_IN_YIELDABLE);
    bool is_raw = lua_toboolean(L, 1);

    lua_settop(L, 0);
    if (v->parent)
        return refuse(L, "attempt to read the request body in a subrequest");
    return is_raw ? raw_socket(L, v) : body_socket(L, v);
}

int lib_socket(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"own", l_own},
        {"own_process", l_own_process},
        {"limit", l_limit},
        {"timeouts", l_timeouts},
        {"pool_size", l_pool_size},
        {"log_errors", l_log_errors},
        {"peer", l_peer},
        {"request", l_request},
        {"is_nodelay", l_is_nodelay},
        {"place", l_place},
        {"tls", l_tls},
        {NULL, NULL},
    };

    lua_newtable(L);
    luaL_register(L, NULL, functions);
    return 1;
}
