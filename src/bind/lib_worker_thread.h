/* Threads that run Lua functions, each in a machine of its own: how many, and their end. What Lua
 * sees is lib_worker_thread in bind/lib.h. */
#ifndef BIND_LIB_WORKER_THREAD_H
#define BIND_LIB_WORKER_THREAD_H

#include "base/slice.h"

struct worker_thread_pool {
    struct slice name;
    unsigned threads;
    unsigned most_waiting; /* jobs */
};

struct worker_thread_options {
    const struct worker_thread_pool *pools; /* one of the name "default" is there in any case */
    unsigned n_pools;
    unsigned most_machines; /* that exist at a time, and thereby jobs */
};

/* What there is from now on; borrowed. Without it: the default pool and 10 machines. */
void lib_worker_thread_configure(const struct worker_thread_options *o);

/* Ends the threads: the machine is about to be closed. Those that still run a job are left behind,
 * and the process then exits without any further ado. */
void lib_worker_thread_close(void);

#endif
