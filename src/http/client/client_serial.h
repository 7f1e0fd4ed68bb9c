/* Connections that carry one exchange after the other: what HTTP/1.x and those of CGI
 * have in common. A connection is FREE, or BUSY with c->x, until client_serial_finish. Internal to
 * client_h1 and client_cgi. */
#ifndef HTTP_CLIENT_SERIAL_H
#define HTTP_CLIENT_SERIAL_H

#include "http/client/client_conn.h"

/* `x` is carried from now on; its request is to be written next. */
void client_serial_begin(struct client_conn *c, struct client_exchange *x,
                         const struct client_transport *transport);

/* The beginning of the request is queued, or all of it: sends what the stream takes at once. */
void client_serial_send(struct client_conn *c);

/* The response is complete. The user hears of it by the state, or by what his read returns. The
 * connection is free, or ends. */
void client_serial_finish(struct client_conn *c);

/* Nothing of an exchange is left: the connection is free, or ends. */
void client_serial_free(struct client_conn *c);

/* The response has failed inside of a read, `reason` (static, may be NULL) says how: the connection
 * ends. BODY_FAILED. */
enum body_result client_serial_fail(struct client_conn *c, const struct err *why,
                                    const char *reason);

/* Gets more input for a read. BODY_DATA: there is some. BODY_END: the peer sends no more. */
enum body_result client_serial_receive(struct client_conn *c);

/* What the end of the peer means for a response whose head has not come, or is not whole. */
const struct err *client_serial_fault(const struct client_conn *c);

/* What is malformed is told by `reason` (static), which stays with the exchange for logs. */
void client_serial_end_malformed(struct client_conn *c, const char *reason);

/* As client_conn_protocol.on_work, while busy. */
void client_serial_work(struct client_conn *c);

/* As client_conn_protocol.wants. */
int client_serial_wants(const struct client_conn *c);

/* As client_conn_protocol.room. */
unsigned client_serial_room(const struct client_conn *c);

/* As client_transport.wait, and .wait_drained. */
void client_serial_wait(struct client_exchange *x);

/* As client_transport.abort. */
void client_serial_abort(struct client_exchange *x);

#endif
