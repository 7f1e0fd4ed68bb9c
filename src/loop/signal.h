/* Signals of the process as callbacks of the loop. */
#ifndef LOOP_SIGNAL_H
#define LOOP_SIGNAL_H

#include "base/base.h"

/* Calls `fn(signum, arg)` on a turn of the loop for each delivery (several may count as one). One
 * watcher per signal; NULL ends it, forgets what has come and restores the default. Signals do not
 * keep loop_run alive. */
void signal_watch(int signum, void (*fn)(int signum, void *arg), void *arg);

/* The same, for signals that end the process: one that comes before the loop has seen the last has
 * its default action, so that a callback that never returns can be ended. */
void signal_watch_end(int signum, void (*fn)(int signum, void *arg), void *arg);

/* SIGPIPE is ignored, for good. */
void signal_ignore_pipe(void);

/* Standard output could not be written: if that is because its reader has left, the process dies of
 * SIGPIPE, as one that does not ignore it. */
void signal_output_failed(void);

/* In a child after fork: drops every watcher and default-handles their signals; what the parent has
 * not seen yet stays the parent's. */
void signal_after_fork(void);

#endif
