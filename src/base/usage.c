/* A bucket's number is the place of the highest bit and the three bits behind it; values below 8
 * are their own. */
#include "base/usage.h"

#include <math.h>
#include <string.h>

static unsigned bucket_of(uint64_t v)
{
    unsigned high, at;

    if (v < 8)
        return (unsigned)v;
    high = 63 - (unsigned)__builtin_clzll(v);
    at = (high - 2) * 8 + ((unsigned)(v >> (high - 3)) & 7);
    return MIN(at, (unsigned)USAGE_BUCKETS - 1);
}

/* The largest value in it. */
static double most_of(unsigned bucket)
{
    unsigned high = bucket / 8 + 2;

    if (bucket < 8)
        return bucket;
    return ldexp(8 + bucket % 8 + 1, (int)high - 3) - 1;
}

void usage_add(struct usage_histogram *h, uint64_t value)
{
    h->counts[bucket_of(value)]++;
    h->n++;
}

double usage_quantile(const struct usage_histogram *h, double q)
{
    uint64_t seen = 0;

    for (unsigned i = 0; i < USAGE_BUCKETS; i++) {
        seen += h->counts[i];
        if (seen && (double)seen >= (double)h->n * q)
            return most_of(i);
    }
    return 0;
}

void usage_pass(struct usage *u, uint64_t now_us, unsigned n_busy, unsigned n)
{
    uint64_t passed = now_us > u->at_us ? now_us - u->at_us : 0; /* a clock may be set back */

    u->busy_us += passed * n_busy;
    u->all_us += passed * n;
    u->at_us = now_us;
}

double usage_share(const struct usage *u)
{
    return u->all_us ? (double)u->busy_us / (double)u->all_us : 0;
}

unsigned usage_wanted(const struct usage *u, unsigned n, double target)
{
    static const double rounding = 1e-9; /* 9 of 10 for 0.9 are 10, not 11 */
    double wanted = ceil(n * usage_share(u) / target - rounding);

    return wanted < n ? (unsigned)wanted : n;
}

void usage_reset(struct usage *u, uint64_t now_us)
{
    *u = (struct usage){.at_us = now_us};
}
