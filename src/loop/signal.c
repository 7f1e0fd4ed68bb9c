/* Signals over libev's ev_signal, one entry per number. libev's handler only notes the signal and
 * wakes the loop, so callbacks run as any other and may call anything. SIGCHLD belongs to child.c.
 *
 * For signal_watch_end the kernel drops that handler when it calls it (SA_RESETHAND), and the
 * callback's turn puts it back. */
#include "loop/signal.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "base/check.h"
#include "loop/loop_ev.h"

enum { SIGNALS = 65 };

static struct entry {
    ev_signal watcher;
    void (*fn)(int signum, void *arg); /* NULL: not watched */
    void *arg;
    struct sigaction action; /* libev's handler, for one signal; none: it stays by itself */
} entries[SIGNALS];          /* process-wide: so are signals */

static void on_signal(struct ev_loop *ev, ev_signal *w, int events)
{
    struct entry *e = CONTAINER_OF(w, struct entry, watcher);

    UNUSED(ev);
    UNUSED(events);
    if (e->action.sa_handler)
        (void)sigaction(w->signum, &e->action, NULL);
    e->fn(w->signum, e->arg);
}

void signal_watch(int signum, void (*fn)(int signum, void *arg), void *arg)
{
    struct entry *e;

    CHECK(signum > 0 && signum < SIGNALS);
    e = &entries[signum];
    if (e->fn && !fn) {
        /* What libev has noted would wait for the next watcher, in a child for the child's. */
        ev_feed_signal_event(loop_ev, signum);
        ev_signal_stop(loop_ev, &e->watcher); /* restores the default */
    }
    if (!e->fn && fn) {
        ev_signal_init(&e->watcher, on_signal, signum);
        ev_signal_start(loop_ev, &e->watcher);
    } else if (fn && e->action.sa_handler) {
        e->action.sa_flags &= ~SA_RESETHAND;
        CHECK(sigaction(signum, &e->action, NULL) == 0);
    }
    e->fn = fn;
    e->arg = arg;
    e->action.sa_handler = NULL;
}

void signal_watch_end(int signum, void (*fn)(int signum, void *arg), void *arg)
{
    struct entry *e = &entries[signum];

    signal_watch(signum, fn, arg);
    CHECK(sigaction(signum, NULL, &e->action) == 0);
    e->action.sa_flags |= SA_RESETHAND;
    CHECK(sigaction(signum, &e->action, NULL) == 0);
}

void signal_ignore_pipe(void)
{
    signal(SIGPIPE, SIG_IGN);
}

void signal_output_failed(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO};

    if (poll(&out, 1, 0) == 1 && (out.revents & POLLERR)) {
        signal(SIGPIPE, SIG_DFL);
        raise(SIGPIPE);
    }
}

void signal_after_fork(void)
{
    for (int i = 1; i < SIGNALS; i++)
        signal_watch(i, NULL, NULL);
}
