/* Each end reads while the other's queue is short. The end of one side is passed on once what came
 * before it has gone out; when both have ended, or one fails, both are closed. */
#include "net/tunnel.h"

#include "base/clock.h"
#include "base/mem.h"
#include "loop/io.h"
#include "loop/loop.h"
#include "loop/timer.h"

enum { BUFFER = 65536, QUEUE_MOST = 65536, READS_MOST = 8 };

struct tunnel;

struct end {
    struct stream *stream;
    struct outq out; /* to this end */
    struct tunnel *tunnel;
    struct end *other;
    int watched;
    bool is_blocked; /* the stream took no more */
    bool has_eof;    /* it has sent all it will */
    bool is_shut;    /* and has been told that the other has */
};

struct tunnel {
    struct end ends[2];
    struct timer timer;
    struct loop_call begin;
    uint64_t idle, active_ms;
};

static char *bytes;        /* process-wide: BUFFER of them, used within a call */
static unsigned n_tunnels; /* process-wide: for status pages and tests */

unsigned tunnel_count(void)
{
    return n_tunnels;
}

static void close_end(struct end *e, bool reset)
{
    outq_clear(&e->out);
    stream_close(&e->stream, reset);
}

static void free_tunnel(void *p)
{
    mem_free(p);
}

static void finish(struct tunnel *t, bool reset)
{
    timer_stop(&t->timer);
    loop_cancel(&t->begin);
    close_end(&t->ends[0], reset);
    close_end(&t->ends[1], reset);
    n_tunnels--;
    loop_free_later(t, free_tunnel);
}

static bool is_over(const struct tunnel *t)
{
    return t->ends[0].is_shut && t->ends[1].is_shut;
}

/* Sends what is queued for `e`. False: it is broken. */
static bool flush(struct end *e)
{
    if (!outq_is_empty(&e->out) && !e->is_blocked) {
        enum outq_result r = outq_flush(&e->out, e->stream, SIZE_MAX);

        e->is_blocked = r == OUTQ_BLOCKED;
        if (r == OUTQ_FAILED)
            return false;
    }
    if (e->other->has_eof && !e->is_shut && outq_is_empty(&e->out)) {
        e->is_shut = true;
        stream_shutdown(e->stream);
    }
    return true;
}

/* Moves what `e` has to the other end. False: one of them is broken. */
static bool pump(struct end *e)
{
    struct end *to = e->other;

    for (unsigned i = 0; i < READS_MOST && !e->has_eof && to->out.bytes < QUEUE_MOST; i++) {
        ssize_t n = stream_read(e->stream, bytes, BUFFER);

        if (n == STREAM_AGAIN)
            break;
        if (n < 0)
            return false;
        e->tunnel->active_ms = clock_ms();
        e->has_eof = n == 0;
        if (n > 0)
            outq_add(&to->out, bytes, (size_t)n);
        if (!flush(to))
            return false;
    }
    return flush(to);
}

static void update(struct end *e)
{
    int events = e->is_blocked ? IO_WRITE : 0;

    if (!e->has_eof && e->other->out.bytes < QUEUE_MOST)
        events |= IO_READ;
    if (events != e->watched) {
        e->watched = events;
        stream_watch(e->stream, events);
    }
}

static void go_on(struct tunnel *t, bool is_fine)
{
    if (!is_fine || is_over(t)) {
        finish(t, !is_fine);
        return;
    }
    update(&t->ends[0]);
    update(&t->ends[1]);
}

static void on_ready(struct stream *s, int events)
{
    struct end *e = s->user;
    bool is_fine = true;

    if (events & IO_WRITE) {
        e->is_blocked = false;
        is_fine = flush(e) && pump(e->other);
    }
    if (is_fine && (events & IO_READ))
        is_fine = pump(e);
    go_on(e->tunnel, is_fine);
}

static void on_begin(struct loop_call *call)
{
    struct tunnel *t = CONTAINER_OF(call, struct tunnel, begin);

    go_on(t, flush(&t->ends[0]) && flush(&t->ends[1]));
}

static void on_timer(struct timer *timer)
{
    struct tunnel *t = CONTAINER_OF(timer, struct tunnel, timer);
    uint64_t at = t->active_ms + t->idle;

    if (at > clock_ms())
        timer_start(timer, at - clock_ms());
    else
        finish(t, true);
}

static void open_end(struct tunnel *t, unsigned i, struct tunnel_side *side)
{
    struct end *e = &t->ends[i];

    e->tunnel = t;
    e->other = &t->ends[1 - i];
    e->stream = side->stream;
    e->stream->user = e;
    e->stream->on_ready = on_ready;
    outq_init(&e->out);
    outq_append(&e->out, &side->out);
    side->stream = NULL;
}

void tunnel_start(struct tunnel_side *a, struct tunnel_side *b, uint64_t idle)
{
    struct tunnel *t = mem_new(struct tunnel);

    if (!bytes)
        bytes = mem_alloc(BUFFER);
    open_end(t, 0, a);
    open_end(t, 1, b);
    if (b->in.n)
        outq_add(&t->ends[0].out, b->in.p, b->in.n);
    if (a->in.n)
        outq_add(&t->ends[1].out, a->in.p, a->in.n);
    buf_free(&a->in);
    buf_free(&b->in);
    t->idle = idle;
    t->active_ms = clock_ms();
    n_tunnels++;
    timer_init(&t->timer, on_timer);
    if (idle)
        timer_start(&t->timer, idle);
    loop_call_init(&t->begin, on_begin);
    loop_next(&t->begin);
}
