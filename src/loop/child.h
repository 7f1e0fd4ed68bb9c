/* Child processes: their end as a callback. */
#ifndef LOOP_CHILD_H
#define LOOP_CHILD_H

#include "base/base.h"
#include "base/list.h"

struct child {
    struct list node;
    pid_t pid;
    void (*fn)(struct child *c, int wait_status); /* c is no longer watched when called */
};

/* Watches a child of this process (SIGCHLD and waitpid of this pid only). */
void child_watch(struct child *c, pid_t pid, void (*fn)(struct child *c, int wait_status));

/* Stops watching. */
void child_unwatch(struct child *c);

#endif
