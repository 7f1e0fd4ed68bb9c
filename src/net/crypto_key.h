/* Asymmetric keys and their signatures, in the schemes and forms of JOSE (RFC 7518, RFC 8037).
 *
 * A key is RSA of at least 2,048 bits, of one of the NIST curves P-256, P-384, P-521, or Ed25519. A
 * scheme works with the keys that it is made for and with no other. */
#ifndef NET_CRYPTO_KEY_H
#define NET_CRYPTO_KEY_H

#include "base/buf.h"

struct crypto_key;

enum crypto_scheme {
    CRYPTO_RS256,
    CRYPTO_RS384,
    CRYPTO_RS512,
    CRYPTO_PS256,
    CRYPTO_PS384,
    CRYPTO_PS512,
    CRYPTO_ES256,
    CRYPTO_ES384,
    CRYPTO_ES512,
    CRYPTO_EDDSA,
};

/* The scheme of that name ("RS256"); false when there is none. */
bool crypto_scheme_find(struct slice name, enum crypto_scheme *scheme_out);

/* A key from PEM: a private or a public one, or that of a certificate. NULL: none could be read, or
 * it is of another kind. */
struct crypto_key *crypto_key_pem(struct slice pem);

/* A public key from its numbers, big-endian. NULL as above. */
struct crypto_key *crypto_key_rsa(struct slice modulus, struct slice exponent);

/* A public key from a point of the curve "P-256", "P-384" or "P-521". NULL: it is not on it. */
struct crypto_key *crypto_key_ec(struct slice curve, struct slice x, struct slice y);

/* A public key of Ed25519 from its 32 bytes. */
struct crypto_key *crypto_key_ed25519(struct slice x);

/* Frees the key and clears the pointer. */
void crypto_key_free(struct crypto_key **key);

/* "RSA", "P-256", "P-384", "P-521" or "Ed25519". */
const char *crypto_key_kind(const struct crypto_key *key);

/* Can it sign? */
bool crypto_key_is_private(const struct crypto_key *key);

/* Is the scheme made for such keys? */
bool crypto_key_fits(const struct crypto_key *key, enum crypto_scheme scheme);

/* Appends the signature of `text`; false: the key is public, or not for this scheme. */
bool crypto_sign(const struct crypto_key *key, enum crypto_scheme scheme, struct slice text,
                 struct buf *out);

/* Has the owner of the key signed `text` in this scheme? */
bool crypto_verify(const struct crypto_key *key, enum crypto_scheme scheme, struct slice text,
                   struct slice signature);

#endif
