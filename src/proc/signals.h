/* Signals with their sender, and the log lines about them. */
#ifndef PROC_SIGNALS_H
#define PROC_SIGNALS_H

#include "base/base.h"

/* As signal_watch, and `sender` is the process that sent it (0: the kernel). */
void signals_watch(int signum, void (*fn)(int signum, pid_t sender));

/* Writes "signal 3 (SIGQUIT) received from 123, shutting down"; `action` may be "". */
void signals_log(int signum, pid_t sender, const char *action);

/* Holds every signal back, around a fork. */
void signals_block(void);

/* Lets them through again. */
void signals_unblock(void);

#endif
