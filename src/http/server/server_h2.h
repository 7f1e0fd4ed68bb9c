/* HTTP/2 on a server's connection. */
#ifndef HTTP_SERVER_H2_H
#define HTTP_SERVER_H2_H

#include "http/server/server_conn.h"

/* The first bytes of a connection: do they begin HTTP/2 (RFC 9113 section 3.4)? 1: yes; 0: more is
 * needed; -1: no. */
int server_h2_detect(struct slice in);

/* A connection of HTTP/1.1 speaks HTTP/2 from now on, as a client that knew did: what has been read
 * is the input. */
void server_h2_take_over(struct server_conn *c);

/* The same with `x`, the request that asked for it, as stream 1. `settings`: the client's. False:
 * they are malformed, and nothing has changed. */
bool server_h2_upgrade(struct server_conn *c, struct exchange *x, struct slice settings);

#endif
