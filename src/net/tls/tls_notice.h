/* What the library tells of a stream besides its data: alerts of the peer, and the steps of
 * handshakes and of changes of keys. Internal to TLS. */
#ifndef NET_TLS_NOTICE_H
#define NET_TLS_NOTICE_H

#include <openssl/ssl.h>

/* Streams of the context break with err_tls_flood when the peer asks for new keys or another
 * handshake too often, and tell a fatal alert from a good end. */
void tls_notice_use(SSL_CTX *ssl);

#endif
