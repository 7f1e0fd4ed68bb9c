/* Lines about connections that TLS has broken, in the words of nginx's log. */
#ifndef HTTP_CONN_FAILURE_H
#define HTTP_CONN_FAILURE_H

#include "http/server/server_conn.h"

/* What has failed (c->stream->err), why, and `when`: "while SSL handshaking". */
void conn_failure_log(const struct server_conn *c, const char *call, const char *when);

/* Reads as server_conn_read, and says so when that fails; a client that has just left needs no
 * line. */
void conn_failure_read(struct server_conn *c, const char *when);

#endif
