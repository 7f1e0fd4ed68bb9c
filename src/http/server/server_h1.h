/* HTTP/1.0 and 1.1 on a server's connection. */
#ifndef HTTP_SERVER_H1_H
#define HTTP_SERVER_H1_H

#include "http/server/server_conn.h"

/* What makes a connection speak HTTP/1.x. */
extern const struct server_conn_protocol server_h1_protocol;

#endif
