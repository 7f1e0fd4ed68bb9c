/* From an accepted socket to a visit: the struct server of the port parses heads and calls
 * on_exchange. */
#include "app/port.h"

#include <errno.h>
#include <fcntl.h>

#include "app/phases.h"
#include "app/router.h"
#include "app/stream/session_open.h"
#include "app/tls/tls_request.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/mem.h"
#include "net/udp_peers.h"

static struct list ports = LIST_INIT(ports); /* process-wide: those that are open */

static struct visit *make_visit(struct exchange *x, const struct port *port)
{
    struct visit *v = pool_new(&x->pool, struct visit);

    v->x = x;
    v->conf = port->app_conf;
    v->listen = port->conf;
    v->variables = &port->app_conf->variables;
    v->slots = pool_zalloc(&x->pool, v->variables->slots * sizeof(struct slice));
    x->app = v;
    return v;
}

static void on_exchange(struct exchange *x, void *user)
{
    struct visit *v = make_visit(x, user);
    int status;

    v->vhost = router_find_vhost(v->listen, x->req.host, v);
    if (v->vhost->n_names > 0)
        x->server_name = v->vhost->names[0];
    if (UNLIKELY(!v->vhost->base->merges_slashes))
        message_keep_slashes(&x->req, &x->pool);
    status = x->req.tls ? tls_request_check(v) : 0;
    if (UNLIKELY(status))
        phases_begin_bad(v, status);
    else
        phases_begin(v);
}

static void on_bad_request(struct exchange *x, int status, void *user)
{
    struct visit *v = make_visit(x, user);

    v->vhost = v->listen->default_vhost;
    phases_begin_bad(v, status);
}

static void on_stream(struct server *server, struct stream *s, const struct server_stream *about)
{
    const struct port *p = server->user;
    struct session_origin o = {
        .conf = p->app_conf,
        .listen = p->conf,
        .peer = about->peer,
        .proxy = about->proxy,
        .id = about->id,
        .in = about->in,
        .since_ms = about->since_ms,
        .passes = about->passes,
    };

    session_open(s, &o);
}

struct udp_port {
    struct udp_peers peers;
    struct port *port;
};

static void on_new(struct udp_peers *u, struct stream *s, const struct addr *peer)
{
    const struct port *p = CONTAINER_OF(u, struct udp_port, peers)->port;
    struct session_origin o = {
        .conf = p->app_conf,
        .listen = p->conf,
        .peer = peer,
        .id = server_next_id(),
        .since_ms = clock_ms(),
    };

    session_open(s, &o);
}

static bool may_open(struct udp_peers *u)
{
    struct port *p = CONTAINER_OF(u, struct udp_port, peers)->port;

    return p->may_open(p);
}

/* The descriptor is one of our own: sessions go on writing when the socket is not listened on any
 * more. */
static void open_udp(struct port *p, int fd)
{
    struct udp_port *u = mem_new(struct udp_port);
    int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);

    if (own < 0)
        PANIC("fcntl: %s", strerror(errno));
    u->port = p;
    udp_peers_init(&u->peers, own, on_new);
    u->peers.may_open = p->may_open ? may_open : NULL;
    p->udp = &u->peers;
    udp_peers_start(p->udp);
}

static void close_udp(struct port *p)
{
    struct udp_port *u = CONTAINER_OF(p->udp, struct udp_port, peers);

    p->udp = NULL;
    udp_peers_close(&u->peers);
    mem_free(u);
}

static void on_accept(struct listener *l, int fd, const struct addr *peer)
{
    struct port *p = CONTAINER_OF(l, struct port, listener);

    server_adopt(&p->server, fd, peer);
}

static void on_server_idle(struct server *s)
{
    struct port *p = CONTAINER_OF(s, struct port, server);

    if (p->on_idle)
        p->on_idle(p);
}

static void on_server_closed(struct server *s)
{
    struct port *p = CONTAINER_OF(s, struct port, server);

    p->on_closed(p);
}

static void on_exhausted(struct listener *l)
{
    struct port *p = CONTAINER_OF(l, struct port, listener);

    p->on_exhausted(p);
}

static unsigned room_of(struct listener *l)
{
    struct port *p = CONTAINER_OF(l, struct port, listener);

    return p->room(p);
}

void port_open(struct port *p, const struct app_conf *conf, const struct listen_conf *l, int fd,
               unsigned batch)
{
    p->app_conf = conf;
    p->conf = l;
    list_append(&ports, &p->node);
    server_init(&p->server, &l->default_vhost->base->http, p);
    p->server.speaks_http2 = l->has_http2 || l->default_vhost->base->http.has_http2;
    p->server.tls = l->is_tls ? l->default_vhost->tls : NULL;
    p->server.on_exchange = on_exchange;
    p->server.on_bad_request = on_bad_request;
    p->server.on_stream = l->is_stream ? on_stream : NULL;
    p->server.has_proxy_protocol = l->has_proxy_protocol;
    p->server.on_idle = on_server_idle;
    p->server.on_closed = p->on_closed ? on_server_closed : NULL;
    p->server.log.sink = l->default_vhost->base->error_log;
    if (l->is_udp) {
        open_udp(p, fd);
        return;
    }
    listener_init(&p->listener, fd, on_accept);
    p->listener.batch = batch;
    p->listener.room = p->room ? room_of : NULL;
    p->listener.on_exhausted = p->on_exhausted ? on_exhausted : NULL;
    listener_start(&p->listener);
}

void port_resume(struct port *p)
{
    if (!p->udp)
        listener_start(&p->listener);
}

void port_drain(struct port *p)
{
    if (p->udp)
        udp_peers_finish(p->udp);
    else
        listener_finish(&p->listener);
    server_drain(&p->server);
}

struct port *port_at(const struct app_conf *conf, const struct addr *a)
{
    LIST_FOR (node, &ports) {
        struct port *p = CONTAINER_OF(node, struct port, node);

        if (p->app_conf == conf && !p->udp && addr_eq(&p->conf->addr, a))
            return p;
    }
    return NULL;
}

void port_close(struct port *p)
{
    list_remove(&p->node);
    p->on_idle = NULL;
    if (p->udp)
        close_udp(p);
    else
        listener_stop(&p->listener);
    server_close_all(&p->server);
}
