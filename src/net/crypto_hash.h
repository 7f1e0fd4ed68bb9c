/* Hash functions and what is built on them: HMAC (RFC 2104), HKDF (RFC 5869), comparison that does
 * not tell where two texts differ. Nothing here can fail. */
#ifndef NET_CRYPTO_HASH_H
#define NET_CRYPTO_HASH_H

#include "base/base.h"
#include "base/slice.h"

enum { CRYPTO_HASH_MOST = 64 };

enum crypto_hash { CRYPTO_MD5, CRYPTO_SHA1, CRYPTO_SHA256, CRYPTO_SHA384, CRYPTO_SHA512 };

/* The function of that name ("sha256"); false when there is none. */
bool crypto_hash_find(struct slice name, enum crypto_hash *hash_out);

/* The hash of `in`; returns its size. */
size_t crypto_hash(enum crypto_hash hash, struct slice in, unsigned char out[CRYPTO_HASH_MOST]);

/* The HMAC of `in` under `key`; returns its size. */
size_t crypto_hmac(enum crypto_hash hash, struct slice key, struct slice in,
                   unsigned char out[CRYPTO_HASH_MOST]);

/* Fills `out` with `n` bytes (at most 255 times the size of the hash) derived from a secret: others
 * for every `salt` and `info`. */
void crypto_hkdf(enum crypto_hash hash, struct slice secret, struct slice salt, struct slice info,
                 unsigned char *out, size_t n);

/* Are they equal? Takes as long wherever they differ; only lengths may be learnt. */
bool crypto_equals(struct slice a, struct slice b);

#endif
