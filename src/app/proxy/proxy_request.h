/* What a server is sent. */
#ifndef APP_PROXY_PROXY_REQUEST_H
#define APP_PROXY_PROXY_REQUEST_H

#include "app/proxy/proxy.h"

/* Is this OPTIONS request to be answered here, as its Max-Forwards has run out? */
bool proxy_request_is_for_us(const struct proxy *p);

/* Fills in p->up->req. Not 0: it cannot be passed on here, the status says why. */
int proxy_request_make(struct proxy *p);

/* The client's trailers, which have come by now, go along where HTTP/2 is spoken. */
void proxy_request_add_trailers(struct proxy *p);

/* Passes on what has come of a request's body that is streamed. False: it cannot be read. */
bool proxy_request_push_body(struct proxy *p);

/* The body of the client's request first, where it is to be read whole: a cache's key may say it.
 * Then, perhaps at once, `fn` with 0, or with the status of a body that cannot be had. */
void proxy_request_read_body(struct proxy *p, void (*fn)(struct proxy *p, int status));

/* What was made goes to p->peer. */
void proxy_request_submit(struct proxy *p);

#endif
