/* A way to an origin that outlives the call which described it. */
#ifndef HTTP_CLIENT_WAY_H
#define HTTP_CLIENT_WAY_H

#include "base/pool.h"
#include "http/client/client_dial.h"

struct client_way_copy {
    struct client_way way;
    struct addr addr, local;
};

/* Copies into `memory`; contexts and the resolver are referred to until client_way_copy_free. With
 * `keeps_sessions` the copy has a place for them of its own. */
void client_way_copy(struct client_way_copy *to, const struct client_way *from,
                     struct pool *memory);

/* Gives back what is referred to. */
void client_way_copy_free(struct client_way_copy *c);

#endif
