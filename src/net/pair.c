/* The in-memory pair. Each end owns the buffer it reads from; its peer writes there while both
 * live.
 *
 * Readiness is level-triggered like a socket's: whenever something may have become ready, a call is
 * queued for the loop; it tells the user what is ready by then and has queued itself again for the
 * next turn, so that it goes on until the user has taken what there is or watches for less. */
#include "net/pair.h"

#include "base/buf.h"
#include "base/check.h"
#include "base/mem.h"
#include "loop/io.h"
#include "loop/loop.h"

struct end {
    struct stream stream;
    struct end *peer; /* NULL: closed */
    struct loop_call call;
    struct buf in;
    size_t room; /* most bytes that `in` may hold */
    int watched;
    bool is_in_ended; /* the peer will write no more */
    bool is_out_ended;
};

static struct end *end_of(const struct stream *s)
{
    return CONTAINER_OF(s, struct end, stream);
}

static int ready_events(const struct end *e)
{
    int events = 0;

    if (e->stream.err || e->in.n || e->is_in_ended)
        events |= IO_READ;
    if (e->stream.err || !e->peer || e->is_out_ended || e->peer->in.n < e->peer->room)
        events |= IO_WRITE;
    return events & e->watched;
}

static void wake(struct end *e)
{
    if (e && ready_events(e))
        loop_next(&e->call);
}

static void on_call(struct loop_call *call)
{
    struct end *e = CONTAINER_OF(call, struct end, call);
    int events = ready_events(e);

    if (!events)
        return;
    loop_next(call); /* before on_ready, which may close */
    e->stream.on_ready(&e->stream, events);
}

static ssize_t fail(struct stream *s, const struct err *e)
{
    s->err = e;
    return STREAM_FAILED;
}

static ssize_t read_in(struct stream *s, void *p, size_t n)
{
    struct end *e = end_of(s);

    CHECK(n > 0);
    if (s->err)
        return STREAM_FAILED;
    if (!e->in.n)
        return e->is_in_ended ? 0 : STREAM_AGAIN;
    n = MIN(n, e->in.n);
    memcpy(p, e->in.p, n);
    buf_drop(&e->in, n);
    wake(e->peer);
    return (ssize_t)n;
}

static ssize_t write_out(struct stream *s, const struct iovec *iov, int n)
{
    struct end *e = end_of(s);
    size_t sent = 0, offered = 0;

    if (s->err)
        return STREAM_FAILED;
    if (!e->peer || e->is_out_ended)
        return fail(s, &err_closed);
    for (int i = 0; i < n; i++) {
        size_t held = e->peer->in.n;
        size_t here = held < e->peer->room ? MIN(iov[i].iov_len, e->peer->room - held) : 0;

        if (here)
            buf_add(&e->peer->in, iov[i].iov_base, here);
        sent += here;
        offered += iov[i].iov_len;
    }
    if (!sent && offered)
        return STREAM_AGAIN;
    wake(e->peer);
    return (ssize_t)sent;
}

static void watch_end(struct stream *s, int events)
{
    struct end *e = end_of(s);

    e->watched = events;
    wake(e);
}

static void end_output(struct stream *s)
{
    struct end *e = end_of(s);

    e->is_out_ended = true;
    if (e->peer) {
        e->peer->is_in_ended = true;
        wake(e->peer);
    }
}

static void close_end(struct stream *s, bool reset)
{
    struct end *e = end_of(s), *peer = e->peer;

    loop_cancel(&e->call);
    if (peer) {
        peer->peer = NULL;
        peer->is_in_ended = true;
        if (reset && !peer->stream.err)
            peer->stream.err = &err_reset;
        wake(peer);
    }
    buf_free(&e->in);
    mem_free(e);
}

static int no_fd(const struct stream *s)
{
    UNUSED(s);
    return -1;
}

static const struct stream_ops ops = {
    .read = read_in,
    .writev = write_out,
    .watch = watch_end,
    .shutdown = end_output,
    .close = close_end,
    .fd = no_fd,
};

void pair_new(struct stream *ends[2], size_t capacity)
{
    struct end *e[2] = {mem_new(struct end), mem_new(struct end)};

    for (int i = 0; i < 2; i++) {
        e[i]->stream.ops = &ops;
        e[i]->peer = e[1 - i];
        e[i]->room = capacity;
        loop_call_init(&e[i]->call, on_call);
        ends[i] = &e[i]->stream;
    }
}

void pair_set_capacity(struct stream *s, size_t capacity)
{
    struct end *e = end_of(s);

    if (e->peer)
        e->peer->room = capacity;
    wake(e);
}

void pair_fail(struct stream *s, const struct err *e)
{
    s->err = e;
    wake(end_of(s));
}
