/* Sessions of servers that somebody above keeps, for clients that have no tickets: the hooks
 * on_session and find_session of a context. Internal to TLS, but for tls_store_offer. */
#ifndef NET_TLS_STORE_H
#define NET_TLS_STORE_H

#include "base/buf.h"
#include "base/err.h"
#include "net/stream.h"

struct ssl_ctx_st;

/* Makes a server's context ask its hooks. */
void tls_store_use(struct ssl_ctx_st *ssl);

/* Bytes of a session, as on_session had them, for the client whose handshake waits in on_hello;
 * find_session is then not asked for it. err_tls_material: they are none. */
const struct err *tls_store_offer(struct stream *s, struct slice der, struct buf *why) MUST_USE;

#endif
