/* HTTP/1.x as a client: exchanges on a connection, one after the other, never pipelined.
 *
 * Input is pulled: while nobody reads a body nothing is read from the stream. A response that ends
 * before its framing says so is err_truncated, malformed framing err_protocol, and bytes beyond the
 * end of a response close the connection: they never reach the next one. */
#ifndef HTTP_CLIENT_H1_H
#define HTTP_CLIENT_H1_H

#include "http/client/client_conn.h"

/* A free connection that speaks HTTP/1.x on `s`, which it owns from now on. */
struct client_conn *client_h1_open(struct stream *s, const struct client_conn_owner *owner,
                                   void *user);

/* Sends the request of `x`, which is NEW or QUEUED, on a free connection. No callback and no upcall
 * before this returns. */
void client_h1_start(struct client_conn *c, struct client_exchange *x);

/* The stream that carries an exchange over HTTP/1.1; NULL: none, or something else does. */
struct stream *client_h1_stream(const struct client_exchange *x);

#endif
