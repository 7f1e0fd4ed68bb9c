/* Certificates and keys as objects, and choosing them for one connection while its handshake waits
 * for a certificate (tls_hooks.on_certificate). */
#ifndef NET_TLS_MATERIAL_H
#define NET_TLS_MATERIAL_H

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

struct stream;

/* A certificate with those above it, or a key. */
struct tls_material;

/* Reads a chain from PEM. err_tls_material with a text appended to `why`. */
const struct err *tls_material_chain_pem(struct slice pem, struct buf *why,
                                         struct tls_material **out) MUST_USE;

/* Reads a chain from DER: certificates one after another. */
const struct err *tls_material_chain_der(struct slice der, struct buf *why,
                                         struct tls_material **out) MUST_USE;

/* Reads a key from PEM; `password` may be empty. */
const struct err *tls_material_key_pem(struct slice pem, struct slice password, struct buf *why,
                                       struct tls_material **out) MUST_USE;

/* Reads a key from DER. */
const struct err *tls_material_key_der(struct slice der, struct buf *why,
                                       struct tls_material **out) MUST_USE;

/* Appends it as DER: the certificates one after another, or the key. */
void tls_material_der(const struct tls_material *m, struct buf *out);

/* Frees and clears the pointer. */
void tls_material_free(struct tls_material **m);

/* The connection has no certificate any more. */
void tls_material_clear(struct stream *s);

/* Gives the connection a certificate or key (a copy of the reference); a key must follow its
 * certificate. err_tls_material when they do not belong together. */
const struct err *tls_material_use(struct stream *s, const struct tls_material *m,
                                   struct buf *why) MUST_USE;

/* Asks the client for a certificate that one of these authorities (NULL: those of the context) has
 * signed; any, or none, lets the handshake pass: tls_verified() tells. */
void tls_material_verify_client(struct stream *s, const struct tls_material *authorities,
                                int depth);

#endif
