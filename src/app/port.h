/* A listening socket at work: accepts, and turns request heads into visits of its configuration. */
#ifndef APP_PORT_H
#define APP_PORT_H

#include "app/conf.h"
#include "http/server/server.h"
#include "net/listener.h"

struct udp_peers;

struct port {
    struct list node; /* of those that are open */
    struct listener listener;
    struct server server;
    const struct app_conf *app_conf;
    const struct listen_conf *conf;
    void (*on_idle)(struct port *p); /* draining, and the last connection has gone */
    /* Set before port_open by those who limit connections: how many may come in now (see struct
     * listener), and: a connection has gone. */
    unsigned (*room)(struct port *p);
    void (*on_exhausted)(struct port *p); /* the process has no descriptor left; NULL: so be it */
    void (*on_closed)(struct port *p);
    bool (*may_open)(struct port *p); /* of UDP: is there room for one more? */
    void *user;
    struct udp_peers *udp; /* NULL: a socket of connections */
};

/* Begins to accept on `fd` (not owned) what `l` of `conf` says. `batch`: connections accepted at
 * most per wake-up. */
void port_open(struct port *p, const struct app_conf *conf, const struct listen_conf *l, int fd,
               unsigned batch);

/* The port of connections that listens at `a` for that configuration; NULL: none. */
struct port *port_at(const struct app_conf *conf, const struct addr *a);

/* Accepting goes on after `room` was 0. */
void port_resume(struct port *p);

/* No more accepting, but of those who wait in the kernel already; on_idle follows from the loop
 * when no connection is left. */
void port_drain(struct port *p);

/* Closes everything now; no callback follows. */
void port_close(struct port *p);

#endif
