/* Session tickets of a context: sealed and opened with its own keys, or with those of the hour.
 * Internal to TLS. */
#ifndef NET_TLS_SEAL_H
#define NET_TLS_SEAL_H

#include <openssl/ssl.h>

/* Makes tickets of `ssl`, a context of tls_ctx, go by the keys. */
void tls_seal_use(SSL_CTX *ssl);

#endif
