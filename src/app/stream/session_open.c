/* What is known of a connection is put into its session, the ClientHello is looked at where
 * `ssl_preread` says so, and the phases begin. A client that does not speak TLS is served all the
 * same, without the variables; one that does not finish in time is not. */
#include "app/stream/session_open.h"

#include "app/conf.h"
#include "app/phases.h"
#include "app/tls/tls_request.h"
#include "base/clock.h"
#include "http/exchange_transport.h"
#include "net/tls/tls.h"
#include "net/tls/tls_info.h"
#include "proto/client_hello.h"
#include "proto/proxy_proto.h"

static void *copy(struct pool *pool, const void *p, size_t n)
{
    return memcpy(pool_alloc(pool, n), p, n);
}

static struct slice text_of(struct pool *pool, const struct addr *a)
{
    struct buf text = BUF_EMPTY;
    struct slice s;

    addr_format(a, &text);
    s = pool_dup(pool, buf_slice(&text));
    buf_free(&text);
    return s;
}

/* Of datagrams: what an exchange says of itself, with nginx's word for such a client. */
static void describe_udp(const struct log_ctx *ctx, struct buf *out)
{
    const struct exchange *x = CONTAINER_OF(ctx, struct exchange, log);

    buf_add_lit(out, ", udp client: ");
    addr_format_host(x->peer, out);
    buf_printf(out, ", server: " SLICE_FMT, SLICE_ARG(x->server_name));
}

static void fill_exchange(struct exchange *x, struct stream *stream, const struct session_origin *o)
{
    x->peer = copy(&x->pool, o->peer, sizeof(*o->peer));
    x->connection_id = x->log.id = o->id;
    x->connection_requests = 1;
    x->start_ms = o->since_ms;
    x->start_wall_ms = clock_wall_ms() - (int64_t)(clock_ms() - o->since_ms);
    x->server_name = text_of(&x->pool, &o->listen->addr);
    if (o->listen->is_udp)
        x->log.describe = describe_udp;
    if (tls_is(stream)) {
        x->req.is_tls = true;
        x->req.tls = tls_hold(stream);
    }
    exchange_set_state(x, EXCHANGE_HEAD_IN);
    exchange_set_state(x, EXCHANGE_HANDLING);
}

static void fill_visit(struct visit *v, const struct session_origin *o)
{
    struct exchange *x = v->x;
    struct slice name = x->req.tls ? tls_info_server_name(x->req.tls) : SLICE_EMPTY;

    v->conf = o->conf;
    v->listen = o->listen;
    v->vhost = tls_request_vhost(o->listen, name);
    v->loc = v->vhost->base;
    v->variables = &o->conf->stream_variables;
    v->slots = pool_zalloc(&x->pool, v->variables->slots * sizeof(struct slice));
}

/* --- before the phases --- */

/* Reads more behind what is there. */
static enum wire_result fill(struct session *s)
{
    return s->own.stream ? wire_fill(&s->own, 0) : WIRE_END;
}

static void go_on(struct session *s)
{
    enum client_hello_result r = client_hello_read(wire_input(&s->own), s->hello);

    while (r == CLIENT_HELLO_MORE && fill(s) == WIRE_DONE)
        r = client_hello_read(wire_input(&s->own), s->hello);
    if (r == CLIENT_HELLO_MORE && s->own.n >= s->v->loc->preread_buffer_size) {
        log_write(&s->v->x->log, LOG_ERROR, "preread buffer full");
        phases_begin_bad(s->v, 400);
        return;
    }
    if (r == CLIENT_HELLO_MORE && !s->is_udp && session_wait_input(s, go_on))
        return;
    if (r == CLIENT_HELLO_MORE && !s->is_udp && !session_preread_left(s)) {
        log_write(&s->v->x->log, LOG_INFO, "preread timed out");
        phases_begin_bad(s->v, 200);
        return;
    }
    if (r != CLIENT_HELLO_DONE)
        s->hello = NULL;
    phases_begin(s->v);
}

static void begin(struct session *s)
{
    if (!s->v->loc->has_ssl_preread) {
        phases_begin(s->v);
        return;
    }
    s->hello = pool_new(visit_pool(s->v), struct client_hello);
    go_on(s);
}

/* A client whose certificate will not do is not served. */
static bool is_welcome(struct session *s)
{
    return !s->v->x->req.tls || tls_request_check(s->v) == 0;
}

static void log_client(const struct visit *v)
{
    struct buf text = BUF_EMPTY;

    if (!log_is_on(&v->x->log, LOG_INFO))
        return;
    buf_add_lit(&text, "client ");
    addr_format(v->x->peer, &text);
    buf_add_lit(&text, " connected to ");
    addr_format(&v->listen->addr, &text);
    log_write(&v->x->log, LOG_INFO, "%s", buf_cstr(&text));
    buf_free(&text);
}

void session_open(struct stream *stream, const struct session_origin *o)
{
    struct session *s = session_new(stream, o->in);

    s->is_udp = o->listen->is_udp;
    s->passes = o->passes;
    fill_exchange(s->v->x, stream, o);
    fill_visit(s->v, o);
    if (o->proxy)
        s->v->x->proxied =
            proxy_proto_copy(pool_alloc(visit_pool(s->v), proxy_proto_size(o->proxy)), o->proxy);
    log_client(s->v);
    if (s->v->loc->http.does_check_abort && !s->is_udp)
        session_mind_end(s);
    if (is_welcome(s))
        begin(s);
    else
        phases_begin_bad(s->v, 400);
}
