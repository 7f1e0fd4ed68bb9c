/* Reads WebSocket frames (RFC 6455 section 5): bytes in, pieces of messages and control frames out.
 * Pure. */
#ifndef PROTO_WS_READER_H
#define PROTO_WS_READER_H

#include "proto/ws_frame.h"

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
    uint8_t flags; /* see ws_reader.c */
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

#endif
