/* The sign of life that a worker gives its master, in a page they share. */
#ifndef PROC_HEARTBEAT_H
#define PROC_HEARTBEAT_H

#include <stdatomic.h>

#include "base/base.h"

struct heartbeat {
    _Atomic uint64_t beats;
    _Atomic bool is_ready; /* the worker has begun to serve */
};

/* A page shared with processes forked from now on. */
struct heartbeat *heartbeat_new(void);

/* Gives this process's view of it up and clears the pointer. */
void heartbeat_free(struct heartbeat **h);

/* Beats now and, when `interval` (ms) is not 0, from the loop once per interval. One per process.
 * `h` may be NULL. */
void heartbeat_start(struct heartbeat *h, uint64_t interval);

#endif
