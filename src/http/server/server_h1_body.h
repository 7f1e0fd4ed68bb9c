/* Request bodies of HTTP/1.1 on a server's connection: pulled by the app, or dropped. */
#ifndef HTTP_SERVER_H1_BODY_H
#define HTTP_SERVER_H1_BODY_H

#include "http/server/server_conn.h"

enum { SERVER_H1_DRAIN_MOST = 262144 };

/* Gives the connection a decoder when the exchange's request has a body. */
void server_h1_body_begin(struct server_conn *c, const struct request *r);

/* exchange_transport.read_body */
enum body_result server_h1_body_read(struct exchange *x, struct slice *data);

/* exchange_transport.has_whole_body: of one whose length was told. */
bool server_h1_body_is_here(const struct exchange *x);

/* exchange_transport.wait_body */
void server_h1_body_wait(struct exchange *x);

/* Is there something for a waiting reader, without reading from the socket? */
bool server_h1_body_has_news(const struct server_conn *c);

/* Is what is left of the body so little that it can be dropped, to keep the connection? */
bool server_h1_body_is_small(const struct server_conn *c);

/* Drops body bytes from the input. MORE: all of it was the body's; DONE: the body is complete; BAD:
 * malformed, or more than SERVER_H1_DRAIN_MOST. */
enum http1_result server_h1_body_drain(struct server_conn *c);

#endif
