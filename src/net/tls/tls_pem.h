/* Certificates and keys from PEM, in files or in memory. Internal to TLS. */
#ifndef NET_TLS_PEM_H
#define NET_TLS_PEM_H

#include "net/tls/tls_openssl.h"

/* Reads a certificate, those that follow it, and the key. All three are the caller's
 * (tls_pem_free). On failure nothing is, and `why` (may be NULL) has the text. */
const struct err *tls_pem_load(const struct tls_credential *c, struct tls_chain *out,
                               struct buf *why) MUST_USE;

/* Reads certificates from PEM text: the first is the leaf, the key stays NULL. */
const struct err *tls_pem_certificates(struct slice pem, struct tls_chain *out,
                                       struct buf *why) MUST_USE;

/* Reads a private key from PEM text; NULL with `why` filled. */
EVP_PKEY *tls_pem_key(struct slice pem, const struct slice *passwords, unsigned n, struct buf *why);

/* Adds every certificate of a PEM text to a store, and its subject to `names` (may be NULL). */
const struct err *tls_pem_trust(struct slice pem, X509_STORE *store, STACK_OF(X509_NAME) * names,
                                struct buf *why) MUST_USE;

/* Adds every revocation list of a PEM text to a store. */
const struct err *tls_pem_revocations(struct slice pem, X509_STORE *store,
                                      struct buf *why) MUST_USE;

/* The text of a file of at most 1 MiB, appended to `out`. */
const struct err *tls_pem_file(const char *path, struct buf *out, struct buf *why) MUST_USE;

/* Frees what a chain holds and empties it. */
void tls_pem_free(struct tls_chain *chain);

#endif
