/* An answer in parts from inside: what proxy_slices (which part, its head) and proxy_slices_fetch
 * (the others) share. */
#ifndef APP_PROXY_PROXY_SLICES_PARTS_H
#define APP_PROXY_PROXY_SLICES_PARTS_H

#include "app/proxy/proxy_slices.h"

struct proxy_slices {
    struct visit *v;
    int64_t size;       /* of a part, the last may be smaller */
    int64_t first;      /* where the part begins that is fetched now */
    int64_t begin, end; /* what the client gets */
    int64_t total;      /* -1: not known yet */
    struct slice etag;  /* of the first */
    bool is_sub;        /* the visit is the subrequest of another, for one part */
};

/* How many bytes the part at `first` has, of a whole of `total`. */
static inline int64_t proxy_slices_size(const struct proxy_slices *s, int64_t total)
{
    return MIN(s->size, total - s->first);
}

#endif
