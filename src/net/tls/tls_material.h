/* Certificates and keys as objects, and choosing them for one connection while its handshake waits
 * for a certificate (tls_hooks.on_certificate). The objects are the library's own, so that whoever
 * else works with it may make or use them: a stack of X509, the peer's own first, and an EVP_PKEY.
 */
#ifndef NET_TLS_MATERIAL_H
#define NET_TLS_MATERIAL_H

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

struct stream;
struct stack_st_X509;
struct evp_pkey_st;

/* Reads a chain from PEM. err_tls_material with a text appended to `why`. */
const struct err *tls_material_chain_pem(struct slice pem, struct buf *why,
                                         struct stack_st_X509 **out) MUST_USE;

/* Reads a chain from DER: certificates one after another. */
const struct err *tls_material_chain_der(struct slice der, struct buf *why,
                                         struct stack_st_X509 **out) MUST_USE;

/* Reads a key from PEM; `password` may be empty. */
const struct err *tls_material_key_pem(struct slice pem, struct slice password, struct buf *why,
                                       struct evp_pkey_st **out) MUST_USE;

/* Reads a key from DER. */
const struct err *tls_material_key_der(struct slice der, struct buf *why,
                                       struct evp_pkey_st **out) MUST_USE;

/* Appends the certificates as DER, one after another. */
void tls_material_add_chain(const struct stack_st_X509 *chain, struct buf *out);

/* Appends the key as DER. */
void tls_material_add_key(const struct evp_pkey_st *key, struct buf *out);

/* Frees (NULL inside is fine) and clears the pointer. */
void tls_material_free_chain(struct stack_st_X509 **chain);

/* Likewise. */
void tls_material_free_key(struct evp_pkey_st **key);

/* The connection has no certificate any more. */
void tls_material_clear(struct stream *s);

/* Gives the connection a chain (references are copied). */
const struct err *tls_material_use_chain(struct stream *s, struct stack_st_X509 *chain,
                                         struct buf *why) MUST_USE;

/* Gives the connection the key of its chain (a reference is copied), which must be there already.
 * err_tls_material when they do not belong together. */
const struct err *tls_material_use_key(struct stream *s, struct evp_pkey_st *key,
                                       struct buf *why) MUST_USE;

/* Asks the client for a certificate that one of these has signed, which it is told (`named`), or
 * one of those (`trusted`); both NULL: those of the context. `depth` < 0: as it is. Any
 * certificate, or none, lets the handshake pass: tls_info_verified() tells. */
void tls_material_verify_client(struct stream *s, struct stack_st_X509 *named,
                                struct stack_st_X509 *trusted, int depth);

#endif
