/* Messages of a WebSocket, put together from frames: fragments joined, compression undone, text
 * checked to be UTF-8, sizes limited. Pure. */
#ifndef PROTO_WS_MESSAGES_H
#define PROTO_WS_MESSAGES_H

#include "base/buf.h"
#include "base/utf8.h"
#include "proto/ws_deflate.h"
#include "proto/ws_reader.h"

struct ws_messages {
    /* Set by the owner after ws_messages_init; also fields of `frames`. */
    struct ws_deflate *deflate; /* borrowed; NULL: no compression */
    size_t max_message;
    bool is_by_piece; /* events give pieces as they come, not whole messages */
    /* The current event. */
    struct ws_reader frames; /* opcode, is_first, is_last, code, reason */
    struct slice data;       /* of the message (or the piece), or of the control frame */
    /* The assembler's own. */
    size_t size; /* of the current message so far */
    struct utf8 utf8;
    struct buf gathered;
};

/* Prepares for a fresh connection. */
void ws_messages_init(struct ws_messages *m);

/* Frees what is gathered. */
void ws_messages_deinit(struct ws_messages *m);

/* Takes bytes off the front of *in (which is written to) until there is an event: WS_EVENT_DATA
 * with a whole message (or a piece of it), WS_EVENT_CONTROL, WS_EVENT_BAD with frames.code and
 * frames.reason. m->data is valid until the next call, and only as long as the input. */
enum ws_event ws_messages_next(struct ws_messages *m, struct slice *in);

/* When the next bytes belong to the middle of a large frame of a message that is gathered: where
 * they may be read to, so that they need not be copied, and how many at most; they are then the
 * input of the next call, alone. False, and nothing is set: anywhere. */
bool ws_messages_room(struct ws_messages *m, char **to_out, size_t *n_out);

#endif
