/* Tunnels: WebSocket by extended CONNECT (RFC 8441), CONNECT, or whatever a handler makes of a
 * stream.
 *
 * The record of the stream stays where it was; its `on_news` is called whenever something may have
 * changed, and readiness is passed on in the next turn, level-triggered: as long as the user
 * watches for what is there it is told again. When the stream ends before the tunnel is closed,
 * what was not read moves to the tunnel (part_from_stream). */
#include "http/h2_tunnel.h"

#include "base/mem.h"
#include "loop/io.h"
#include "loop/loop.h"

enum { QUEUED_MOST = 65536 };

struct tunnel {
    struct stream stream;
    struct h2_stream *st; /* NULL: it has ended */
    struct buf rest;      /* then: what was not read */
    struct loop_call ready;
    uint8_t watched;
    bool has_end; /* the peer's side ended well */
};

static struct tunnel *tunnel_of(const struct stream *s)
{
    return CONTAINER_OF(s, struct tunnel, stream);
}

static size_t room(const struct tunnel *t)
{
    const struct h2_stream *st = t->st;

    if (!st || st->out_state >= H2_OUT_LAST || st->out.bytes >= QUEUED_MOST)
        return 0;
    return QUEUED_MOST - st->out.bytes;
}

static int ready_events(const struct tunnel *t)
{
    bool is_readable = !t->st || t->st->in == H2_IN_ENDED || h2_stream_has_data(t->st);

    return (is_readable ? IO_READ : 0) | (!t->st || room(t) ? IO_WRITE : 0);
}

static void tell(struct tunnel *t)
{
    if (ready_events(t) & t->watched)
        loop_next(&t->ready);
}

static void on_ready(struct loop_call *call)
{
    struct tunnel *t = CONTAINER_OF(call, struct tunnel, ready);
    int events = ready_events(t) & t->watched;

    if (!events)
        return;
    loop_next(call); /* until it is not watched for any more, or the tunnel is closed */
    t->stream.on_ready(&t->stream, events);
}

/* The stream is over: its record may go. */
static void part_from_stream(struct tunnel *t)
{
    struct h2_stream *st = t->st;

    t->has_end = st->in == H2_IN_ENDED && st->code == H2_NO_ERROR;
    h2_stream_take(st, &t->rest);
    st->owner = NULL;
    t->st = NULL;
}

static void on_news(struct h2_stream *st)
{
    struct tunnel *t = st->owner;

    if (st->is_closed)
        part_from_stream(t);
    tell(t);
}

static ssize_t fail(struct stream *s, const struct err *why)
{
    if (!s->err)
        s->err = why;
    return STREAM_FAILED;
}

static ssize_t tunnel_read(struct stream *s, void *p, size_t n)
{
    struct tunnel *t = tunnel_of(s);

    if (s->err)
        return STREAM_FAILED;
    if (t->st && h2_stream_has_data(t->st))
        h2_stream_take(t->st, &t->rest);
    if (t->rest.n) {
        n = MIN(n, t->rest.n);
        memcpy(p, t->rest.p, n);
        buf_drop(&t->rest, n);
        return (ssize_t)n;
    }
    if (t->st)
        return t->st->in == H2_IN_ENDED ? 0 : STREAM_AGAIN;
    return t->has_end ? 0 : fail(s, &err_reset);
}

static ssize_t tunnel_writev(struct stream *s, const struct iovec *iov, int count)
{
    struct tunnel *t = tunnel_of(s);
    size_t left = room(t), all = left;

    if (s->err)
        return STREAM_FAILED;
    if (!t->st || t->st->out_state >= H2_OUT_LAST)
        return fail(s, &err_closed);
    for (int i = 0; i < count && left; i++) {
        size_t n = MIN(left, iov[i].iov_len);

        outq_add(&t->st->out, iov[i].iov_base, n);
        left -= n;
    }
    if (left == all)
        return STREAM_AGAIN;
    h2_stream_wake(t->st);
    return (ssize_t)(all - left);
}

static void tunnel_watch(struct stream *s, int events)
{
    struct tunnel *t = tunnel_of(s);

    t->watched = (uint8_t)events;
    tell(t);
}

static void tunnel_shutdown(struct stream *s)
{
    struct tunnel *t = tunnel_of(s);

    if (!t->st || t->st->out_state >= H2_OUT_LAST)
        return;
    t->st->out_state = H2_OUT_LAST;
    h2_stream_wake(t->st);
}

static void free_tunnel(void *p)
{
    struct tunnel *t = p;

    buf_free(&t->rest);
    mem_free(t);
}

static void tunnel_close(struct stream *s, bool reset)
{
    struct tunnel *t = tunnel_of(s);
    struct h2_stream *st = t->st;

    loop_cancel(&t->ready);
    tunnel_shutdown(s);
    if (st) {
        st->owner = NULL;
        t->st = NULL;
        if (reset)
            h2_session_reset(st->link->session, st->id, H2_CANCEL);
        else if (st->in != H2_IN_ENDED)
            st->link->abandon(st);
        st->link->schedule(st->link);
    }
    loop_free_later(t, free_tunnel);
}

static int tunnel_fd(const struct stream *s)
{
    UNUSED(s);
    return -1;
}

static const struct stream_ops ops = {
    .read = tunnel_read,
    .writev = tunnel_writev,
    .watch = tunnel_watch,
    .shutdown = tunnel_shutdown,
    .close = tunnel_close,
    .fd = tunnel_fd,
};

struct stream *h2_tunnel_open(struct h2_stream *st)
{
    struct tunnel *t = mem_new(struct tunnel);

    t->stream.ops = &ops;
    t->st = st;
    loop_call_init(&t->ready, on_ready);
    st->owner = t;
    st->on_news = on_news;
    return &t->stream;
}
