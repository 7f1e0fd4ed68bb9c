/* A lock that processes share and that outlives its owner: when a process dies inside, the next one
 * gets in and is told.
 *
 * For memory that was mapped before the processes were forked. Threads of a process may use it once
 * lock_enlist has been called: they exclude each other as processes do. */
#ifndef SHM_LOCK_H
#define SHM_LOCK_H

#include <stdatomic.h>

#include "base/base.h"

struct lock {
    _Atomic uint64_t owner; /* 0: nobody */
};

/* What this process writes into the locks it holds; 0: it has not held any yet. Set by
 * lock_take and lock_enlist alone; for others it is the name of this process. */
extern uint64_t lock_self;

/* Makes a lock, before the fork. */
void lock_init(struct lock *l);

/* Gives this process its name, which lock_take does otherwise when it is needed first. To be called
 * by the main thread, which lives as long as the process, before others take locks. */
void lock_enlist(void);

/* Does the process live whose lock_self that is? */
bool lock_is_alive(uint64_t name);

/* The rest of lock_take. */
bool lock_take_slow(struct lock *l) MUST_USE;

/* Waits until nobody else is inside. False: the last owner died there; what it left must be mended
 * before anything else is done. The lock is held in both cases. */
MUST_USE static inline bool lock_take(struct lock *l)
{
    uint64_t nobody = 0;

    if (LIKELY(lock_self &&
               atomic_compare_exchange_strong_explicit(&l->owner, &nobody, lock_self,
                                                       memory_order_acquire, memory_order_relaxed)))
        return true;
    return lock_take_slow(l);
}

/* Leaves. */
static inline void lock_give(struct lock *l)
{
    atomic_store_explicit(&l->owner, 0, memory_order_release);
}

#endif
