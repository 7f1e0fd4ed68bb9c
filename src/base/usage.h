/* How a pool of costly things is used, in periods: how many wait and how long, how long a thing is
 * held, how busy they all are; and how many of them are worth keeping. */
#ifndef BASE_USAGE_H
#define BASE_USAGE_H

#include "base/base.h"

/* Buckets of an eighth of a power of two: a quantile is exact to an eighth. Up to 2^40. */
enum { USAGE_BUCKETS = 312 };

struct usage_histogram {
    uint64_t n;
    uint32_t counts[USAGE_BUCKETS];
};

/* Times in microseconds of one clock, which is the caller's. All zero: nothing was counted. */
struct usage {
    uint64_t at_us, busy_us, all_us; /* time of the things, of the busy ones and all, up to at_us */
    struct usage_histogram queue_length; /* found by those who asked */
    struct usage_histogram queue_us;     /* until they had a thing */
    struct usage_histogram hold_us;      /* from then on until they gave it back */
};

/* Counts a value. */
void usage_add(struct usage_histogram *h, uint64_t value);

/* The value that a share `q` of all does not pass, 0 where nothing was counted. */
double usage_quantile(const struct usage_histogram *h, double q);

/* Up to now so many things were there, and so many of them busy. To be called before either
 * changes. */
void usage_pass(struct usage *u, uint64_t now_us, unsigned n_busy, unsigned n);

/* The share of their time in which things were busy. */
double usage_share(const struct usage *u);

/* How many of `n` things would have been busy for the share `target` of the period; at most `n`. */
unsigned usage_wanted(const struct usage *u, unsigned n, double target);

/* A new period begins. */
void usage_reset(struct usage *u, uint64_t now_us);

#endif
