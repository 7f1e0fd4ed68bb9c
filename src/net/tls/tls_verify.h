/* How the certificate of a server was judged, and changing that, while a client's handshake is in
 * tls_hooks.on_verify. Numbers are those of X509_STORE_CTX_get_error(3); 0: it is fine. */
#ifndef NET_TLS_VERIFY_H
#define NET_TLS_VERIFY_H

#include "net/stream.h"

struct ssl_ctx_st;

/* The judgement so far. */
long tls_verify_result(const struct stream *s);

/* Puts another one in its place. */
void tls_verify_set_result(struct stream *s, long result);

/* What a judgement says, for people. */
const char *tls_verify_text(long result);

/* The certificate that is judged, one more reference to an X509 of the library, to be given back
 * with tls_verify_free_certificate; NULL: none has been shown. */
void *tls_verify_certificate(const struct stream *s);

/* Gives it back; NULL is fine. */
void tls_verify_free_certificate(void *x509);

/* Makes a client's context ask its hook. Internal to TLS. */
void tls_verify_use(struct ssl_ctx_st *ssl);

#endif
