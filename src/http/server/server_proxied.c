/* Before anything else is spoken: the header of the PROXY protocol. */
#include "http/server/server_proxied.h"

#include "base/mem.h"
#include "http/proxy_peek.h"
#include "http/server/server_conn_input.h"
#include "http/server/server_h1.h"
#include "http/server/server_handover.h"
#include "http/server/server_tls.h"

/* A header that is whole goes to c->proxied. */
static enum proxy_proto_result look(struct server_conn *c)
{
    struct proxy_peek p;
    struct slice before = server_conn_input(c);
    enum proxy_proto_result r = proxy_peek(c->stream, before, &p);

    if (r == PROXY_PROTO_DONE) {
        server_conn_consume(c, before.n);
        c->proxied = proxy_proto_copy(mem_alloc(proxy_proto_size(&p.proto)), &p.proto);
    } else if (r == PROXY_PROTO_MORE && p.has_ended) {
        r = PROXY_PROTO_BAD;
    } else if (r == PROXY_PROTO_MORE && p.seen.n > before.n) {
        server_conn_unread(c, slice_from(p.seen, before.n));
    }
    return r;
}

static void go_on(struct server_conn *c)
{
    if (c->server->tls) {
        c->protocol = &server_tls_protocol;
        server_tls_begin(c, SLICE_EMPTY);
    } else {
        c->protocol = c->server->on_stream ? &server_handover_protocol : &server_h1_protocol;
    }
    c->protocol->on_work(c);
}

static void on_readable(struct server_conn *c)
{
    UNUSED(c); /* on_work follows */
}

static void on_work(struct server_conn *c)
{
    switch (look(c)) {
    case PROXY_PROTO_MORE:
        break;
    case PROXY_PROTO_DONE:
        go_on(c);
        break;
    case PROXY_PROTO_BAD:
        server_conn_log(c, LOG_ERROR, "broken header while reading PROXY protocol");
        server_conn_close(c);
        break;
    }
}

static void on_expired(struct server_conn *c, enum server_conn_wait what)
{
    UNUSED(what);
    server_conn_log(c, LOG_INFO, "client timed out while reading PROXY protocol");
    server_conn_close(c);
}

static void on_close_all(struct server_conn *c)
{
    server_conn_reset(c);
}

static enum server_conn_wait waits(const struct server_conn *c)
{
    UNUSED(c);
    return CONN_WAIT_PROXIED;
}

const struct server_conn_protocol server_proxied_protocol = {
    .on_readable = on_readable,
    .on_work = on_work,
    .on_expired = on_expired,
    .on_close_all = on_close_all,
    .waits = waits,
};
