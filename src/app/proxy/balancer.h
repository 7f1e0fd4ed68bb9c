/* balancer_by_lua: Lua chooses the server of each attempt of a proxied request, by `ngx.balancer`.
 * It runs when an attempt begins and must not wait. */
#ifndef APP_PROXY_BALANCER_H
#define APP_PROXY_BALANCER_H

#include "app/proxy/proxy.h"

/* What Lua has said about a request. In the exchange's pool; what concerns one attempt is cleared
 * before the next. */
struct balancer {
    struct upstream_peer peer;
    bool is_set;  /* the peer, for this attempt */
    bool is_kept; /* enable_keepalive */
    bool is_tls;  /* of the location; set_upstream_tls changes that of the attempt */
    struct upstream_keep keep;
    struct addr local;
    struct slice server_name; /* of TLS, instead of the location's; empty: none */
    struct slice location_name;
    uint64_t connect, send, read; /* timeouts in ms; 0: the location's */
    unsigned allowed;             /* attempts in all */
};

/* Runs the code for the next attempt. 0: p->peer is chosen by it, or NULL when the servers of the
 * block are to be chosen from; else the status to answer with. */
int balancer_choose(struct proxy *p);

/* What it said about the attempt goes into p->up, whose request has been made. */
void balancer_apply(struct proxy *p);

/* A debug line about connections that are kept: one was taken, or made. */
void balancer_note_head(const struct proxy *p);

/* The same: one is given back, or closed. */
void balancer_note_end(const struct proxy *p);

#endif
