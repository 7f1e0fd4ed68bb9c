/* What a server is sent. */
#ifndef APP_PROXY_PROXY_REQUEST_H
#define APP_PROXY_PROXY_REQUEST_H

#include "app/proxy/proxy.h"

/* Fills in p->up->req. False: an upgrade that is not passed on here. */
bool proxy_request_make(struct proxy *p);

/* The client's trailers, which have come by now, go along where HTTP/2 is spoken. */
void proxy_request_add_trailers(struct proxy *p);

/* Passes on what has come of a request's body that is streamed. False: it cannot be read. */
bool proxy_request_push_body(struct proxy *p);

#endif
