/* What a WebSocket connection sends. Used by the files of ws_conn only. */
#ifndef HTTP_WS_OUT_H
#define HTTP_WS_OUT_H

#include "http/ws/ws_conn.h"

/* Queues a frame with the whole of a message or of a control frame's payload. */
void ws_out_frame(struct ws_conn *c, enum ws_opcode opcode, bool is_deflated, struct slice data);

/* Queues a frame with a piece of a message. */
void ws_out_piece(struct ws_conn *c, enum ws_opcode opcode, bool is_last, struct slice data);

/* Queues a ping or a pong, if the connection is open. */
void ws_out_control(struct ws_conn *c, enum ws_opcode opcode, struct slice payload);

/* Queues a close frame; `reason` is cut to what fits. */
void ws_out_close(struct ws_conn *c, unsigned code, struct slice reason);

/* What was queued goes out at the end of this turn, and what can be read is read. */
void ws_out_schedule(struct ws_conn *c);

/* Sends what is queued. False: the connection is dead. */
bool ws_out_flush(struct ws_conn *c);

#endif
