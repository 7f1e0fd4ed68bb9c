/* What is known of the servers of a group: in this worker's own memory, or in memory that all
 * workers share.
 *
 * Whoever reads or writes it stands between upstream_state_enter and upstream_state_leave. */
#ifndef APP_PROXY_UPSTREAM_STATE_H
#define APP_PROXY_UPSTREAM_STATE_H

#include "app/proxy/upstream.h"

/* Memory that workers who are forked from now on share. The servers of the group are complete. */
void upstream_state_share(struct upstream *u);

/* What is known of a server. One that Lua has chosen by its address is none of the group's: it
 * knows for itself. */
struct upstream_state *upstream_state_of(const struct upstream *u, const struct upstream_peer *p);

/* It, among those that a request has tried. */
static inline upstream_tried upstream_state_bit(const struct upstream *u,
                                                const struct upstream_peer *p)
{
    return (upstream_tried)1 << ((size_t)(p - u->peers) % 64);
}

/* Another server is in that place: nothing is known of it, save the requests that still use the
 * place. */
void upstream_state_renew(struct upstream *u, unsigned i);

/* Waits until no other worker is inside; nothing where nothing is shared. */
void upstream_state_enter(const struct upstream *u);

/* Lets the others in. */
void upstream_state_leave(const struct upstream *u);

/* May it be given a request that wants it? */
bool upstream_state_is_open(const struct upstream *u, const struct upstream_peer *p,
                            upstream_tried tried);

/* May it be given any request now? `backups`: only one of those, else only one of the others. */
bool upstream_state_is_usable(const struct upstream *u, const struct upstream_peer *p,
                              upstream_tried tried, bool backups);

/* Is it left out for a while, because it has failed? */
bool upstream_state_is_resting(const struct upstream *u, const struct upstream_peer *p,
                               const struct upstream_state *st);

/* It has been chosen. */
void upstream_state_begin(const struct upstream_peer *p, struct upstream_state *st);

/* A request is over with it. */
void upstream_state_end(const struct upstream_peer *p, struct upstream_state *st, bool has_failed);

#endif
