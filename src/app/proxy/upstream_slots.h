/* Servers whose name may have several addresses: each address is a peer of its own.
 *
 * What such a line of the configuration has come to lies in memory that all workers share: a list
 * of slots, which are the places in the group's array of peers. The worker that asks for addresses
 * fills slots and empties them (upstream_slots_set), the others follow (upstream_slots_sync). An
 * address that stays keeps its slot, and so what is known of it. An empty slot is a peer of weight
 * 0, which nothing chooses. */
#ifndef APP_PROXY_UPSTREAM_SLOTS_H
#define APP_PROXY_UPSTREAM_SLOTS_H

#include "app/proxy/upstream.h"
#include "net/addr_list.h"

enum { UPSTREAM_SLOTS_MORE = ADDR_LIST_MAX }; /* behind those that the configuration has */

/* A `server` that is named. */
struct upstream_line {
    struct upstream_peer like; /* the name itself, with its parameters */
    struct slice service;      /* of SRV records; empty: the addresses of the name */
    bool may_go; /* `resolve`: a name that is no more has no peers; else it stands for itself */
    unsigned number;
    struct upstream_line *next;
};

struct upstream_address {
    struct addr addr; /* with its port */
    unsigned weight;
    bool is_backup;
};

/* What upstream_slots_set tells: slot `i` has another peer now, or none. */
typedef void (*upstream_slots_fn)(struct upstream *u, unsigned i);

/* The server that was added last is a name. Until its addresses are known it stands for itself;
 * with a service, for nobody. */
void upstream_slots_add(struct upstream *u, struct slice service, bool may_go);

/* The servers of the group, of which one is a name at least, are complete, and there is room for
 * UPSTREAM_SLOTS_MORE: makes the memory, before the fork. */
void upstream_slots_share(struct upstream *u);

/* These are the addresses of a line; none: nobody knows the name. Those that there is no room for
 * are left out. `fn` may be NULL. */
void upstream_slots_set(struct upstream *u, const struct upstream_line *line,
                        const struct upstream_address *addresses, unsigned n, upstream_slots_fn fn);

/* Takes over what has changed since. */
void upstream_slots_sync(struct upstream *u);

/* Before the fork: the servers of the group are those that it had in the configuration before, as
 * far as the same lines stand in both. */
void upstream_slots_inherit(struct upstream *u, struct upstream *old);

#endif
