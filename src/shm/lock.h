/* A lock that processes share and that outlives its owner: when a process dies inside, the next one
 * gets in and is told. */
#ifndef SHM_LOCK_H
#define SHM_LOCK_H

#include <pthread.h>

#include "base/base.h"

struct lock {
    pthread_mutex_t mutex;
};

/* Makes a lock in memory that was mapped before the processes were forked. */
void lock_init(struct lock *l);

/* Waits until nobody else is inside. False: the last owner died there; what it left must be mended
 * before anything else is done. The lock is held in both cases. */
bool lock_take(struct lock *l) MUST_USE;

/* Leaves. */
void lock_give(struct lock *l);

#endif
