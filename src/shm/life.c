/* A robust mutex: the kernel keeps a list of those that a thread holds, and marks them when it
 * ends. */
#include "shm/life.h"

#include <errno.h>

#include "base/check.h"

void life_init(struct life *l)
{
    pthread_mutexattr_t a;

    CHECK(pthread_mutexattr_init(&a) == 0);
    CHECK(pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED) == 0);
    CHECK(pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST) == 0);
    CHECK(pthread_mutex_init(&l->mutex, &a) == 0);
    pthread_mutexattr_destroy(&a);
}

bool life_take(struct life *l)
{
    int rc = pthread_mutex_trylock(&l->mutex);

    if (rc == EOWNERDEAD)
        CHECK(pthread_mutex_consistent(&l->mutex) == 0);
    return rc != EBUSY;
}

void life_give(struct life *l)
{
    CHECK(pthread_mutex_unlock(&l->mutex) == 0);
}
