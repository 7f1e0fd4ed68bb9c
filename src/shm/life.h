/* Is a process alive? A lock that it takes once and never gives back; the kernel opens it when the
 * process ends, however it ends, and no number can be mistaken for a younger process. */
#ifndef SHM_LIFE_H
#define SHM_LIFE_H

#include <pthread.h>

#include "base/base.h"

struct life {
    pthread_mutex_t mutex;
};

/* Makes one, of nobody, in memory that was mapped before the processes were forked. */
void life_init(struct life *l);

/* Takes it for the calling thread, unless somebody alive has it. */
bool life_take(struct life *l) MUST_USE;

/* Gives it back while alive. */
void life_give(struct life *l);

#endif
