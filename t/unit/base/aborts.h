/* Does a function stop the process? It runs in a child, so that the test goes on. */
#ifndef T_UNIT_BASE_ABORTS_H
#define T_UNIT_BASE_ABORTS_H

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs `fn` in a child; what the child writes to stderr is put into `text`, terminated. True when
 * it died by SIGABRT. */
static inline bool aborts_with(void (*fn)(void), char *text, size_t size)
{
    int ends[2], status;
    size_t n = 0;
    ssize_t got;
    pid_t pid;

    if (pipe(ends) < 0 || (pid = fork()) < 0)
        abort();
    if (pid == 0) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        signal(SIGABRT, SIG_DFL);
        fn();
        _exit(0);
    }
    close(ends[1]);
    while (n < size - 1 && (got = read(ends[0], text + n, size - 1 - n)) > 0)
        n += (size_t)got;
    text[n] = '\0';
    close(ends[0]);
    waitpid(pid, &status, 0);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

/* The same, without interest in the message. */
static inline bool aborts(void (*fn)(void))
{
    char text[16384];

    return aborts_with(fn, text, sizeof(text));
}

#endif
