/* Each end reads while the other's queue is short; what is read is offered to the other at once and
 * queued only where it takes no more. The end of one side is passed on once what came before it has
 * gone out; when both have ended, or one fails, both are closed. */
#include "net/tunnel.h"

#include "base/clock.h"
#include "base/mem.h"
#include "loop/io.h"
#include "loop/loop.h"
#include "loop/timer.h"
#include "net/tls/tls.h"

enum { BUFFER = 65536, READS_MOST = 8, PACE_MS = 100 };

struct tunnel;

struct end {
    struct stream *stream;
    struct outq out; /* to this end */
    struct tunnel *tunnel;
    struct end *other;
    int watched;
    bool is_blocked;          /* the stream took no more */
    bool is_paced;            /* as much as its rate allows has been read: the timer goes on */
    bool has_eof;             /* it has sent all it will */
    bool is_shut;             /* and has been told that the other has */
    uint64_t received, taken; /* bytes read from it, and handed to its queue */
    uint64_t first_ms;        /* when its first byte came; 0: none has */
};

struct tunnel {
    struct end ends[2];
    struct timer timer;
    struct loop_call begin;
    struct tunnel_options options;
    uint64_t active_ms, started_ms;
};

static char *bytes;        /* process-wide: BUFFER of them, used within a call */
static unsigned n_tunnels; /* process-wide: what tunnel_count tells */

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

struct tunnel_counts tunnel_counts(const struct tunnel *t)
{
    struct tunnel_counts c;

    for (int i = 0; i < 2; i++) {
        const struct end *e = &t->ends[i];

        c.received[i] = e->received;
        c.sent[i] = e->taken - MIN(e->taken, e->out.bytes);
        c.first_ms[i] = e->first_ms;
    }
    return c;
}

/* Both are closed; the memory goes with the turn. */
static void end(struct tunnel *t, bool reset)
{
    timer_stop(&t->timer);
    loop_cancel(&t->begin);
    close_end(&t->ends[0], reset);
    close_end(&t->ends[1], reset);
    n_tunnels--;
    loop_free_later(t, free_tunnel);
}

static void finish(struct tunnel *t, const struct err *why)
{
    struct tunnel_counts counts = tunnel_counts(t);

    if (t->options.on_over)
        t->options.on_over(t->options.user, &counts, why);
    end(t, why && why != &err_timeout);
}

void tunnel_close(struct tunnel **t)
{
    struct tunnel *dead = *t;

    *t = NULL;
    if (dead)
        end(dead, true);
}

static bool is_over(const struct tunnel *t)
{
    bool a = t->ends[0].is_shut, b = t->ends[1].is_shut;

    return t->options.ends_together ? a || b : a && b;
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

/* What was read from `e` goes to the other end. */
static bool pass_on(struct end *e, size_t n)
{
    struct end *to = e->other;

    e->received += n;
    to->taken += n;
    if (!e->first_ms)
        e->first_ms = clock_ms();
    if (to->is_blocked) {
        outq_add(&to->out, bytes, n);
        return true;
    }
    switch (outq_write(&to->out, to->stream, slice_of(bytes, n), NULL, 1)) {
    case OUTQ_FAILED:
        return false;
    case OUTQ_BLOCKED:
        to->is_blocked = true;
        return true;
    default:
        return true;
    }
}

/* Bytes that may be read from `e` now. */
static size_t allowance(const struct end *e)
{
    const struct tunnel *t = e->tunnel;
    uint64_t rate = t->options.rate[e - t->ends];
    uint64_t due = rate * (clock_ms() - t->started_ms + PACE_MS) / 1000;

    if (!rate)
        return BUFFER;
    return due > e->received ? (size_t)MIN(due - e->received, (uint64_t)BUFFER) : 0;
}

static void pace(struct end *e)
{
    e->is_paced = true;
    timer_start(&e->tunnel->timer, PACE_MS);
}

/* Moves what `e` has to the other end. A short read has emptied it: the loop tells when there is
 * more. False: one of them is broken. */
static bool pump(struct end *e)
{
    struct end *to = e->other;
    size_t most = e->tunnel->options.buffer, want = BUFFER;
    ssize_t n = BUFFER;

    for (unsigned i = 0; i < READS_MOST && !e->has_eof && to->out.bytes < most; i++) {
        if (n < (ssize_t)want && !tls_is(e->stream))
            break;
        want = allowance(e);
        if (want == 0) {
            pace(e);
            break;
        }
        n = stream_read(e->stream, bytes, want);
        if (n == STREAM_AGAIN)
            break;
        if (n < 0)
            return false;
        e->tunnel->active_ms = clock_ms();
        e->has_eof = n == 0;
        if (n > 0 && !pass_on(e, (size_t)n))
            return false;
    }
    return flush(to);
}

static void update(struct end *e)
{
    int events = e->is_blocked ? IO_WRITE : 0;

    if (!e->has_eof && !e->is_paced && e->other->out.bytes < e->tunnel->options.buffer)
        events |= IO_READ;
    if (events != e->watched) {
        e->watched = events;
        stream_watch(e->stream, events);
    }
}

static const struct err *error_of(const struct tunnel *t)
{
    const struct err *a = t->ends[0].stream->err, *b = t->ends[1].stream->err;

    return a ? a : b ? b : &err_closed;
}

static void go_on(struct tunnel *t, bool is_fine)
{
    if (!is_fine || is_over(t)) {
        finish(t, is_fine ? NULL : error_of(t));
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

/* Ends whose rate has kept them go on. */
static void resume(struct tunnel *t)
{
    bool is_fine = true;

    if (t->options.idle)
        timer_start(&t->timer, t->options.idle);
    for (int i = 0; i < 2 && is_fine; i++) {
        if (!t->ends[i].is_paced)
            continue;
        t->ends[i].is_paced = false;
        is_fine = pump(&t->ends[i]);
    }
    go_on(t, is_fine);
}

static void on_timer(struct timer *timer)
{
    struct tunnel *t = CONTAINER_OF(timer, struct tunnel, timer);
    uint64_t at = t->active_ms + t->options.idle;

    if (t->ends[0].is_paced || t->ends[1].is_paced)
        resume(t);
    else if (at > clock_ms())
        timer_start(timer, at - clock_ms());
    else
        finish(t, &err_timeout);
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
    e->taken = e->out.bytes;
    side->stream = NULL;
}

static void preload(struct end *e, struct buf *in)
{
    if (in->n) {
        outq_add(&e->out, in->p, in->n);
        e->taken += in->n;
    }
    buf_free(in);
}

struct tunnel *tunnel_start(struct tunnel_side *a, struct tunnel_side *b,
                            const struct tunnel_options *o)
{
    struct tunnel *t = mem_new(struct tunnel);

    if (!bytes)
        bytes = mem_alloc(BUFFER);
    t->options = *o;
    if (o->buffer == 0)
        t->options.buffer = BUFFER;
    open_end(t, 0, a);
    open_end(t, 1, b);
    preload(&t->ends[0], &b->in);
    preload(&t->ends[1], &a->in);
    t->active_ms = t->started_ms = clock_ms();
    n_tunnels++;
    timer_init(&t->timer, on_timer);
    if (o->idle)
        timer_start(&t->timer, o->idle);
    loop_call_init(&t->begin, on_begin);
    loop_next(&t->begin);
    return t;
}
