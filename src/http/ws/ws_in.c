/* Input goes from a static buffer of the process straight into the assembler; only what lies behind
 * a message that nobody has taken yet is kept. The rest of a large frame is read to where the
 * message is gathered. */
#include "http/ws/ws_in.h"

#include "base/clock.h"
#include "base/mem.h"
#include "http/ws/ws_buffer.h"
#include "http/ws/ws_end.h"
#include "http/ws/ws_out.h"

enum { READ_SIZE = 131072 };

static char input[READ_SIZE]; /* process-wide: what was read in this callback */

/* The peer broke the rules: it is told, and the connection is over (section 7.1.7). */
static void fail(struct ws_conn *c, unsigned code, const char *reason)
{
    if (c->state == WS_OPEN)
        ws_out_close(c, code, slice_str(reason));
    ws_end_finish(c, code == WS_CODE_TOO_LARGE ? &err_too_large : &err_protocol);
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
        ws_out_close(c, code, SLICE_EMPTY);
    ws_end_finish(c, NULL);
}

static void on_control(struct ws_conn *c, enum ws_opcode opcode, struct slice payload)
{
    switch (opcode) {
    case WS_PING:
        ws_out_control(c, WS_PONG, payload);
        break;
    case WS_PONG:
        if (!c->is_released && c->callbacks->on_pong)
            c->callbacks->on_pong(c, payload);
        break;
    default:
        on_close_frame(c, payload);
    }
}

bool ws_in_is_blocked(const struct ws_conn *c)
{
    return c->has_pending || (c->in && c->in->rest.n > 0);
}

/* A message lies in m.data, which may be in the caller's input, and nobody has taken it: it and
 * what follows are kept. */
static void hold(struct ws_buffer *b, struct slice in)
{
    if (b->m.data.n > 0 && b->m.data.p != b->m.gathered.p) {
        buf_add_slice(&b->held, b->m.data);
        b->m.data = buf_slice(&b->held);
    }
    buf_add_slice(&b->rest, in);
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
    struct ws_buffer *b = c->in;

    while (c->state < WS_LINGER) {
        enum ws_event event = ws_messages_next(&b->m, &in);

        if (event == WS_EVENT_MORE)
            break;
        if (event == WS_EVENT_BAD)
            fail(c, b->m.frames.code, b->m.frames.reason);
        else if (event == WS_EVENT_CONTROL)
            on_control(c, b->m.frames.opcode, b->m.data);
        else if (c->state == WS_OPEN && !offer(c))
            return hold(b, in);
    }
}

void ws_in_begin(struct ws_conn *c, struct buf *in)
{
    if (in->n == 0)
        return;
    c->in = ws_buffer_new(c->options, c->deflate);
    c->in->rest = *in;
    *in = BUF_EMPTY;
}

void ws_in_go_on(struct ws_conn *c)
{
    struct buf rest;

    if (c->has_pending || !c->in)
        return;
    buf_free(&c->in->held);
    rest = c->in->rest;
    if (rest.n == 0)
        return;
    c->in->rest = BUF_EMPTY;
    feed(c, buf_slice(&rest));
    buf_free(&rest);
}

static void on_end_of_input(struct ws_conn *c)
{
    c->has_eof = true;
    ws_end_finish(c, &err_closed);
}

void ws_in_read(struct ws_conn *c)
{
    char *to = input;
    size_t room = sizeof input;
    ssize_t n;

    if (c->in && c->state < WS_LINGER)
        (void)ws_messages_room(&c->in->m, &to, &room);
    n = stream_read(c->stream, to, room);
    if (n == STREAM_AGAIN)
        return;
    if (n == STREAM_FAILED) {
        ws_end_lose(c, c->stream->err);
        return;
    }
    if (n == 0) {
        on_end_of_input(c);
        return;
    }
    c->last_read = clock_ms();
    c->has_pinged = false;
    if (c->state >= WS_LINGER)
        return;
    if (!c->in)
        c->in = ws_buffer_new(c->options, c->deflate);
    buf_free(&c->in->held);
    feed(c, slice_of(to, (size_t)n));
}

bool ws_in_take(struct ws_conn *c, struct ws_taken_message *message_out)
{
    const struct ws_messages *m;

    if (!c->has_pending)
        return false;
    c->has_pending = false;
    m = &c->in->m;
    *message_out = (struct ws_taken_message){
        .data = m->data,
        .is_binary = m->frames.opcode == WS_BINARY,
        .is_last = m->frames.is_last,
    };
    return true;
}

void ws_in_drop(struct ws_conn *c)
{
    c->has_pending = false;
    if (c->in)
        buf_free(&c->in->held);
}

void ws_in_rest(struct ws_conn *c)
{
    if (c->in && !ws_in_is_blocked(c) && ws_reader_is_idle(&c->in->m.frames))
        ws_buffer_free(&c->in);
}
