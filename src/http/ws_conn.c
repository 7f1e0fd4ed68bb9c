/* One WebSocket connection.
 *
 * Input goes from a static buffer of the process straight into the assembler; only what lies behind
 * a message that nobody has taken yet is kept (hold). So an open connection that idles owns its
 * struct and nothing else.
 *
 * States move forward only, by set_state: OPEN, CLOSING, LINGER, DEAD. `end` is the one place where
 * a conversation is over: it takes what is to be told to the user, and goes to LINGER, where the
 * last output goes out and input is dropped until the peer ends or the deadline comes. A server
 * ends its side first (RFC 6455 section 7.1.1), a client waits for it to do so.
 *
 * One timer serves heartbeats and the closing deadline; it is not restarted when input comes, but
 * looks at `last_read` when it fires. */
#include "http/ws_conn.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/rand.h"
#include "loop/io.h"

enum { READ_SIZE = 65536, DIRECT_LEAST = 16384, CLOSE_REASON_MOST = 123 };

const struct ws_options ws_options_default = {
    .deflate_least = 64,
    .max_frame = 65536,
    .max_message = 1048576,
    .watermark = 65536,
    .close_timeout = 5000,
};

static struct mem_cache conns = MEM_CACHE(struct ws_conn, 1024); /* process-wide: kept for reuse */
static struct list all = {&all, &all}; /* process-wide: connections that are not dead */
static unsigned n_all;                 /* process-wide: how many */
static void (*on_gone)(void);          /* process-wide: who is told when one dies */
static char input[READ_SIZE];          /* process-wide: what was read in this callback */

static void on_ready(struct stream *s, int events);

static void set_state(struct ws_conn *c, enum ws_state to)
{
    CHECK(to > c->state);
    c->state = (uint8_t)to;
}

/* --- the end --- */

static void destroy(void *p)
{
    struct ws_conn *c = p;

    buf_free(&c->held);
    buf_free(&c->in);
    if (c->reason)
        buf_free(c->reason);
    mem_free(c->reason);
    ws_deflate_free(&c->deflate);
    ws_messages_deinit(&c->m);
    mem_cache_give(&conns, c);
}

static void die(struct ws_conn *c, bool reset)
{
    if (c->state == WS_DEAD)
        return;
    set_state(c, WS_DEAD);
    stream_close(&c->stream, reset);
    outq_clear(&c->out);
    loop_cancel(&c->flush);
    timer_stop(&c->timer);
    list_remove(&c->node);
    n_all--;
    if (c->is_released)
        loop_free_later(c, destroy);
    if (on_gone)
        on_gone();
}

static void update_watch(struct ws_conn *c)
{
    int events = 0;

    if (!c->stream)
        return;
    if (!c->has_eof && !c->has_pending && c->in.n == 0)
        events |= IO_READ;
    if (!outq_is_empty(&c->out))
        events |= IO_WRITE;
    if (events != c->watched)
        stream_watch(c->stream, events);
    c->watched = (uint8_t)events;
}

/* The time until the timer has something to do. */
static void arm(struct ws_conn *c)
{
    const struct ws_options *o = &c->options;
    uint64_t now = clock_ms(), at = 0;

    if (c->deadline)
        at = c->deadline;
    else if (c->state == WS_OPEN && o->heartbeat_idle)
        at = c->last_read + o->heartbeat_idle + (c->has_pinged ? o->heartbeat_timeout : 0);
    if (at && !(timer_is_active(&c->timer) && c->timer.deadline <= at))
        timer_start(&c->timer, at > now ? at - now : 0);
}

static void set_deadline(struct ws_conn *c)
{
    if (c->deadline == 0)
        c->deadline = clock_ms() + c->options.close_timeout;
    arm(c);
}

/* The conversation is over. `err`: it did not end with a close frame of the peer. */
static void end(struct ws_conn *c, const struct err *err)
{
    if (c->state >= WS_LINGER)
        return;
    set_state(c, WS_LINGER);
    c->err = err;
    set_deadline(c);
    if (!c->is_released && c->callbacks->on_closed)
        c->callbacks->on_closed(c);
}

/* The stream is broken, or time is up. */
static void lose(struct ws_conn *c, const struct err *why)
{
    end(c, why);
    die(c, true);
}

void ws_conn_abort(struct ws_conn *c, const struct err *why)
{
    if (c->state < WS_LINGER)
        c->err = why;
    die(c, true);
}

/* --- output --- */

/* The last byte has gone out. False: so has the connection. */
static bool finish(struct ws_conn *c)
{
    if (c->has_eof) {
        die(c, false);
        return false;
    }
    if (!c->has_shut && (!c->options.is_client || c->code == WS_CODE_ABNORMAL))
        stream_shutdown(c->stream);
    c->has_shut = true;
    return true;
}

/* Sends what is queued. False: the connection is dead. */
static bool flush(struct ws_conn *c)
{
    if (!c->stream)
        return false;
    if (c->stream->err || outq_flush(&c->out, c->stream, 0) == OUTQ_FAILED) {
        lose(c, c->stream->err);
        return false;
    }
    if (c->state == WS_LINGER && outq_is_empty(&c->out) && !finish(c))
        return false;
    if (c->is_waiting_drained && c->out.bytes <= c->options.watermark / 2) {
        c->is_waiting_drained = false;
        if (!c->is_released && c->callbacks->on_drained)
            c->callbacks->on_drained(c);
    }
    return c->stream != NULL;
}

bool ws_conn_is_congested(const struct ws_conn *c)
{
    return c->out.bytes > c->options.watermark;
}

static void schedule(struct ws_conn *c)
{
    if (!loop_call_is_queued(&c->flush))
        loop_at_end(&c->flush);
}

static bool answer(struct ws_conn *c)
{
    schedule(c);
    if (!ws_conn_is_congested(c))
        return true;
    c->is_waiting_drained = true;
    return false;
}

/* Large payloads are offered to the stream where they lie. */
static void queue_large(struct ws_conn *c, const uint8_t *head, size_t head_n, struct slice data)
{
    outq_add(&c->out, head, head_n);
    /* when it fails, the flush finds the stream broken */
    (void)outq_write(&c->out, c->stream, data, NULL, DIRECT_LEAST);
}

static void queue(struct ws_conn *c, enum ws_opcode opcode, bool is_deflated, struct slice data)
{
    uint8_t head[WS_HEAD_MOST], mask[4];
    bool is_client = c->options.is_client;
    size_t head_n;
    char *room;

    if (is_client)
        rand_bytes(mask, sizeof mask);
    head_n = ws_frame_head(head, opcode, is_deflated, data.n, is_client ? mask : NULL);
    if (data.n >= DIRECT_LEAST && !is_client) {
        queue_large(c, head, head_n, data);
        return;
    }
    room = outq_reserve(&c->out, head_n + data.n);
    memcpy(room, head, head_n);
    if (data.n > 0)
        memcpy(room + head_n, data.p, data.n);
    if (is_client)
        (void)ws_mask(room + head_n, data.n, mask, 0);
    outq_commit(&c->out, head_n + data.n);
}

bool ws_conn_send(struct ws_conn *c, enum ws_opcode opcode, struct slice data)
{
    if (c->state != WS_OPEN)
        return false;
    if (c->deflate && data.n >= c->options.deflate_least) {
        struct buf packed = BUF_EMPTY;

        ws_deflate_message(c->deflate, data, &packed);
        queue(c, opcode, true, buf_slice(&packed));
        buf_free(&packed);
    } else {
        queue(c, opcode, false, data);
    }
    return answer(c);
}

bool ws_conn_send_encoded(struct ws_conn *c, struct slice frames)
{
    CHECK(!c->options.is_client);
    if (c->state != WS_OPEN)
        return false;
    outq_add(&c->out, frames.p, frames.n);
    return answer(c);
}

void ws_conn_send_control(struct ws_conn *c, enum ws_opcode opcode, struct slice payload)
{
    CHECK(payload.n <= WS_CONTROL_MOST);
    if (c->state != WS_OPEN)
        return;
    queue(c, opcode, false, payload);
    (void)answer(c);
}

static void queue_close(struct ws_conn *c, unsigned code, struct slice reason)
{
    char payload[WS_CONTROL_MOST];
    size_t n = MIN(reason.n, (size_t)CLOSE_REASON_MOST);

    if (code == WS_CODE_NONE) {
        queue(c, WS_CLOSE, false, SLICE_EMPTY);
    } else {
        payload[0] = (char)(code >> 8);
        payload[1] = (char)code;
        if (n > 0)
            memcpy(payload + 2, reason.p, n);
        queue(c, WS_CLOSE, false, slice_of(payload, n + 2));
    }
    (void)answer(c);
}

void ws_conn_close(struct ws_conn *c, unsigned code, struct slice reason)
{
    if (c->state != WS_OPEN)
        return;
    queue_close(c, code, reason);
    set_state(c, WS_CLOSING);
    c->has_pending = false;
    buf_free(&c->held);
    set_deadline(c);
}

/* --- input --- */

/* The peer broke the rules: it is told, and the connection is over (section 7.1.7). */
static void fail(struct ws_conn *c, unsigned code, const char *reason)
{
    if (c->state == WS_OPEN)
        queue_close(c, code, slice_str(reason));
    end(c, code == WS_CODE_TOO_LARGE ? &err_too_large : &err_protocol);
}

static void on_close_frame(struct ws_conn *c, struct slice payload)
{
    uint16_t code, error;
    struct slice reason;

    error = ws_close_parse(payload, &code, &reason);
    if (error) {
        fail(c, error, "malformed close frame");
        return;
    }
    c->code = code;
    if (reason.n > 0) {
        c->reason = mem_new(struct buf);
        buf_add_slice(c->reason, reason);
    }
    if (c->state == WS_OPEN)
        queue_close(c, code, SLICE_EMPTY);
    end(c, NULL);
}

static void on_control(struct ws_conn *c)
{
    switch (c->m.frames.opcode) {
    case WS_PING:
        ws_conn_send_control(c, WS_PONG, c->m.data);
        break;
    case WS_PONG:
        if (!c->is_released && c->callbacks->on_pong)
            c->callbacks->on_pong(c, c->m.data);
        break;
    default:
        on_close_frame(c, c->m.data);
    }
}

/* A message lies in m.data, which may be in *in or `input`, and nobody has taken it: it and what
 * follows are kept. */
static void hold(struct ws_conn *c, struct slice in)
{
    if (c->m.data.n > 0 && c->m.data.p != c->m.gathered.p) {
        buf_add_slice(&c->held, c->m.data);
        c->m.data = buf_slice(&c->held);
    }
    buf_add_slice(&c->in, in);
}

/* Offers a message to whoever waits. True: it was taken. */
static bool offer(struct ws_conn *c)
{
    c->has_pending = true;
    if (c->is_waiting && !c->is_released) {
        c->is_waiting = false;
        if (c->callbacks->on_message)
            c->callbacks->on_message(c);
    }
    return !c->has_pending;
}

/* Reads messages until one is not taken or the input ends. */
static void feed(struct ws_conn *c, struct slice in)
{
    while (c->state < WS_LINGER) {
        enum ws_event event = ws_messages_next(&c->m, &in);

        if (event == WS_EVENT_MORE)
            break;
        if (event == WS_EVENT_BAD)
            fail(c, c->m.frames.code, c->m.frames.reason);
        else if (event == WS_EVENT_CONTROL)
            on_control(c);
        else if (c->state == WS_OPEN && !offer(c))
            return hold(c, in);
    }
}

/* Input that was kept behind a message. */
static void feed_kept(struct ws_conn *c)
{
    struct buf kept = c->in;

    if (kept.n == 0 || c->has_pending)
        return;
    c->in = BUF_EMPTY;
    buf_free(&c->held);
    feed(c, buf_slice(&kept));
    buf_free(&kept);
}

enum ws_taken ws_conn_take(struct ws_conn *c)
{
    if (!c->has_pending) {
        c->is_waiting = false;
        buf_free(&c->held);
        feed_kept(c);
    }
    schedule(c); /* reading goes on */
    if (c->has_pending) {
        c->has_pending = false;
        return WS_TAKEN_MESSAGE;
    }
    if (c->state != WS_OPEN)
        return WS_TAKEN_END;
    c->is_waiting = true;
    return WS_TAKEN_WAIT;
}

static void on_end_of_input(struct ws_conn *c, const struct err *why)
{
    c->has_eof = true;
    end(c, why);
}

static void on_readable(struct ws_conn *c)
{
    ssize_t n = stream_read(c->stream, input, sizeof input);

    if (n == STREAM_AGAIN)
        return;
    if (n == STREAM_FAILED) {
        lose(c, c->stream->err);
        return;
    }
    if (n == 0) {
        on_end_of_input(c, &err_closed);
        return;
    }
    c->last_read = clock_ms();
    c->has_pinged = false;
    buf_free(&c->held);
    feed(c, slice_of(input, (size_t)n));
}

/* The end of a turn in which something happened, and each event. */
static void work(struct ws_conn *c)
{
    feed_kept(c);
    if (flush(c))
        update_watch(c);
}

static void on_flush(struct loop_call *call)
{
    work(CONTAINER_OF(call, struct ws_conn, flush));
}

static void on_ready(struct stream *s, int events)
{
    struct ws_conn *c = s->user;

    if ((events & IO_READ) && !c->has_pending && c->in.n == 0)
        on_readable(c);
    if (c->stream && !loop_call_is_queued(&c->flush))
        work(c);
}

/* --- time --- */

/* Asks a silent peer for a sign of life. False: it did not give one. */
static bool check_heartbeat(struct ws_conn *c)
{
    uint64_t quiet = clock_ms() - c->last_read;

    if (c->has_pending || c->in.n > 0) { /* we do not read, so its silence says nothing */
        c->last_read = clock_ms();
        c->has_pinged = false;
        return true;
    }
    if (c->has_pinged)
        return quiet < c->options.heartbeat_idle + c->options.heartbeat_timeout;
    if (quiet >= c->options.heartbeat_idle) {
        c->has_pinged = true;
        ws_conn_send_control(c, WS_PING, SLICE("heartbeat"));
    }
    return true;
}

static void on_timer(struct timer *t)
{
    struct ws_conn *c = CONTAINER_OF(t, struct ws_conn, timer);

    if (c->deadline ? clock_ms() >= c->deadline : !check_heartbeat(c))
        lose(c, &err_timeout);
    else
        arm(c);
}

/* --- life --- */

static void begin(struct ws_conn *c)
{
    const struct ws_options *o = &c->options;

    ws_messages_init(&c->m);
    c->m.max_message = o->max_message;
    c->m.is_by_piece = o->is_by_piece;
    c->m.frames.max_frame = o->max_frame;
    c->m.frames.expects_mask = !o->is_client;
    if (o->has_deflate) {
        c->deflate = ws_deflate_new(&o->deflate);
        c->m.deflate = c->deflate;
        c->m.frames.can_be_deflated = true;
    }
    outq_init(&c->out);
    loop_call_init(&c->flush, on_flush);
    timer_init(&c->timer, on_timer);
    c->last_read = clock_ms();
    c->code = WS_CODE_ABNORMAL;
}

struct ws_conn *ws_conn_open(struct stream *stream, struct buf *in, struct outq *out,
                             const struct ws_options *options)
{
    struct ws_conn *c = mem_cache_take(&conns);

    *c = (struct ws_conn){.options = *options, .stream = stream};
    begin(c);
    if (in) {
        c->in = *in;
        *in = BUF_EMPTY;
    }
    if (out)
        outq_append(&c->out, out);
    stream->user = c;
    stream->on_ready = on_ready;
    list_append(&all, &c->node);
    n_all++;
    arm(c);
    schedule(c);
    return c;
}

void ws_conn_release(struct ws_conn **p)
{
    struct ws_conn *c = *p;

    *p = NULL;
    c->is_released = true;
    c->is_waiting = false;
    if (c->state == WS_DEAD) {
        loop_free_later(c, destroy);
        return;
    }
    ws_conn_close(c, WS_CODE_GOING_AWAY, SLICE_EMPTY);
}

unsigned ws_conn_count(void)
{
    return n_all;
}

void ws_conn_drain(void)
{
    LIST_FOR (node, &all)
        ws_conn_close(CONTAINER_OF(node, struct ws_conn, node), WS_CODE_GOING_AWAY, SLICE_EMPTY);
}

void ws_conn_on_gone(void (*fn)(void))
{
    on_gone = fn;
}
