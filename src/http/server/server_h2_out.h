/* Responses of HTTP/2 on a server's connection. */
#ifndef HTTP_SERVER_H2_OUT_H
#define HTTP_SERVER_H2_OUT_H

#include "http/server/server_h2_stream.h"

/* The transport of exchanges on HTTP/2. */
extern const struct exchange_transport server_h2_out_transport;

/* h2_events.on_pull */
enum h2_pull server_h2_out_on_pull(void *user, void *stream, size_t most, size_t *n);

/* h2_events.on_output */
void server_h2_out_on_output(void *user, struct slice bytes);

/* h2_events.on_output_data */
bool server_h2_out_on_output_data(void *user, void *stream, struct slice head, size_t n);

/* h2_events.on_end_sent */
void server_h2_out_on_end_sent(void *user, void *stream);

/* h2_events.on_head_unsent */
void server_h2_out_on_head_unsent(void *user, void *stream);

/* h2_events.on_close */
void server_h2_out_on_close(void *user, void *stream, uint32_t code, bool is_by_peer);

/* Does what was noted about streams: heads, ends, those who wait. Upcalls; the connection may be
 * closed afterwards. */
void server_h2_out_settle(struct server_h2 *h2);

/* Ends the held exchanges whose bytes have left the connection's queue, and settles. Upcalls;
 * false: the connection has been closed. */
bool server_h2_out_release(struct server_h2 *h2);

#endif
