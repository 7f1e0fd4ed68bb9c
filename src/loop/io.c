/* Descriptors over libev's ev_io.
 *
 * The events watched for are kept in the watcher's `data`, the field that libev leaves to its user:
 * so the question "does anything change?" is one comparison. Stopping and starting only mark the
 * descriptor; libev calls epoll_ctl once, before the next wait, and only when the mask has become
 * another. It does not call it for a descriptor that nobody watches any more: a closed one leaves
 * epoll by itself, and an event of another one puts it right.
 *
 * ev_io_modify instead of ev_io_set is what keeps "stop, start with the same events" free of system
 * calls. A number that stands for a new file gets a new io_init, which forces the call. */
#include "loop/io.h"

#include "base/check.h"
#include "loop/loop_ev.h"

_Static_assert(sizeof(ev_io) <= sizeof(((struct io *)0)->watcher), "room for libev's watcher");
_Static_assert(IO_READ == (int)EV_READ && IO_WRITE == (int)EV_WRITE,
               "events are passed on as they are");

static inline ev_io *watcher_of(const struct io *io)
{
    return (ev_io *)(void *)(uintptr_t)io->watcher;
}

/* 1 when loop_run has to go on for a watcher of these events. */
static inline unsigned counted(int events)
{
    return events != 0 && !(events & IO_BACKGROUND);
}

/* libev believes that the kernel has what it refused: makes the next start tell it anew. */
static void forget_kernel_state(ev_io *w)
{
    ev_io_set(w, w->fd, 0);
}

static void on_event(struct ev_loop *ev, ev_io *w, int events)
{
    struct io *io = CONTAINER_OF((char *)w, struct io, watcher);
    int asked = (int)(uintptr_t)w->data;

    UNUSED(ev);
    if (UNLIKELY(events &
                 EV_ERROR)) { /* the kernel refused the descriptor; libev has stopped the watcher */
        w->data = NULL;
        loop_ev_active -= counted(asked);
        forget_kernel_state(w);
    }
    io->fn(io, events & asked);
}

void io_init(struct io *io, int fd, void (*fn)(struct io *io, int events))
{
    ev_io *w = watcher_of(io);

    io->fn = fn;
    ev_io_init(w, on_event, fd, 0);
    w->data = NULL;
}

int io_fd(const struct io *io)
{
    return watcher_of(io)->fd;
}

int io_events(const struct io *io)
{
    return (int)(uintptr_t)watcher_of(io)->data;
}

void io_watch(struct io *io, int events)
{
    ev_io *w = watcher_of(io);
    int old = (int)(uintptr_t)w->data;

    if (events == old)
        return;
    if (old) {
        if (UNLIKELY(!ev_is_active(w))) /* refused, and on_event is yet to hear of it */
            forget_kernel_state(w);
        ev_io_stop(loop_ev, w);
    }
    w->data = (void *)(uintptr_t)events;
    loop_ev_active += counted(events) - counted(old);
    if (events) {
        ev_io_modify(w, events & (IO_READ | IO_WRITE));
        ev_io_start(loop_ev, w);
    }
}
