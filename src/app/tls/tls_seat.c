/* A connection that begins with TLS is one of http/server/server_conn until the handshake is over.
 * A session that goes over later has left that house: its wire waits for the handshake. */
#include "app/tls/tls_seat.h"

#include "app/conf.h"
#include "app/port.h"
#include "app/stream/session.h"
#include "base/mem.h"
#include "http/server/server_tls.h"

struct tls_seat *tls_seat_of(const struct stream *s)
{
    return *tls_state((struct stream *)(uintptr_t)s);
}

struct tls_seat *tls_seat_take(struct stream *s)
{
    struct tls_seat *seat = tls_seat_of(s);

    if (seat)
        return seat;
    seat = mem_new(struct tls_seat);
    seat->ctx_ref = TLS_SEAT_NO_CTX;
    *tls_state(s) = seat;
    return seat;
}

void tls_seat_leave(struct stream *s)
{
    struct tls_seat *seat = tls_seat_of(s);

    if (!seat)
        return;
    seat->task = NULL;
    if (seat->ctx_ref == TLS_SEAT_NO_CTX && !seat->visit)
        tls_seat_drop(s);
}

void tls_seat_drop(struct stream *s)
{
    mem_free(tls_seat_of(s));
    *tls_state(s) = NULL;
}

static struct visit *visit_at(const struct stream *s)
{
    const struct tls_seat *seat = tls_seat_of(s);

    return seat ? seat->visit : NULL;
}

struct tls_owner tls_owner_of(const struct stream *s)
{
    const struct visit *v = visit_at(s);
    const struct server_conn *c;
    const struct port *p;

    if (v)
        return (struct tls_owner){.conf = v->conf, .listen = v->listen, .id = v->x->log.id};
    c = server_conn_of(s);
    if (!c)
        return (struct tls_owner){.listen = NULL};
    p = CONTAINER_OF(c->server, struct port, server);
    return (struct tls_owner){
        .conf = p->app_conf, .listen = p->conf, .log = &c->server->log, .id = c->id};
}

bool tls_owner_peer(const struct stream *s, struct addr *out)
{
    const struct visit *v = visit_at(s);
    const struct server_conn *c = server_conn_of(s);

    if (!v)
        return c && server_conn_peer(c, out);
    if (v->x->peer)
        *out = *v->x->peer;
    return v->x->peer != NULL;
}

void tls_owner_resume(struct stream *s)
{
    struct visit *v = visit_at(s);

    if (v)
        v->session->wire->on_event(v->session->wire, IO_READ);
    else
        server_tls_resume(s);
}
