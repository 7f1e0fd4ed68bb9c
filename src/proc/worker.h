/* A process that serves: a worker of the master, or the only process there is. */
#ifndef PROC_WORKER_H
#define PROC_WORKER_H

#include "app/conf.h"
#include "proc/heartbeat.h"

struct worker_task {
    struct app_conf *conf;
    int id, count;
    struct heartbeat *heartbeat; /* NULL: nobody looks */
    int alive_fd;                /* read end of a pipe that the master holds open; -1: no master */
};

/* Serves until a signal ends it, or the master goes. Everything that `task` names is open; signals
 * are blocked and get unblocked. Returns when app_stop has run. */
void worker_serve(const struct worker_task *task);

#endif
