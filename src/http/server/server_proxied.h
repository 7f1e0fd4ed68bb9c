/* What connections speak first whose server has_proxy_protocol: a header of the PROXY protocol,
 * which says who the client is. */
#ifndef HTTP_SERVER_PROXIED_H
#define HTTP_SERVER_PROXIED_H

#include "http/server/server_conn.h"

/* Of a connection until its header has been read into c->proxied; then `c->server` says what comes
 * next. */
extern const struct server_conn_protocol server_proxied_protocol;

#endif
