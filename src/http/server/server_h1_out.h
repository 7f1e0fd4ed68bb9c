/* Responses of HTTP/1.1 on a server's connection. */
#ifndef HTTP_SERVER_H1_OUT_H
#define HTTP_SERVER_H1_OUT_H

#include "http/server/server_conn.h"

/* The transport of exchanges on HTTP/1.1. */
extern const struct exchange_transport server_h1_out_transport;

/* The exchange's response is out, or near enough: lets go of it and decides what the connection
 * does next. */
void server_h1_out_finish(struct server_conn *c);

#endif
