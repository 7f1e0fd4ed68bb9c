/* Requests on FastCGI: parameters, and bodies of each source. Internal to client_fcgi. */
#ifndef HTTP_CLIENT_FCGI_OUT_H
#define HTTP_CLIENT_FCGI_OUT_H

#include "http/client_conn.h"

/* Queues the parameters of c->x, and its body unless that is to be pushed. */
void client_fcgi_out_begin(struct client_conn *c);

/* As client_transport.write. */
void client_fcgi_out_write(struct client_exchange *x, const struct chunk *piece);

#endif
