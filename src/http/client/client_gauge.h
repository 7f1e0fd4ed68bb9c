/* How an origin of a pool is used, as its requests go through it (base/usage). */
#ifndef HTTP_CLIENT_GAUGE_H
#define HTTP_CLIENT_GAUGE_H

#include "base/usage.h"

struct client_gauge {
    unsigned holds;
    struct usage usage; /* held: from a request's turn until its response is complete */
};

/* Of one request that is measured. */
struct client_times {
    struct client_gauge *gauge; /* held; NULL: it has not begun, or is not measured */
    uint64_t queued_us;         /* 0: did not have to wait */
    uint64_t begun_us;
};

/* Nothing counted yet; one hold. */
struct client_gauge *client_gauge_new(void);

/* Gives up a hold and clears the pointer (NULL inside is fine); the last one frees. */
void client_gauge_release(struct client_gauge **g);

/* A request has found so many waiting, and waits. */
void client_gauge_wait(struct client_gauge *g, struct client_times *t, unsigned n_before);

/* Its turn has come: its time in the queue ends, that of the request begins. */
void client_gauge_begin(struct client_gauge *g, struct client_times *t);

/* It is over. */
void client_gauge_end(struct client_times *t);

#endif
