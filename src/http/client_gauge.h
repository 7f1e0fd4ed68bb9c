/* How an origin of a pool is used: lengths of its queue, times in it, times of requests, each as a
 * histogram, and how busy its connections are. */
#ifndef HTTP_CLIENT_GAUGE_H
#define HTTP_CLIENT_GAUGE_H

#include "base/base.h"

/* Buckets of an eighth of a power of two: a quantile is exact to an eighth. Up to 2^40. */
enum { CLIENT_GAUGE_BUCKETS = 312 };

struct client_histogram {
    uint64_t n;
    uint32_t counts[CLIENT_GAUGE_BUCKETS];
};

struct client_gauge {
    unsigned holds;
    uint64_t at_us, busy_us, open_us;     /* connection time up to `at_us` */
    struct client_histogram queue_length; /* found by those who asked */
    struct client_histogram queue_us;     /* until a connection was there */
    struct client_histogram request_us;   /* from then on until the response was complete */
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

/* A new period begins. */
void client_gauge_reset(struct client_gauge *g, uint64_t now_us);

/* Counts a value. */
void client_gauge_add(struct client_histogram *h, uint64_t value);

/* The value that a share `q` of all does not pass, 0 where nothing was counted. */
double client_gauge_quantile(const struct client_histogram *h, double q);

/* Up to now so many connections were there, and so many of them at work. */
void client_gauge_pass(struct client_gauge *g, uint64_t now_us, unsigned n_busy, unsigned n);

/* The share of their time in which connections were at work. */
double client_gauge_utilisation(const struct client_gauge *g);

#endif
