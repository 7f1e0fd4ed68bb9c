/* The kernel keeps, for each thread, a list of the robust mutexes it holds, and marks them when the
 * thread ends however it ends; that makes a `kill -9` visible.
 *
 * What is done under these locks takes some 50 ns, so whoever finds one taken tries again a few
 * times before it goes to sleep in the kernel. */
#include "shm/lock.h"

#include <errno.h>
#include <stdatomic.h>

#include "base/check.h"

enum { TRIES = 200 };

void lock_init(struct lock *l)
{
    pthread_mutexattr_t a;

    CHECK(pthread_mutexattr_init(&a) == 0);
    CHECK(pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED) == 0);
    CHECK(pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST) == 0);
    CHECK(pthread_mutex_init(&l->mutex, &a) == 0);
    pthread_mutexattr_destroy(&a);
}

static int wait_for(struct lock *l)
{
    int rc = EBUSY;

    for (int i = 0; i < TRIES && rc == EBUSY; i++) {
        atomic_signal_fence(memory_order_seq_cst);
        rc = pthread_mutex_trylock(&l->mutex);
    }
    return rc == EBUSY ? pthread_mutex_lock(&l->mutex) : rc;
}

bool lock_take(struct lock *l)
{
    int rc = pthread_mutex_trylock(&l->mutex);

    if (UNLIKELY(rc == EBUSY))
        rc = wait_for(l);
    if (LIKELY(rc == 0))
        return true;
    CHECK(rc == EOWNERDEAD);
    CHECK(pthread_mutex_consistent(&l->mutex) == 0);
    return false;
}

void lock_give(struct lock *l)
{
    CHECK(pthread_mutex_unlock(&l->mutex) == 0);
}
