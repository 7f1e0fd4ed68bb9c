/* What a WebSocket connection has read and not handed on: the assembler of messages, one message
 * that waits, the input behind it. A connection has one only while there is something in it. */
#ifndef HTTP_WS_BUFFER_H
#define HTTP_WS_BUFFER_H

#include "http/ws/ws_options.h"
#include "proto/ws_messages.h"

struct ws_buffer {
    struct ws_messages m;
    struct buf held; /* a copy of the message that waits, unless m has gathered it */
    struct buf rest; /* input behind it */
};

/* An empty one, for a connection with these options; `deflate` is borrowed, may be NULL. */
struct ws_buffer *ws_buffer_new(const struct ws_options *o, struct ws_deflate *deflate);

/* Frees it and clears the pointer; NULL is allowed. */
void ws_buffer_free(struct ws_buffer **b);

#endif
