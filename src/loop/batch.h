/* Receives and sends of several sockets in one system call, where the kernel has io_uring and lets
 * us use it; one call each elsewhere. */
#ifndef LOOP_BATCH_H
#define LOOP_BATCH_H

#include <sys/types.h>

#include "base/base.h"

enum { BATCH_MOST = 64 };

/* One receive or send. Both are made as with MSG_DONTWAIT, so none outlives batch_run. */
struct batch_op {
    int fd;
    bool is_send;
    bool has_more; /* of a send: a packet that is not full may wait for what follows (MSG_MORE) */
    void *bytes;
    size_t n;
    ssize_t result; /* as recv and send have it, but -errno in place of -1 */
};

/* Lets batch_run use io_uring, or keeps it from that. Initially it may. */
void batch_allow(bool is_allowed);

/* Does one system call serve several? Made out at the first question; until then nothing is taken
 * of the system. */
bool batch_is_joint(void);

/* Why the system does not give us io_uring (an errno); 0: it does, or was not asked. */
int batch_refusal(void);

/* Runs `n` (at most BATCH_MOST) of them, in order, and fills in the results. */
void batch_run(struct batch_op *ops, unsigned n);

/* Gives back what was taken of the system. */
void batch_end(void);

#endif
