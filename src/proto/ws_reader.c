/* A frame is read in three steps: two bytes that say how long the head is, the rest of the head,
 * then payload in pieces as it comes. Everything that can be refused is refused with the head
 * (check_start, check_length), so no byte of a bad frame's payload is looked at. Control frames may
 * stand between the fragments of a message; they are gathered whole in `control`, which is why
 * their state is apart from the message's.
 *
 * To allow another extension: let its RSV bit pass in check_start and remember it in `flags`. */
#include "proto/ws_reader.h"

enum {
    FLAG_PAYLOAD = 1,  /* inside a payload; else inside a head */
    FLAG_MESSAGE = 2,  /* a message has begun and not ended */
    FLAG_BINARY = 4,   /* it is binary */
    FLAG_DEFLATED = 8, /* it is compressed */
    FLAG_BEGUN = 16,   /* a piece of it was reported */
    FLAG_BAD = 32,
};

enum { BIT_FIN = 0x80, BITS_RSV = 0x70, BIT_RSV1 = 0x40, BITS_OPCODE = 0x0f, BIT_MASK = 0x80 };

enum { LENGTH_16 = 126, LENGTH_64 = 127 };

void ws_reader_init(struct ws_reader *r)
{
    memset(r, 0, sizeof *r);
    r->max_frame = UINT64_MAX;
}

bool ws_reader_is_deflated(const struct ws_reader *r)
{
    return r->flags & FLAG_DEFLATED;
}

bool ws_reader_is_idle(const struct ws_reader *r)
{
    return r->head_n == 0 && !(r->flags & (FLAG_PAYLOAD | FLAG_MESSAGE));
}

static bool is_control(const struct ws_reader *r)
{
    return r->head[0] & 0x08;
}

uint64_t ws_reader_left(const struct ws_reader *r)
{
    return (r->flags & (FLAG_PAYLOAD | FLAG_BAD)) == FLAG_PAYLOAD && !is_control(r) ? r->left : 0;
}

static enum ws_event refuse(struct ws_reader *r, unsigned code, const char *reason)
{
    r->code = (uint16_t)code;
    r->reason = reason;
    r->flags |= FLAG_BAD;
    return WS_EVENT_BAD;
}

static const char *check_opcode(const struct ws_reader *r, unsigned opcode)
{
    bool is_open = r->flags & FLAG_MESSAGE;

    switch (opcode) {
    case WS_CONTINUATION:
        return is_open ? NULL : "continuation without a message";
    case WS_TEXT:
    case WS_BINARY:
        return is_open ? "a new message inside a message" : NULL;
    case WS_CLOSE:
    case WS_PING:
    case WS_PONG:
        return NULL;
    }
    return "reserved opcode";
}

/* The first two bytes are there. NULL, or what is wrong with them. */
static const char *check_start(const struct ws_reader *r)
{
    unsigned opcode = r->head[0] & BITS_OPCODE, length = r->head[1] & ~BIT_MASK & 0xff;
    unsigned rsv = r->head[0] & BITS_RSV;
    bool may_be_deflated = r->can_be_deflated && (opcode == WS_TEXT || opcode == WS_BINARY);

    if (rsv & ~(may_be_deflated ? BIT_RSV1 : 0U))
        return "reserved bit set";
    if (is_control(r) && !(r->head[0] & BIT_FIN))
        return "fragmented control frame";
    if (is_control(r) && length > WS_CONTROL_MOST)
        return "control frame too long";
    if (!!(r->head[1] & BIT_MASK) != r->expects_mask)
        return r->expects_mask ? "frame without a mask" : "masked frame from a server";
    return check_opcode(r, opcode);
}

static unsigned length_bytes(const struct ws_reader *r)
{
    unsigned length = r->head[1] & 0x7f;

    return length == LENGTH_16 ? 2 : length == LENGTH_64 ? 8 : 0;
}

static uint64_t length_of(const struct ws_reader *r)
{
    unsigned n = length_bytes(r);
    uint64_t length = 0;

    if (n == 0)
        return r->head[1] & 0x7f;
    for (unsigned i = 0; i < n; i++)
        length = length << 8 | r->head[2 + i];
    return length;
}

/* Section 5.2: the shortest form of a length is the only one. */
static const char *check_length(const struct ws_reader *r)
{
    unsigned n = length_bytes(r);

    if (n == 2 && r->left < LENGTH_16)
        return "length in a longer form than needed";
    if (n == 8 && (r->left <= UINT16_MAX || r->left >> 63))
        return r->left >> 63 ? "length of 64 bits" : "length in a longer form than needed";
    return NULL;
}

static void begin_payload(struct ws_reader *r)
{
    unsigned opcode = r->head[0] & BITS_OPCODE;

    r->flags |= FLAG_PAYLOAD;
    r->turn = 0;
    r->control_n = 0;
    if (opcode == WS_TEXT || opcode == WS_BINARY) {
        r->flags &= (uint8_t) ~(FLAG_BINARY | FLAG_DEFLATED | FLAG_BEGUN);
        r->flags |= FLAG_MESSAGE;
        if (opcode == WS_BINARY)
            r->flags |= FLAG_BINARY;
        if (r->head[0] & BIT_RSV1)
            r->flags |= FLAG_DEFLATED;
    }
}

/* Takes bytes of the head until `want` are there. */
static bool gather(struct ws_reader *r, struct slice *in, size_t want)
{
    while (r->head_n < want && in->n > 0) {
        r->head[r->head_n++] = (uint8_t)*in->p;
        *in = slice_from(*in, 1);
    }
    return r->head_n == want;
}

/* Reads the head. WS_EVENT_MORE with FLAG_PAYLOAD: it is complete. */
static enum ws_event read_head(struct ws_reader *r, struct slice *in)
{
    size_t want;
    const char *reason;

    if (r->head_n < 2) {
        if (!gather(r, in, 2))
            return WS_EVENT_MORE;
        reason = check_start(r);
        if (reason)
            return refuse(r, WS_CODE_PROTOCOL, reason);
    }
    want = 2 + length_bytes(r) + (r->expects_mask ? 4 : 0);
    if (!gather(r, in, want))
        return WS_EVENT_MORE;
    r->left = length_of(r);
    reason = check_length(r);
    if (reason)
        return refuse(r, WS_CODE_PROTOCOL, reason);
    if (!is_control(r) && r->left > r->max_frame)
        return refuse(r, WS_CODE_TOO_LARGE, "frame larger than the limit");
    if (r->expects_mask)
        memcpy(r->mask, r->head + want - 4, 4);
    begin_payload(r);
    return WS_EVENT_MORE;
}

/* Takes what there is of the payload off the input, unmasked. */
static struct slice take_payload(struct ws_reader *r, struct slice *in)
{
    size_t n = (size_t)MIN((uint64_t)in->n, r->left);
    struct slice piece = slice_of(in->p, n);

    if (r->expects_mask && n > 0) /* the input is the caller's to write to, see the header */
        r->turn = (uint8_t)ws_mask((char *)(uintptr_t)in->p, n, r->mask, r->turn);
    *in = slice_from(*in, n);
    r->left -= n;
    if (r->left == 0) {
        r->flags &= (uint8_t)~FLAG_PAYLOAD;
        r->head_n = 0;
    }
    return piece;
}

static enum ws_event read_control(struct ws_reader *r, struct slice *in)
{
    struct slice piece = take_payload(r, in);

    if (piece.n > 0)
        memcpy(r->control + r->control_n, piece.p, piece.n);
    r->control_n += (uint8_t)piece.n;
    if (r->flags & FLAG_PAYLOAD)
        return WS_EVENT_MORE;
    r->opcode = (enum ws_opcode)(r->head[0] & BITS_OPCODE);
    r->data = slice_of((const char *)r->control, r->control_n);
    return WS_EVENT_CONTROL;
}

static enum ws_event read_data(struct ws_reader *r, struct slice *in)
{
    r->data = take_payload(r, in);
    r->is_frame_end = !(r->flags & FLAG_PAYLOAD);
    if (r->data.n == 0 && !r->is_frame_end)
        return WS_EVENT_MORE;
    r->opcode = r->flags & FLAG_BINARY ? WS_BINARY : WS_TEXT;
    r->is_first = !(r->flags & FLAG_BEGUN);
    r->is_last = r->is_frame_end && (r->head[0] & BIT_FIN);
    r->flags |= FLAG_BEGUN;
    if (r->is_last)
        r->flags &= (uint8_t)~FLAG_MESSAGE;
    return WS_EVENT_DATA;
}

enum ws_event ws_reader_next(struct ws_reader *r, struct slice *in)
{
    if (r->flags & FLAG_BAD)
        return WS_EVENT_BAD;
    for (;;) {
        enum ws_event event;

        if (!(r->flags & FLAG_PAYLOAD)) {
            event = read_head(r, in);
            if (event == WS_EVENT_BAD || !(r->flags & FLAG_PAYLOAD))
                return event;
        }
        event = is_control(r) ? read_control(r, in) : read_data(r, in);
        if (event != WS_EVENT_MORE || in->n == 0)
            return event;
    }
}
