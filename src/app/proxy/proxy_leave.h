/* Letting go of a server: whatever ends an attempt, or the request, comes through here. Internal to
 * the files of the proxy. */
#ifndef APP_PROXY_PROXY_LEAVE_H
#define APP_PROXY_PROXY_LEAVE_H

#include "app/proxy/proxy.h"

/* The server's connection is let go of, and another server may follow; `has_failed` counts against
 * this one. Once it has happened nothing more does. */
void proxy_leave_server(struct proxy *p, bool has_failed);

/* The same, and none follows: what a cache has begun to keep and is not whole comes to nothing. */
void proxy_leave(struct proxy *p, bool has_failed);

/* The head of an answer has come (`is_head`), or its end: the client's session may stay with the
 * server. */
void proxy_leave_learn(struct proxy *p, bool is_head);

#endif
