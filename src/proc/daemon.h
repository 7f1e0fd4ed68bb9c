/* Leaving the terminal. */
#ifndef PROC_DAEMON_H
#define PROC_DAEMON_H

#include "base/base.h"

/* Forks; the caller goes on in the child, a session of its own with stdin and stdout on /dev/null.
 * The parent waits for daemon_ready and exits with 0, or with 1 when the child ends before. Returns
 * false (errno set) when it cannot fork. */
bool daemon_start(void) MUST_USE;

/* This process was started by a daemon in its place: it is one, and does not fork. */
void daemon_adopt(void);

/* Lets the parent go. Nothing happens when there is none. */
void daemon_ready(void);

/* Is this process a daemon? */
bool daemon_is_detached(void);

/* In a daemon, sends stderr to the error log's file `fd`. */
void daemon_redirect_stderr(int fd);

#endif
