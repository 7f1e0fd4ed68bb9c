/* A request that came by TLS: is its client who it must be, and did it ask for the same server in
 * the handshake? */
#ifndef APP_TLS_TLS_REQUEST_H
#define APP_TLS_TLS_REQUEST_H

#include "app/visit.h"

/* The server of an address for the name in a handshake; the default server when the name is empty.
 */
const struct vhost *tls_request_vhost(const struct listen_conf *l, struct slice name);

/* 0, or the status to answer because of the client's certificate (495: not acceptable, 496: none)
 * or of the name asked for in the handshake (421), with a line in the log. v->vhost is chosen, and
 * the request came by TLS. */
int tls_request_check(struct visit *v);

#endif
