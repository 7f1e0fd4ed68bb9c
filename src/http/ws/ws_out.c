/* Frames are queued, and leave together when what was read has been worked off, at the latest at
 * the end of the turn; large payloads are offered to the stream where they lie, so that only what
 * it does not take is copied. */
#include "http/ws/ws_out.h"

#include "base/rand.h"
#include "http/ws/ws_end.h"
#include "loop/io.h"

enum { DIRECT_LEAST = 16384, CLOSE_REASON_MOST = 123 };

static void queue_large(struct ws_conn *c, const uint8_t *head, size_t head_n, struct slice data)
{
    outq_add(&c->out, head, head_n);
    /* when it fails, the flush finds the stream broken */
    (void)outq_write(&c->out, c->stream, data, NULL, DIRECT_LEAST);
}

/* A fresh mask in `room` for what a client sends; NULL: servers have none. */
static const uint8_t *new_mask(const struct ws_conn *c, uint8_t room[4])
{
    if (!c->options->is_client)
        return NULL;
    rand_bytes(room, 4);
    return room;
}

static void queue(struct ws_conn *c, const uint8_t *head, size_t head_n, const uint8_t *mask,
                  struct slice data)
{
    char *room;

    if (data.n >= DIRECT_LEAST && !mask) {
        queue_large(c, head, head_n, data);
        return;
    }
    room = outq_reserve(&c->out, head_n + data.n);
    memcpy(room, head, head_n);
    if (data.n > 0)
        memcpy(room + head_n, data.p, data.n);
    if (mask)
        (void)ws_mask(room + head_n, data.n, mask, 0);
    outq_commit(&c->out, head_n + data.n);
}

void ws_out_frame(struct ws_conn *c, enum ws_opcode opcode, bool is_deflated, struct slice data)
{
    uint8_t head[WS_HEAD_MOST], room[4];
    const uint8_t *mask = new_mask(c, room);

    queue(c, head, ws_frame_head(head, opcode, is_deflated, data.n, mask), mask, data);
}

void ws_out_piece(struct ws_conn *c, enum ws_opcode opcode, bool is_last, struct slice data)
{
    uint8_t head[WS_HEAD_MOST], room[4];
    const uint8_t *mask = new_mask(c, room);

    queue(c, head, ws_fragment_head(head, opcode, is_last, data.n, mask), mask, data);
}

void ws_out_control(struct ws_conn *c, enum ws_opcode opcode, struct slice payload)
{
    if (c->state != WS_OPEN)
        return;
    ws_out_frame(c, opcode, false, payload);
    ws_out_schedule(c);
}

void ws_out_close(struct ws_conn *c, unsigned code, struct slice reason)
{
    char payload[WS_CONTROL_MOST];
    size_t n = MIN(reason.n, (size_t)CLOSE_REASON_MOST);

    if (code == WS_CODE_NONE) {
        ws_out_frame(c, WS_CLOSE, false, SLICE_EMPTY);
    } else {
        payload[0] = (char)(code >> 8);
        payload[1] = (char)code;
        if (n > 0)
            memcpy(payload + 2, reason.p, n);
        ws_out_frame(c, WS_CLOSE, false, slice_of(payload, n + 2));
    }
    ws_out_schedule(c);
}

void ws_out_schedule(struct ws_conn *c)
{
    if (!loop_call_is_queued(&c->flush))
        loop_at_end(&c->flush);
}

/* The last byte has gone out. A server ends its side first (RFC 6455 section 7.1.1), a client waits
 * for it to do so. False: the connection is dead. */
static bool end_side(struct ws_conn *c)
{
    if (c->has_eof) {
        ws_end_die(c, false);
        return false;
    }
    if (!c->has_shut && (!c->options->is_client || c->code == WS_CODE_ABNORMAL))
        stream_shutdown(c->stream);
    c->has_shut = true;
    return true;
}

bool ws_out_flush(struct ws_conn *c)
{
    if (!c->stream)
        return false;
    if (c->stream->err || outq_flush(&c->out, c->stream, 0) == OUTQ_FAILED) {
        ws_end_lose(c, c->stream->err);
        return false;
    }
    if (c->state == WS_LINGER && outq_is_empty(&c->out) && !end_side(c))
        return false;
    if (c->is_waiting_drained && c->out.bytes <= c->options->watermark / 2) {
        c->is_waiting_drained = false;
        if (!c->is_released && c->callbacks->on_drained)
            c->callbacks->on_drained(c);
    }
    return c->stream != NULL;
}
