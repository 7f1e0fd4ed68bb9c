/* libev's handler does not note who sent a signal. Ours stands before it: it keeps the sender and
 * calls libev's. */
#include "proc/signals.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/log.h"
#include "loop/signal.h"

enum { SIGNALS = 65 };

static struct entry {
    void (*fn)(int signum, pid_t sender);
    void (*next)(int signum); /* libev's handler */
    volatile pid_t sender;
} entries[SIGNALS]; /* process-wide: so are signals */

static void on_delivered(int signum, siginfo_t *info, void *context)
{
    UNUSED(context);
    entries[signum].sender = info->si_code <= 0 ? info->si_pid : 0;
    entries[signum].next(signum);
}

static void on_turn(int signum, void *arg)
{
    struct entry *e = arg;

    e->fn(signum, e->sender);
}

void signals_watch(int signum, void (*fn)(int signum, pid_t sender))
{
    struct entry *e = &entries[signum];
    struct sigaction action;

    CHECK(signum > 0 && signum < SIGNALS);
    e->fn = fn;
    signal_watch(signum, on_turn, e);
    CHECK(sigaction(signum, NULL, &action) == 0);
    if (action.sa_flags & SA_SIGINFO)
        return;
    e->next = action.sa_handler;
    action.sa_flags |= SA_SIGINFO;
    action.sa_sigaction = on_delivered;
    CHECK(sigaction(signum, &action, NULL) == 0);
}

void signals_log(int signum, pid_t sender, const char *action)
{
    const char *name = sigabbrev_np(signum);

    if (sender > 0)
        log_write(NULL, LOG_NOTICE, "signal %d (SIG%s) received from %d%s%s", signum,
                  name ? name : "?", (int)sender, *action ? ", " : "", action);
    else
        log_write(NULL, LOG_NOTICE, "signal %d (SIG%s) received%s%s", signum, name ? name : "?",
                  *action ? ", " : "", action);
}

void signals_block(void)
{
    sigset_t all;

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
}

void signals_unblock(void)
{
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}
