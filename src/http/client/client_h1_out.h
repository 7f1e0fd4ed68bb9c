/* Requests on HTTP/1.x: the head, and bodies of each source. Internal to client_h1. */
#ifndef HTTP_CLIENT_H1_OUT_H
#define HTTP_CLIENT_H1_OUT_H

#include "http/client/client_conn.h"

/* Queues the head of c->x, and its body unless that has to wait for 100 Continue. */
void client_h1_out_begin(struct client_conn *c);

/* Queues a body that was held back. */
void client_h1_out_body(struct client_conn *c);

/* As client_transport.write. */
void client_h1_out_write(struct client_exchange *x, const struct chunk *chunk);

#endif
