/* Groups of servers that requests and sessions are passed to, and which of them is next.
 *
 * What is known of a server (failures, connections in use) is this worker's own, or all workers' of
 * a group that is shared. A server that has failed max_fails times within fail_timeout is left out
 * for fail_timeout, unless it is the only one; while all are, there is none. */
#ifndef APP_PROXY_UPSTREAM_H
#define APP_PROXY_UPSTREAM_H

#include "app/proxy/sticky.h"
#include "http/client/client_pool.h"

/* Free connections kept for an address that no block names, where a location allows it. */
enum { UPSTREAM_IMPLICIT_KEEPALIVE = 32 };

enum upstream_balance {
    UPSTREAM_ROUND_ROBIN,
    UPSTREAM_LEAST_CONN,
    UPSTREAM_IP_HASH,
    UPSTREAM_HASH,
    UPSTREAM_CONSISTENT,
    UPSTREAM_RANDOM,
    UPSTREAM_RANDOM_TWO,
};

/* What is known of a server. */
struct upstream_state {
    int current, effective; /* of the smooth round robin */
    unsigned fails, active;
    uint64_t failed_ms, checked_ms;
    bool is_down;                 /* Lua says so */
    uint32_t unhealthy, checking; /* a bit for each health check: it says so; it has not said yet */
    uint64_t checks, checks_failed, checked_at; /* by health checks; seconds since 1970, 0: never */
};

struct upstream_peer {
    struct slice written; /* in the configuration */
    struct slice name;    /* "host:port", "unix:/path" */
    struct client_way way;
    unsigned weight; /* 0: nobody is there */
    unsigned max_fails, max_conns;
    uint64_t fail_timeout;
    bool is_backup, is_down;
    bool is_draining;           /* only those that are bound to it come */
    bool is_address;            /* nothing is to be looked up */
    unsigned line;              /* of a name, see upstream_slots.h; 0: it is none */
    struct slice route;         /* its id; empty: made of its address */
    char id[STICKY_ID_ROOM];    /* that one, once it was asked for */
    struct upstream_text *text; /* of an address that was looked up */
    struct upstream_state own;  /* of this worker, where the group is not shared */
};

struct upstream_point {
    uint32_t hash;
    unsigned peer;
};

struct upstream {
    struct slice name;
    struct upstream_peer *peers;
    unsigned n, size; /* those in use, and places for more */
    enum upstream_balance balance;
    struct script *key;          /* of hash */
    struct upstream_point *ring; /* of hash … consistent, made when it is needed and is empty */
    unsigned n_ring;
    struct sticky *sticky;           /* whom clients stay with; NULL: nobody */
    const struct lua_code *balancer; /* chooses instead; NULL: none */
    unsigned balancer_keepalive;     /* free connections kept for it */
    struct upstream_pool *kept;      /* its pools */
    unsigned keepalive;              /* free connections kept; 0: none */
    unsigned keepalive_requests;
    uint64_t keepalive_timeout, keepalive_time;
    struct client_pool *pool; /* made on first use */
    struct pool *memory;
    struct upstream_found *found; /* NULL: of the configuration */
    bool has_zone;
    unsigned n_checks;              /* health checks */
    uint32_t mandatory;             /* bits of those that a server must have passed */
    struct upstream_line *lines;    /* servers that are names; NULL: none */
    struct upstream_slots *slots;   /* their addresses */
    uint32_t change;                /* of those, the last that this worker has seen */
    struct location *level;         /* with the `resolver` that is asked for them */
    struct upstream_shared *shared; /* NULL: each worker knows for itself */
    struct upstream *next;          /* of the configuration */
};

/* What an attempt came to, for $upstream_… of a request or a session. */
struct upstream_try {
    struct slice addr;
    int status;                             /* of requests */
    uint64_t connect_ms, first_ms, over_ms; /* UINT64_MAX: did not come to that; first_ms: the head
                                               of the answer, the first byte of a session */
    uint64_t bytes_received, bytes_sent, response_length;
    struct upstream_try *next; /* the one before */
};

/* How Lua wants a connection to be kept. */
struct upstream_keep {
    uint64_t idle_timeout;
    unsigned requests, most;
};

/* Those that one request has tried, as bits of peers modulo 64. */
typedef uint64_t upstream_tried;

/* An empty group, in that pool. */
struct upstream *upstream_new(struct pool *memory, struct slice name);

/* A group of one address, in that pool. NULL: malformed. */
struct upstream *upstream_of_one(struct pool *memory, struct slice name, uint16_t default_port);

/* That group is one of the configuration, though no block names it: it is listed, and its name is
 * looked up by the resolver of `level`. Harmless when repeated. */
void upstream_settle(struct app_conf *conf, struct upstream *u, struct location *level,
                     bool is_stream);

/* Puts it behind all groups of the configuration that are listed, unless it is among them. */
void upstream_list(struct app_conf *conf, struct upstream *u, bool is_stream);

/* Adds a server "host[:port]" or "unix:/path" with the defaults; NULL: malformed, or
 * without a port where `default_port` is 0. */
struct upstream_peer *upstream_add(struct upstream *u, struct slice name, uint16_t default_port);

/* The group of that name, else one that is made of the address itself and kept for others who ask
 * for it. It stays until upstream_release. NULL: malformed. */
struct upstream *upstream_find(struct app_conf *conf, struct slice name, uint16_t default_port);

/* Gives up what upstream_find gave; clears the pointer. */
void upstream_release(struct upstream **u);

/* The server that was added last is looked up when it is a name: each of its addresses is a server
 * (see upstream_slots.h). `service`, `may_go`: as there. */
void upstream_look_up(struct upstream *u, struct slice service, bool may_go);

/* The group is complete: with a zone, what is known of its servers is in memory that workers who
 * are forked from now on share; so are the addresses of servers that are names. */
void upstream_share(struct upstream *u);

/* The next server for a request, counted as in use until upstream_done; NULL: none is left. */
struct upstream_peer *upstream_next(struct upstream *u, struct visit *v, upstream_tried *tried);

/* By what clients that stay with it name it, see sticky.h. As long as the server. */
struct slice upstream_id(struct upstream_peer *p);

/* As many servers are tried for one request: those that the configuration calls neither down nor
 * draining. */
unsigned upstream_tries(const struct upstream *u);

/* The request is over with this server. True: it has failed, and is left out now. */
bool upstream_done(struct upstream *u, struct upstream_peer *p, bool has_failed);

/* Connections to a server of the group; `how`: context, name and protocols of TLS, no context:
 * cleartext; whether HTTP/2 is spoken. `keep`: from those that are kept in this way, NULL: as the
 * group says. */
struct client_origin *upstream_origin(struct upstream *u, struct upstream_peer *p,
                                      const struct client_way *how,
                                      const struct upstream_keep *keep);

#endif
