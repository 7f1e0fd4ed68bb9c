/* The TLS handshake of an accepted connection, before what is spoken on it is chosen.
 *
 * A client that speaks HTTP in the clear gets its answer in the clear: such exchanges are refused
 * with 497. */
#ifndef HTTP_SERVER_TLS_H
#define HTTP_SERVER_TLS_H

#include "http/server/server_conn.h"
#include "net/tls/tls.h"

/* What a connection speaks until server_tls_begin has done its work. */
extern const struct server_conn_protocol server_tls_protocol;

/* Puts TLS by the context of its server on a connection that was just opened with
 * server_tls_protocol; `in` was read of its stream already. */
void server_tls_begin(struct server_conn *c, struct slice in);

/* A hook that answered TLS_WAIT is through: its function is called again, from the loop. */
void server_tls_resume(struct stream *s);

#endif
