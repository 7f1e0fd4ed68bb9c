/* Passing a session on: bytes of the client to a server and back, as they are.
 *
 * relay.c connects, to the next server where one fails, and joins the two (net/tunnel) or passes
 * datagrams on (relay_udp). */
#ifndef APP_STREAM_RELAY_H
#define APP_STREAM_RELAY_H

#include "app/proxy/proxy_tls.h"
#include "app/proxy/upstream.h"
#include "app/stream/session.h"

/* What proxy_* of a level say. */
struct relay_conf {
    const struct location *owner; /* the level that may change it */
    uint64_t timeout, connect_timeout, next_timeout, health_timeout; /* ms */
    size_t buffer_size;
    unsigned next_tries;          /* 0: as many as there are servers */
    unsigned requests, responses; /* of UDP; responses UINT32_MAX: any number */
    struct script *bind;          /* to connect from; NULL: any */
    struct script *upload,
        *download; /* bytes a second from the client, from the server; NULL: any */
    bool tries_next, has_tls, sends_proxy_protocol, has_half_close, has_keepalive;
};

/* The target of a proxy_pass. */
struct relay_pass {
    struct script *target;
    struct upstream *upstream; /* NULL: the target has variables */
};

/* In the session's pool. */
struct relay {
    struct session *s;
    const struct relay_conf *conf;
    struct upstream *upstream;
    struct upstream_peer *peer; /* the one in use; NULL: none */
    struct client_way way;
    struct addr local;
    upstream_tried tried;
    unsigned tries;
    uint64_t started_ms, attempt_ms;
    uint64_t timeout, connect_timeout; /* of this attempt */
    void *dial;                        /* NULL: not connecting */
    struct tunnel *tunnel;             /* NULL: not joined */
    struct relay_udp *udp;             /* NULL: not of datagrams, or not open */
    struct upstream_try *history;      /* newest first */
};

/* nginx's defaults. */
extern const struct relay_conf relay_defaults;

/* The settings of this very level: a copy of its parent's until it says something. */
struct relay_conf *relay_conf_own(struct app_conf *conf, struct location *l);

/* The content step: arg is a struct relay_pass *. */
enum step_result relay_step(struct visit *v, const struct step *s);

#endif
