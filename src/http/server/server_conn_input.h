/* What a connection has read and not used yet, and the decoder of a body that is coming in. */
#ifndef HTTP_SERVER_CONN_INPUT_H
#define HTTP_SERVER_CONN_INPUT_H

#include "http/server/server_conn.h"

/* Puts bytes before the input as if they had just been read; there is none. */
void server_conn_unread(struct server_conn *c, struct slice bytes);

/* The unread input; contiguous, valid until the next call that reads. */
struct slice server_conn_input(const struct server_conn *c);

/* The event is over: what is unread is kept in memory of the connection's own. */
void server_conn_settle_input(struct server_conn *c);

/* Drops the input; the connection ends. */
void server_conn_drop_input(struct server_conn *c);

/* Takes the first `n` bytes off the input. */
void server_conn_consume(struct server_conn *c, size_t n);

/* Reads once, up to `most` bytes, behind the unread input. Answers as stream_read; sets has_eof. */
ssize_t server_conn_read(struct server_conn *c, size_t most);

/* A body decoder for this request, from a cache; c->body is it. */
struct http1_body *server_conn_add_body(struct server_conn *c);

/* The body is complete, or nobody cares any more. */
void server_conn_drop_body(struct server_conn *c);

#endif
