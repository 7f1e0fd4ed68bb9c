/* What a WebSocket connection has read and not handed on yet. Between two messages there is none,
 * so an idle connection owns no memory for reading. Used by the files of ws_conn only. */
#ifndef HTTP_WS_IN_H
#define HTTP_WS_IN_H

#include "http/ws/ws_conn.h"

/* Input that was read before the connection was made; taken, and *in is empty afterwards. */
void ws_in_begin(struct ws_conn *c, struct buf *in);

/* Does input wait that nobody has taken? Then nothing more is read. */
bool ws_in_is_blocked(const struct ws_conn *c);

/* Reads from the stream once, up to one message that nobody takes. */
void ws_in_read(struct ws_conn *c);

/* Reads on in what was kept behind a message that has been taken. */
void ws_in_go_on(struct ws_conn *c);

/* Takes the message that waits. False: none does. */
bool ws_in_take(struct ws_conn *c, struct ws_taken_message *message_out);

/* Drops what was not taken. */
void ws_in_drop(struct ws_conn *c);

/* Gives back what is not needed between two messages; what was taken is not valid any more. */
void ws_in_rest(struct ws_conn *c);

#endif
