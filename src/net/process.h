/* Child processes that are talked to over pipes. */
#ifndef NET_PROCESS_H
#define NET_PROCESS_H

#include <sys/types.h>

#include "net/stream.h"

enum { PROCESS_STDIN, PROCESS_STDOUT, PROCESS_STDERR, PROCESS_ENDS };

/* What one of the three descriptors of the child is. */
enum process_end {
    PROCESS_PIPE,      /* the other end is ours */
    PROCESS_NULL,      /* /dev/null */
    PROCESS_INHERIT,   /* our own */
    PROCESS_TO_STDOUT, /* stderr only: wherever stdout goes */
};

struct process_options {
    char *const *argv; /* ends with NULL; the first is the program, looked for along our PATH */
    char *const *env;  /* ends with NULL; NULL: our own */
    const char *dir;   /* working directory; NULL: our own */
    enum process_end ends[PROCESS_ENDS];
};

struct process {
    pid_t pid;
    bool has_ended;                    /* and has been reaped: `pid` may be another's by now */
    int wait_status;                   /* of waitpid, once it has ended */
    void (*on_end)(struct process *p); /* called from the loop, once; set by the user, or NULL */
    void *user;
};

/* Starts a process with default signals and no descriptor of ours but those asked for. 0, or the
 * errno of what went wrong, a program that cannot be executed included; `ends_out` has streams for
 * the pipes, which the caller owns, and NULL otherwise. */
int process_spawn(const struct process_options *o, struct process **process_out,
                  struct stream *ends_out[PROCESS_ENDS]);

/* Sends a signal: 0, or the errno, ESRCH when the process has ended. */
int process_signal(const struct process *p, int signum);

/* Lets go and clears the pointer: a process that still runs is killed (SIGKILL) and reaped in the
 * background. on_end is not called any more. */
void process_release(struct process **p);

#endif
