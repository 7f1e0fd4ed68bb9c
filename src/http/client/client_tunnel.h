/* Asking a proxy for a connection to the target: CONNECT (RFC 9110 section 9.3.6) or SOCKS. */
#ifndef HTTP_CLIENT_TUNNEL_H
#define HTTP_CLIENT_TUNNEL_H

#include "http/client/client_dial.h"

struct client_tunnel;

/* Begins on `under`, a connection to way->via, which it owns from now on. `target`: the address
 * that the proxy is told instead of the name, or NULL. `way` lives as long; `ms`: how long it may
 * take, 0: any time. `fn` is told once, from the loop, never before return: the stream, which leads
 * to the target from now on and of which nothing has been read, or NULL and why. */
struct client_tunnel *client_tunnel_start(struct stream *under, const struct client_way *way,
                                          const struct addr *target, uint64_t ms, client_dial_fn fn,
                                          void *user);

/* No call follows; the stream is closed; clears the pointer (NULL inside is fine). */
void client_tunnel_cancel(struct client_tunnel **t);

extern const struct err client_err_proxy_timeout, client_err_proxy_closed;

#endif
