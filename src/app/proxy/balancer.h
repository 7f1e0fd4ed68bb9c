/* balancer_by_lua: Lua chooses the server of each attempt of a request or a session that is passed
 * on, by `ngx.balancer`. It runs when an attempt begins and must not wait. */
#ifndef APP_PROXY_BALANCER_H
#define APP_PROXY_BALANCER_H

#include "app/proxy/proxy.h"

/* What Lua has said about a request. In the exchange's pool; what concerns one attempt is cleared
 * before the next. */
struct balancer {
    struct visit *v;
    struct upstream_peer peer;
    bool is_set;          /* the peer, for this attempt */
    bool is_kept;         /* enable_keepalive */
    bool is_tls, has_tls; /* of the attempt; of the location */
    struct tls_ctx *tls;  /* the location's */
    unsigned tries;       /* attempts before this one */
    unsigned most;        /* attempts, by the configuration; 0: any number */
    int last_status;      /* what the one before came to; 0: there was none */
    struct upstream_keep keep;
    struct addr local;
    struct slice server_name; /* of TLS, instead of the location's; empty: none */
    struct slice location_name;
    uint64_t connect, send, read; /* timeouts in ms; 0: the location's */
    unsigned allowed;             /* attempts in all */
};

/* What stands between `v` and the servers of `u`; `most`: attempts that the configuration allows,
 * 0: any number. In the visit's pool. */
struct balancer *balancer_new(struct visit *v, struct upstream *u, unsigned most);

/* Runs the code of `u` for an attempt; `last_status`: of the one before, 0: there was none. 0: the
 * peer is chosen, or left to the servers of the block; else the status to answer with. */
int balancer_run(struct balancer *b, struct upstream *u, int last_status);

/* May another attempt be made after `tries`? */
bool balancer_goes_on(const struct balancer *b, unsigned tries);

/* The one whose code runs now, in any phase; NULL: nothing is passed on. */
struct balancer *balancer_of(const struct visit *v);

/* Of a request: runs the code for the next attempt. 0: p->peer is chosen by it, or NULL when the
 * servers of the block are to be chosen from; else the status to answer with. */
int balancer_choose(struct proxy *p);

/* What it said about the attempt goes into p->up, whose request has been made. */
void balancer_apply(struct proxy *p);

/* A debug line about connections that are kept: one was taken, or made. */
void balancer_note_head(const struct proxy *p);

/* The same: one is given back, or closed. */
void balancer_note_end(const struct proxy *p);

#endif
