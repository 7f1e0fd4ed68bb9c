/* WebSocket frames (RFC 6455 section 5): bytes in, pieces of messages and control frames out; heads
 * and masks for those to be sent. Pure. Whole messages are ws_message's business. */
#ifndef PROTO_WS_FRAME_H
#define PROTO_WS_FRAME_H

#include "base/slice.h"

enum ws_opcode {
    WS_CONTINUATION = 0,
    WS_TEXT = 1,
    WS_BINARY = 2,
    WS_CLOSE = 8,
    WS_PING = 9,
    WS_PONG = 10,
};

/* Status codes of a close frame (section 7.4.1). */
enum ws_code {
    WS_CODE_NORMAL = 1000,
    WS_CODE_GOING_AWAY = 1001,
    WS_CODE_PROTOCOL = 1002,
    WS_CODE_UNSUPPORTED = 1003,
    WS_CODE_NONE = 1005,     /* a close frame without a code; never sent */
    WS_CODE_ABNORMAL = 1006, /* no close frame at all; never sent */
    WS_CODE_INVALID = 1007,  /* text that is not UTF-8 */
    WS_CODE_POLICY = 1008,
    WS_CODE_TOO_LARGE = 1009,
    WS_CODE_INTERNAL = 1011,
};

enum { WS_HEAD_MOST = 14, WS_CONTROL_MOST = 125 };

enum ws_event {
    WS_EVENT_MORE,    /* all input taken, nothing to report */
    WS_EVENT_DATA,    /* a piece of a message: data, is_… */
    WS_EVENT_CONTROL, /* a whole control frame: opcode, data */
    WS_EVENT_BAD,     /* `code` and `reason` say why; the connection must fail with them */
};

struct ws_reader {
    /* Set by the owner after ws_reader_init. */
    uint64_t max_frame;   /* payload of one frame; more is WS_CODE_TOO_LARGE */
    bool expects_mask;    /* we are the server */
    bool can_be_deflated; /* permessage-deflate was agreed on: RSV1 is allowed */
    /* The current event. */
    enum ws_opcode opcode; /* of a control frame; of a piece: WS_TEXT or WS_BINARY */
    struct slice data;     /* unmasked, in the input or in `control` */
    bool is_first;         /* the message begins with this piece */
    bool is_frame_end;     /* the frame ends with this piece */
    bool is_last;          /* the message ends with this piece */
    /* The reader's own. */
    uint8_t flags; /* see ws_frame.c */
    uint8_t head_n, control_n;
    uint16_t code;
    uint64_t left;
    const char *reason; /* static text */
    uint8_t head[WS_HEAD_MOST], mask[4];
    uint8_t turn; /* which byte of the mask comes next */
    uint8_t control[WS_CONTROL_MOST];
};

/* Prepares for the first frame: no mask expected, no extension, frames of any size. */
void ws_reader_init(struct ws_reader *r);

/* Takes bytes off the front of *in, which is written to (masks are taken off in place), until there
 * is an event. WS_EVENT_DATA may be a part of a frame, and may be empty. r->data is valid until the
 * next call. Protocol errors are found with the byte that shows them. */
enum ws_event ws_reader_next(struct ws_reader *r, struct slice *in);

/* Is the message that the current pieces belong to compressed? */
bool ws_reader_is_deflated(const struct ws_reader *r);

/* Bytes that are still to come of the payload of a data frame; 0: the next byte is something else.
 */
uint64_t ws_reader_left(const struct ws_reader *r);

/* Between two frames of no message? */
bool ws_reader_is_idle(const struct ws_reader *r);

/* Takes apart the payload of a close frame. 0, or the code of the error that it is. No payload:
 * WS_CODE_NONE. */
uint16_t ws_close_parse(struct slice payload, uint16_t *code_out, struct slice *reason_out);

/* May this code stand in a close frame (section 7.4)? */
bool ws_code_is_sendable(unsigned code);

/* Writes the head of a final frame (`is_deflated`: with RSV1) of `n` bytes; with `mask` that of a
 * client. Returns its size. */
size_t ws_frame_head(uint8_t out[WS_HEAD_MOST], enum ws_opcode opcode, bool is_deflated, uint64_t n,
                     const uint8_t *mask);

/* The same for a fragment: `is_final` false says that more follow. */
size_t ws_fragment_head(uint8_t out[WS_HEAD_MOST], enum ws_opcode opcode, bool is_final, uint64_t n,
                        const uint8_t *mask);

/* XORs with the mask, whose byte number `turn` (0 to 3) comes first. Returns the turn that follows.
 */
unsigned ws_mask(char *p, size_t n, const uint8_t mask[4], unsigned turn);

#endif
