/* One WebSocket connection: what its users call, and the events of its stream and its timer.
 *
 * ws_in reads, ws_out sends, ws_end knows the states; they do not know this file. An open
 * connection that idles owns its struct and nothing else.
 *
 * One timer serves heartbeats and the closing deadline; it is not restarted when input comes, but
 * looks at `last_read` when it fires. */
#include "http/ws/ws_conn.h"

#include "base/check.h"
#include "base/clock.h"
#include "http/ws/ws_end.h"
#include "http/ws/ws_in.h"
#include "http/ws/ws_out.h"
#include "loop/io.h"
#include "net/flush.h"

/* --- messages --- */

bool ws_conn_is_congested(const struct ws_conn *c)
{
    return c->out.bytes > c->options->watermark;
}

static bool answer(struct ws_conn *c)
{
    ws_out_schedule(c);
    if (!ws_conn_is_congested(c))
        return true;
    c->is_waiting_drained = true;
    return false;
}

bool ws_conn_send(struct ws_conn *c, enum ws_opcode opcode, struct slice data)
{
    if (c->state != WS_OPEN)
        return false;
    if (c->deflate && data.n >= c->options->deflate_least) {
        struct buf packed = BUF_EMPTY;

        ws_deflate_message(c->deflate, data, &packed);
        ws_out_frame(c, opcode, true, buf_slice(&packed));
        buf_free(&packed);
    } else {
        ws_out_frame(c, opcode, false, data);
    }
    return answer(c);
}

bool ws_conn_send_piece(struct ws_conn *c, enum ws_opcode opcode, bool is_last, struct slice data)
{
    if (c->state != WS_OPEN)
        return false;
    ws_out_piece(c, opcode, is_last, data);
    return answer(c);
}

bool ws_conn_send_encoded(struct ws_conn *c, struct slice frames)
{
    CHECK(!c->options->is_client);
    if (c->state != WS_OPEN)
        return false;
    memcpy(outq_reserve(&c->out, frames.n), frames.p, frames.n);
    outq_commit(&c->out, frames.n);
    return answer(c);
}

void ws_conn_send_control(struct ws_conn *c, enum ws_opcode opcode, struct slice payload)
{
    CHECK(payload.n <= WS_CONTROL_MOST);
    ws_out_control(c, opcode, payload);
}

enum ws_taken ws_conn_take(struct ws_conn *c, struct ws_taken_message *message_out)
{
    if (!c->has_pending) {
        c->is_waiting = false;
        ws_in_go_on(c);
    }
    if (c->state != WS_DEAD)
        ws_out_schedule(c); /* reading goes on */
    if (ws_in_take(c, message_out))
        return WS_TAKEN_MESSAGE;
    if (c->state != WS_OPEN)
        return WS_TAKEN_END;
    c->is_waiting = true;
    return WS_TAKEN_WAIT;
}

void ws_conn_close(struct ws_conn *c, unsigned code, struct slice reason)
{
    if (c->state != WS_OPEN)
        return;
    ws_out_close(c, code, reason);
    ws_end_set_state(c, WS_CLOSING);
    ws_in_drop(c);
    ws_end_set_deadline(c);
}

void ws_conn_abort(struct ws_conn *c, const struct err *why)
{
    if (c->state < WS_LINGER)
        c->err = why;
    ws_end_die(c, true);
}

/* --- events --- */

static void update_watch(struct ws_conn *c)
{
    int events = 0;

    if (!c->has_eof && !ws_in_is_blocked(c))
        events |= IO_READ;
    if (!outq_is_empty(&c->out) && !flush_is_late(&c->out))
        events |= IO_WRITE;
    if (events != c->watched)
        stream_watch(c->stream, events);
    c->watched = (uint8_t)events;
}

static void on_flushed(struct outq *q, ssize_t sent)
{
    struct ws_conn *c = CONTAINER_OF(q, struct ws_conn, out);

    UNUSED(sent); /* what has not gone is tried once more: it may have been none of those */
    if (ws_out_flush(c))
        update_watch(c);
}

/* Does what is queued leave at the end of the turn, together with that of others? */
static bool flush_together(struct ws_conn *c)
{
    if (!c->stream || c->stream->err || outq_is_empty(&c->out) || c->watched & IO_WRITE)
        return false;
    return flush_late(&c->out, c->stream, on_flushed);
}

/* The end of a turn in which something happened, and each event. */
static void work(struct ws_conn *c)
{
    ws_in_go_on(c);
    ws_in_rest(c);
    if (flush_together(c) || ws_out_flush(c))
        update_watch(c);
}

static void on_flush(struct loop_call *call)
{
    work(CONTAINER_OF(call, struct ws_conn, flush));
}

/* What was read is worked off here, and answered here, too, where sends are not put together: at
 * the end of the turn the other sockets would have driven this one's state out of the cache, the
 * kernel's above all. */
static void on_ready(struct stream *s, int events)
{
    struct ws_conn *c = s->user;

    if ((events & IO_READ) && !ws_in_is_blocked(c))
        ws_in_read(c);
    if (!c->stream)
        return;
    loop_cancel(&c->flush);
    work(c);
}

/* Asks a silent peer for a sign of life. False: it did not give one. */
static bool check_heartbeat(struct ws_conn *c)
{
    uint64_t quiet = clock_ms() - c->last_read;

    if (ws_in_is_blocked(c)) { /* we do not read, so its silence says nothing */
        c->last_read = clock_ms();
        c->has_pinged = false;
        return true;
    }
    if (c->has_pinged)
        return quiet < c->options->heartbeat_idle + c->options->heartbeat_timeout;
    if (quiet >= c->options->heartbeat_idle) {
        c->has_pinged = true;
        ws_out_control(c, WS_PING, slice_of(c->options->heartbeat, c->options->heartbeat_n));
    }
    return true;
}

static void on_timer(struct timer *t)
{
    struct ws_conn *c = CONTAINER_OF(t, struct ws_conn, timer);

    if (c->has_deadline || !check_heartbeat(c))
        ws_end_lose(c, &err_timeout);
    else
        ws_end_arm(c);
}

/* --- life --- */

struct ws_conn *ws_conn_open(struct stream *stream, struct buf *in, struct outq *out,
                             const struct ws_options *options)
{
    struct ws_conn *c = ws_end_new();

    c->options = ws_options_share(options);
    c->stream = stream;
    if (options->has_deflate)
        c->deflate = ws_deflate_new(&options->deflate);
    outq_init(&c->out);
    loop_call_init(&c->flush, on_flush);
    timer_init(&c->timer, on_timer);
    c->last_read = clock_ms();
    c->code = WS_CODE_ABNORMAL;
    if (in)
        ws_in_begin(c, in);
    if (out)
        outq_append(&c->out, out);
    stream->user = c;
    stream->on_ready = on_ready;
    ws_end_arm(c);
    ws_out_schedule(c);
    return c;
}

void ws_conn_release(struct ws_conn **p)
{
    struct ws_conn *c = *p;

    *p = NULL;
    c->is_released = true;
    c->is_waiting = false;
    if (c->state == WS_DEAD)
        ws_end_free_later(c);
    else
        ws_conn_close(c, WS_CODE_GOING_AWAY, SLICE_EMPTY);
}

unsigned ws_conn_count(void)
{
    return ws_end_count();
}

void ws_conn_join(struct ws_conn *c, struct ws_set *set)
{
    CHECK(!c->set && c->state != WS_DEAD);
    c->set = set;
    set->n++;
    if (set->is_draining)
        ws_conn_close(c, WS_CODE_GOING_AWAY, SLICE_EMPTY);
}

void ws_conn_drain(struct ws_set *set)
{
    if (set)
        set->is_draining = true;
    LIST_FOR (node, ws_end_living()) {
        struct ws_conn *c = CONTAINER_OF(node, struct ws_conn, node);

        if (!set || c->set == set)
            ws_conn_close(c, WS_CODE_GOING_AWAY, SLICE_EMPTY);
    }
}

void ws_conn_dissolve(struct ws_set *set)
{
    ws_conn_drain(set);
    LIST_FOR (node, ws_end_living()) {
        struct ws_conn *c = CONTAINER_OF(node, struct ws_conn, node);

        if (c->set == set)
            c->set = NULL;
    }
    set->n = 0;
}

void ws_conn_on_gone(void (*fn)(void))
{
    ws_end_on_gone(fn);
}
