/* The server: adopting sockets, and its end. Connections are server_conn.c, what they speak is
 * server_h1.c. */
#include "http/server/server.h"

#include "base/check.h"
#include "base/mem.h"
#include "http/server/server_conn.h"
#include "http/server/server_conn_input.h"
#include "http/server/server_h1.h"
#include "http/server/server_handover.h"
#include "http/server/server_proxied.h"
#include "http/server/server_tls.h"
#include "net/tcp.h"
#include "proto/proxy_proto.h"

enum { SHED_MOST = 32 };

void server_init(struct server *s, const struct http_settings *settings, void *user)
{
    *s = (struct server){.settings = settings, .user = user};
    list_init(&s->conns);
}

static const struct server_conn_protocol *first_protocol(const struct server *s)
{
    if (s->has_proxy_protocol)
        return &server_proxied_protocol;
    if (s->tls)
        return &server_tls_protocol;
    return s->on_stream ? &server_handover_protocol : &server_h1_protocol;
}

static void begin(struct server_conn *c, struct slice in)
{
    if (c->protocol == &server_tls_protocol)
        server_tls_begin(c, in);
    else if (in.n)
        server_conn_unread(c, in);
}

void server_adopt(struct server *s, int fd, const struct addr *peer)
{
    struct stream *stream = tcp_adopt(fd);
    struct server_conn *c = server_conn_open(s, stream, peer, first_protocol(s));
    bool looks_itself = s->has_proxy_protocol || s->on_stream; /* at what the kernel has */

    if (!looks_itself && tcp_read_ahead(stream) && !s->tls)
        server_conn_read_soon(c);
    begin(c, SLICE_EMPTY);
}

void server_adopt_stream(struct server *s, struct stream *stream, const struct server_stream *about)
{
    struct server_conn *c = server_conn_open(s, stream, about->peer, first_protocol(s));

    CHECK(!s->has_proxy_protocol && about->passes <= SERVER_PASSES_MOST);
    if (about->proxy)
        c->proxied = proxy_proto_copy(mem_alloc(proxy_proto_size(about->proxy)), about->proxy);
    c->passes = about->passes & SERVER_PASSES_MOST;
    begin(c, about->in);
}

static void on_drained_already(void *p)
{
    struct server *s = p;

    if (s->n_conns == 0 && s->on_idle)
        s->on_idle(s);
}

void server_drain(struct server *s)
{
    s->is_draining = true;
    if (s->n_conns == 0)
        loop_free_later(s, on_drained_already);
    LIST_FOR (node, &s->conns) {
        struct server_conn *c = CONTAINER_OF(node, struct server_conn, node);

        if (c->phase == CONN_IDLE || c->state)
            server_conn_work_soon(c);
    }
}

unsigned server_set_crowded(struct server *s, bool is_crowded)
{
    unsigned n = 0;

    s->is_crowded = is_crowded;
    if (!is_crowded)
        return 0;
    LIST_FOR (node, &s->conns) {
        struct server_conn *c = CONTAINER_OF(node, struct server_conn, node);

        if (!server_conn_is_dispensable(c))
            continue;
        server_conn_work_soon(c);
        if (++n == SHED_MOST)
            break;
    }
    return n;
}

void server_close_all(struct server *s)
{
    while (!list_is_empty(&s->conns)) {
        struct server_conn *c = CONTAINER_OF(s->conns.next, struct server_conn, node);

        c->protocol->on_close_all(c);
    }
}
