/* The ways to choose one of a group's servers. */
#ifndef APP_PROXY_UPSTREAM_CHOOSE_H
#define APP_PROXY_UPSTREAM_CHOOSE_H

#include "app/proxy/upstream.h"

/* The next server; backups when no other may be used; when all have failed lately one of them, if
 * the request has tried none yet. `key`: of those ways that go by one. NULL: none is left. Between
 * upstream_state_enter and _leave. */
struct upstream_peer *upstream_choose(struct upstream *u, struct slice key, upstream_tried tried);

/* This server, for a request that wants it; NULL: it may not have it. Likewise between those. */
struct upstream_peer *upstream_choose_bound(struct upstream *u, struct upstream_peer *p,
                                            upstream_tried tried);

#endif
