/* Streams with queues and deadlines.
 *
 * Input: all wires read into one static buffer. Its owner is the wire whose unread input lies
 * there; before anybody else reads, what is left is moved into memory of the owner (keep). A
 * message that comes whole is thus taken from where it was received. Once a wire has bytes of its
 * own it reads behind them, so a large answer is copied once at most.
 *
 * A read that brought less than it asked for has emptied the socket (is_dry): the next one is not
 * tried before the loop has said so, which saves a system call for each answer that is waited for.
 * Reading stays watched between answers for the same reason; only input that nobody wants stops it.
 *
 * Output: a message is gathered in `message`, small pieces copied side by side, large ones where
 * they lie, and sent with one call. What was not taken is copied to the queue, which is flushed
 * whenever the stream is writable, whether somebody waits or not.
 *
 * Deadlines are numbers; the one timer is armed only when it would otherwise fire too late, and
 * looks at the numbers when it fires.
 *
 * To add a way to end a piece of input, write a wire_take_… like those here, or look for it in
 * wire_input and go on after wire_fill. */
#include "net/wire.h"

#include <string.h>

#include "base/check.h"
#include "base/clock.h"

enum { SHARED = 65536, READ_LEAST = 4096, READ_MOST = 1 << 20, PLENTY = 16384 };
enum { VECTORS = 64, SCRATCH = 16384, SMALL = 1024 };

static struct {
    struct wire *owner;
    char bytes[SHARED];
} shared; /* process-wide: the one read buffer */

static struct {
    struct iovec iov[VECTORS];
    int n;
    size_t used; /* of scratch */
    bool is_queued;
    char scratch[SCRATCH];
} message; /* process-wide: the message that is being put together */

/* --- life --- */

static void on_timer(struct timer *t);
static void watch(struct wire *w, int events);
static void on_ready(struct stream *s, int events);

void wire_init(struct wire *w)
{
    memset(w, 0, sizeof(*w));
    w->most = WIRE_INPUT_MOST;
    outq_init(&w->out);
    timer_init(&w->timer, on_timer);
}

void wire_open(struct wire *w, struct stream *s, void (*on_event)(struct wire *w, int events))
{
    CHECK(!w->stream);
    w->stream = s;
    w->on_event = on_event;
    w->waits = w->expired = w->watched = 0;
    w->is_dry = w->has_eof = w->is_overfull = false;
    w->read_deadline = w->write_deadline = 0;
    w->end = NULL;
    s->on_ready = on_ready;
    s->user = w;
}

static void drop_input(struct wire *w)
{
    if (shared.owner == w)
        shared.owner = NULL;
    buf_free(&w->kept);
    w->in = NULL;
    w->n = w->scanned = 0;
}

static void forget_waits(struct wire *w)
{
    timer_stop(&w->timer);
    w->waits = w->expired = 0;
}

void wire_close(struct wire *w, bool reset)
{
    if (!w->stream)
        return;
    if (!reset && !outq_is_empty(&w->out))
        (void)outq_flush(&w->out, w->stream, SIZE_MAX);
    drop_input(w);
    outq_clear(&w->out);
    forget_waits(w);
    stream_close(&w->stream, reset);
}

struct stream *wire_release(struct wire *w, struct buf *in, struct outq *out)
{
    struct stream *s = w->stream;

    if (!s)
        return NULL;
    buf_add_slice(in, wire_input(w));
    drop_input(w);
    outq_append(out, &w->out);
    forget_waits(w);
    stream_watch(s, 0);
    s->on_ready = NULL;
    s->user = NULL;
    w->stream = NULL;
    return s;
}

/* --- input --- */

/* Moves the unread input into memory of the wire, at its very start. */
static void keep(struct wire *w)
{
    if (shared.owner == w) {
        shared.owner = NULL;
        w->kept.n = 0;
        buf_add(&w->kept, w->in, w->n);
    } else if (w->in && w->in != w->kept.p) {
        buf_drop(&w->kept, (size_t)(w->in - w->kept.p));
    }
    w->in = w->kept.p;
}

void wire_unread(struct wire *w, struct slice s)
{
    CHECK(w->n == 0);
    drop_input(w);
    buf_add_slice(&w->kept, s);
    w->in = w->kept.p;
    w->n = s.n;
}

void wire_resume(struct wire *w, struct slice in, struct outq *out)
{
    wire_unread(w, in);
    outq_append(&w->out, out);
    (void)wire_drained(w, 0);
}

void wire_consume(struct wire *w, size_t n)
{
    w->in += n;
    w->n -= n;
    w->taken += n;
    w->scanned = 0;
    if (w->end && w->n == 0)
        watch(w, w->watched | IO_READ);
}

static enum wire_result filled(struct wire *w, ssize_t got, size_t asked)
{
    size_t plenty = w->stream->ops->reads_all ? asked : MIN(asked, (size_t)PLENTY);

    if (got > 0) {
        w->n += (size_t)got;
        w->is_dry = (size_t)got < plenty;
        return WIRE_DONE;
    }
    if (got == 0) {
        w->has_eof = true;
        return WIRE_END;
    }
    if (got == STREAM_FAILED)
        return WIRE_FAILED;
    if (got == STREAM_EMPTY)
        return WIRE_DONE;
    w->is_dry = true;
    return WIRE_WAIT;
}

static enum wire_result fill_shared(struct wire *w)
{
    if (shared.owner && shared.owner != w && shared.owner->n)
        keep(shared.owner);
    drop_input(w);
    shared.owner = w;
    w->in = shared.bytes;
    return filled(w, stream_read(w->stream, shared.bytes, SHARED), SHARED);
}

enum wire_result wire_fill(struct wire *w, size_t want)
{
    size_t room = MIN(MAX(want, (size_t)READ_LEAST), (size_t)READ_MOST);
    ssize_t got;
    char *p;

    if (w->has_eof)
        return WIRE_END;
    if (w->stream->err)
        return WIRE_FAILED;
    if (w->is_dry)
        return WIRE_WAIT;
    if (w->n == 0)
        return fill_shared(w);
    if (w->n >= w->most) {
        w->is_overfull = true;
        return WIRE_FAILED;
    }
    keep(w);
    p = buf_reserve(&w->kept, room);
    w->in = w->kept.p;
    got = stream_read(w->stream, p, room);
    if (got > 0)
        w->kept.n += (size_t)got;
    return filled(w, got, room);
}

/* Takes the first `n` bytes as the answer, and `more` that nobody wants. */
static enum wire_result answer(struct wire *w, size_t n, size_t more, struct slice *out)
{
    *out = slice_of(w->in ? w->in : "", n);
    wire_consume(w, n + more);
    return WIRE_DONE;
}

/* What ends an answer early: what there is goes out with it. */
static enum wire_result cut(struct wire *w, enum wire_result r, struct slice *out)
{
    if (r != WIRE_WAIT)
        (void)answer(w, w->n, 0, out);
    return r;
}

enum wire_result wire_take(struct wire *w, size_t n, struct slice *out)
{
    while (w->n < n) {
        enum wire_result r = wire_fill(w, n - w->n);

        if (r != WIRE_DONE)
            return cut(w, r, out);
    }
    return answer(w, n, 0, out);
}

enum wire_result wire_take_some(struct wire *w, size_t most, struct slice *out)
{
    if (w->n == 0) {
        enum wire_result r = wire_fill(w, most);

        if (r != WIRE_DONE)
            return cut(w, r, out);
    }
    return answer(w, MIN(w->n, most), 0, out);
}

enum wire_result wire_take_line(struct wire *w, struct slice *out)
{
    for (;;) {
        const char *from = w->in + w->scanned, *lf = NULL;
        enum wire_result r;

        if (w->n > w->scanned)
            lf = memchr(from, '\n', w->n - w->scanned);
        if (lf)
            return answer(w, (size_t)(lf - w->in), 1, out);
        w->scanned = w->n;
        r = wire_fill(w, 0);
        if (r != WIRE_DONE)
            return cut(w, r, out);
    }
}

enum wire_result wire_take_all(struct wire *w, struct slice *out)
{
    enum wire_result r;

    do
        r = wire_fill(w, w->n);
    while (r == WIRE_DONE);
    (void)cut(w, r, out);
    return r == WIRE_END ? WIRE_DONE : r;
}

/* --- output --- */

static void watch(struct wire *w, int events)
{
    if (events == w->watched)
        return;
    w->watched = (uint8_t)events;
    stream_watch(w->stream, events);
}

/* Copies what of the message was not sent. */
static void queue_rest(struct wire *w, size_t sent)
{
    for (int i = 0; i < message.n; i++) {
        size_t skip = MIN(sent, message.iov[i].iov_len);

        outq_add(&w->out, (const char *)message.iov[i].iov_base + skip,
                 message.iov[i].iov_len - skip);
        sent -= skip;
    }
}

static void send_message(struct wire *w)
{
    size_t all = 0;
    ssize_t sent = 0;

    for (int i = 0; i < message.n; i++)
        all += message.iov[i].iov_len;
    if ((all || w->stream->ops->has_messages) && !message.is_queued)
        sent = stream_writev(w->stream, message.iov, message.n);
    if (sent != STREAM_FAILED && (sent < 0 || (size_t)sent < all)) {
        message.is_queued = true;
        queue_rest(w, sent > 0 ? (size_t)sent : 0);
    }
    message.n = 0;
    message.used = 0;
}

void wire_write_begin(struct wire *w)
{
    message.n = 0;
    message.used = 0;
    message.is_queued = !outq_is_empty(&w->out);
}

void wire_write_add(struct wire *w, const void *p, size_t n)
{
    struct iovec *last;

    if (n == 0 || w->stream->err)
        return;
    w->written += n;
    if (message.n == VECTORS || (n <= SMALL && message.used + n > SCRATCH))
        send_message(w);
    last = &message.iov[message.n - (message.n > 0)];
    if (n > SMALL) {
        message.iov[message.n++] = (struct iovec){(void *)(uintptr_t)p, n};
        return;
    }
    memcpy(message.scratch + message.used, p, n);
    if (message.n > 0 && (char *)last->iov_base + last->iov_len == message.scratch + message.used)
        last->iov_len += n;
    else
        message.iov[message.n++] = (struct iovec){message.scratch + message.used, n};
    message.used += n;
}

enum wire_result wire_write_end(struct wire *w)
{
    send_message(w);
    return wire_drained(w, 0);
}

enum wire_result wire_drained(struct wire *w, size_t most)
{
    if (w->stream->err)
        return WIRE_FAILED;
    if (!outq_is_empty(&w->out))
        watch(w, w->watched | IO_WRITE);
    w->out_goal = most;
    return w->out.bytes <= most ? WIRE_DONE : WIRE_WAIT;
}

/* --- waiting --- */

static void arm(struct wire *w, uint64_t deadline)
{
    if (deadline && (!timer_is_active(&w->timer) || w->timer.deadline > deadline))
        timer_start(&w->timer, deadline > clock_ms() ? deadline - clock_ms() : 0);
}

static uint64_t deadline_in(uint64_t ms)
{
    return ms ? clock_ms() + ms : 0;
}

void wire_wait(struct wire *w, int side, uint64_t ms)
{
    uint64_t deadline = deadline_in(ms);

    w->waits |= (uint8_t)side;
    w->expired &= (uint8_t)~side;
    if (side == IO_READ) {
        w->read_deadline = deadline;
    } else {
        w->write_deadline = deadline;
        w->write_timeout = ms;
    }
    if (w->n == 0 && shared.owner != w)
        buf_free(&w->kept);
    watch(w, w->watched | side);
    arm(w, deadline);
}

void wire_forget(struct wire *w, int side)
{
    w->waits &= (uint8_t)~side;
}

bool wire_has_expired(struct wire *w, int side)
{
    bool has = (w->expired & side) != 0;

    w->expired &= (uint8_t)~side;
    return has;
}

/* The wait for `side` is over. */
static void tell(struct wire *w, int side)
{
    w->waits &= (uint8_t)~side;
    w->on_event(w, side);
}

/* Nobody reads, and somebody minds. */
static void look_for_end(struct wire *w)
{
    struct wire_end *e = w->end;
    enum wire_result r = wire_fill(w, 0);

    if (r == WIRE_DONE || r == WIRE_WAIT)
        return;
    w->end = NULL;
    e->fn(e);
}

static void on_readable(struct wire *w)
{
    w->is_dry = false;
    if (w->waits & IO_READ)
        tell(w, IO_READ);
    else if (w->end && w->n == 0)
        look_for_end(w);
    else
        watch(w, w->watched & ~IO_READ);
}

void wire_mind_end(struct wire *w, struct wire_end *e)
{
    w->end = e;
    watch(w, w->watched | IO_READ);
}

static void on_writable(struct wire *w)
{
    size_t before = w->out.bytes;

    (void)outq_flush(&w->out, w->stream, SIZE_MAX);
    if (w->stream->err)
        outq_clear(&w->out);
    if (w->out.bytes < before && w->write_deadline) {
        w->write_deadline = deadline_in(w->write_timeout);
        arm(w, w->write_deadline);
    }
    if (outq_is_empty(&w->out))
        watch(w, w->watched & ~IO_WRITE);
    if (w->waits & IO_WRITE && w->out.bytes <= w->out_goal)
        tell(w, IO_WRITE);
}

static void on_ready(struct stream *s, int events)
{
    struct wire *w = s->user;

    if (events & IO_WRITE)
        on_writable(w);
    if (events & IO_READ && w->stream == s)
        on_readable(w);
}

static bool is_overdue(const struct wire *w, int side, uint64_t deadline)
{
    return w->waits & side && deadline && deadline <= clock_ms();
}

static void expire(struct wire *w, int side)
{
    w->expired |= (uint8_t)side;
    tell(w, side);
}

static void on_timer(struct timer *t)
{
    struct wire *w = CONTAINER_OF(t, struct wire, timer);

    if (is_overdue(w, IO_READ, w->read_deadline))
        expire(w, IO_READ);
    if (w->stream && is_overdue(w, IO_WRITE, w->write_deadline))
        expire(w, IO_WRITE);
    if (!w->stream)
        return;
    if (w->waits & IO_READ)
        arm(w, w->read_deadline);
    if (w->waits & IO_WRITE)
        arm(w, w->write_deadline);
}
