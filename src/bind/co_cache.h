/* Tasks that have ended, to be used again, and the coroutines of the latest of them. Task objects
 * are never given back to malloc; a coroutine above the limit is left to the collector. */
#ifndef BIND_CO_CACHE_H
#define BIND_CO_CACHE_H

#include <stdbool.h>

struct co;

enum { CO_CACHE_DEFAULT = 1024 };

/* How many coroutines are kept. */
void co_cache_set_most(unsigned n);

/* An ended task, or NULL. Its `L` is NULL when its coroutine was not kept. */
struct co *co_cache_take(void);

/* Takes an ended task. A coroutine whose stack is not at rest is reset before it can be started
 * again. */
void co_cache_put(struct co *co, bool is_at_rest);

/* Takes an ended task without its coroutine, which goes with the machine. */
void co_cache_put_bare(struct co *co);

/* The machine is about to be closed: no coroutine is kept any more. Each task in the cache is to be
 * put again, bare. */
void co_cache_forget(void);

#endif
