/* Requests that end as tunnels: an upgrade over HTTP/1.1 (101), a WebSocket over HTTP/2 (extended
 * CONNECT, RFC 8441), and WebSockets where one side speaks the former and one the latter. Internal
 * to the files of the proxy. */
#ifndef APP_PROXY_PROXY_SWITCH_H
#define APP_PROXY_PROXY_SWITCH_H

#include "app/proxy/proxy.h"
#include "net/tunnel.h"

/* Before anything else: a CONNECT is told as the upgrade that it is. False: it is one that cannot
 * be passed on. */
bool proxy_switch_prepare(struct proxy *p);

/* The request is made: gives it the form that the server understands, if it is an upgrade; takes
 * out of it what says so otherwise. False: an upgrade that the location does not pass on. */
bool proxy_switch_request(struct proxy *p);

/* Does the answer of p->up end the request as a tunnel? */
bool proxy_switch_is_due(const struct proxy *p);

/* Takes the server's side over; the answer's head is made. False: it cannot be had, or is not what
 * was asked for. */
bool proxy_switch_take(struct proxy *p, struct tunnel_side *server);

/* The server has been let go of: answers, takes the client's side over and joins both. The exchange
 * ends, and with it everything in its pool. False: the client's side cannot be had; `server` is
 * closed. */
bool proxy_switch_join(struct exchange *x, struct tunnel_side *server, uint64_t idle);

#endif
