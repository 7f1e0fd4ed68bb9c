/* Requests in records, or bare: parameters, and bodies of each source. Internal to client_cgi. */
#ifndef HTTP_CLIENT_CGI_OUT_H
#define HTTP_CLIENT_CGI_OUT_H

#include "http/client/client_conn.h"

/* Queues the parameters of c->x, and its body unless that is to be pushed. */
void client_cgi_out_begin(struct client_conn *c, bool is_bare);

/* Queues a piece of a body that is pushed. */
void client_cgi_out_add(struct client_conn *c, bool is_bare, const struct chunk *piece);

#endif
