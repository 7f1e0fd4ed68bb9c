/* Where sessions of a server's context are good. A resumed session brings its judgement of the
 * client with it: no certificate is asked for again. Internal to TLS. */
#ifndef NET_TLS_SCOPE_H
#define NET_TLS_SCOPE_H

#include "base/slice.h"

struct ssl_ctx_st;

/* Its sessions are resumed by contexts of equal scope that judge clients by the same authorities,
 * revocation lists and depth; without a scope, by those that show the same certificates, too. The
 * context has all of these by now. */
void tls_scope_set(struct ssl_ctx_st *ssl, struct slice scope);

#endif
