/* A wake-up accepts until the kernel has no more or `batch` is reached: the descriptor is watched
 * level-triggered, so what is left comes with the next turn, after the connections that are already
 * there had theirs.
 *
 * Errors of accept are of three kinds (see accept(2)): nobody is waiting; this one connection is
 * gone, next please; and the process or the system has run out of something, when trying again at
 * once would only spin: that one rests. */
#include "net/listener.h"

#include <errno.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"

enum { BATCH = 16, LAST_BATCH = 4096, REST_MS = 100, COMPLAIN_EVERY_MS = 10000 };

static void rest(struct listener *l, int errnum)
{
    if (!l->complained_at || clock_ms() - l->complained_at >= COMPLAIN_EVERY_MS) {
        l->complained_at = clock_ms();
        log_write(NULL, LOG_CRIT, "accept4() failed (%d: %s), trying again every %d ms", errnum,
                  strerror(errnum), REST_MS);
    }
    io_watch(&l->io, 0);
    timer_start(&l->pause, REST_MS);
    if (l->on_exhausted)
        l->on_exhausted(l);
}

/* Is there more to accept after this error? */
static bool can_go_on(struct listener *l, int errnum)
{
    switch (errnum) {
    case EAGAIN:
        return false;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
        rest(l, errnum);
        return false;
    case EBADF:
    case EINVAL:
    case ENOTSOCK:
    case EFAULT:
        PANIC("accept4: %s", strerror(errnum));
    default: /* ECONNABORTED, and what the network has to say about the connection */
        return true;
    }
}

static void accept_up_to(struct listener *l, unsigned most)
{
    int listening = io_fd(&l->io);

    for (unsigned i = 0; i < most; i++) {
        struct addr peer;
        int fd;

        peer.len = sizeof(peer.storage);
        fd = accept4(listening, &peer.sa, &peer.len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0)
            l->on_accept(l, fd, &peer);
        else if (!can_go_on(l, errno))
            return;
        if (!io_events(&l->io)) /* on_accept has stopped it */
            return;
    }
}

static void on_readable(struct io *io, int events)
{
    struct listener *l = CONTAINER_OF(io, struct listener, io);
    unsigned room = l->room ? l->room(l) : l->batch;

    UNUSED(events);
    if (room == 0)
        io_watch(io, 0);
    else
        accept_up_to(l, MIN(room, l->batch));
}

static void on_rested(struct timer *t)
{
    io_watch(&CONTAINER_OF(t, struct listener, pause)->io, IO_READ);
}

void listener_init(struct listener *l, int fd,
                   void (*on_accept)(struct listener *l, int fd, const struct addr *peer))
{
    io_init(&l->io, fd, on_readable);
    timer_init(&l->pause, on_rested);
    l->on_accept = on_accept;
    l->user = NULL;
    l->room = NULL;
    l->on_exhausted = NULL;
    l->complained_at = 0;
    l->batch = BATCH;
}

void listener_start(struct listener *l)
{
    if (!timer_is_active(&l->pause))
        io_watch(&l->io, IO_READ);
}

void listener_stop(struct listener *l)
{
    io_watch(&l->io, 0);
    timer_stop(&l->pause);
}

void listener_finish(struct listener *l)
{
    io_watch(&l->io, IO_READ);
    accept_up_to(l, LAST_BATCH);
    listener_stop(l);
}
