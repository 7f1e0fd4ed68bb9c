/* Digests of OpenSSL for those who may not see its headers. Fixed sizes; `out` is the caller's. */
#ifndef NET_TLS_DIGEST_H
#define NET_TLS_DIGEST_H

#include <stddef.h>

enum { TLS_DIGEST_MD5 = 16, TLS_DIGEST_SHA1 = 20, TLS_DIGEST_SHA256 = 32 };

/* From now on the library's own algorithms are there. Before their first use it gives them up as
 * soon as code that shares the process (Lua, by FFI) loads one of its other providers. */
void tls_digest_init(void);

/* MD5 of `n` bytes. */
void tls_digest_md5(const char *p, size_t n, unsigned char out[TLS_DIGEST_MD5]);

/* SHA-1 of `n` bytes. */
void tls_digest_sha1(const char *p, size_t n, unsigned char out[TLS_DIGEST_SHA1]);

/* SHA-256 of `n` bytes. */
void tls_digest_sha256(const char *p, size_t n, unsigned char out[TLS_DIGEST_SHA256]);

/* HMAC-SHA-1 of `n` bytes under a key. */
void tls_digest_hmac_sha1(const char *key, size_t key_n, const char *p, size_t n,
                          unsigned char out[TLS_DIGEST_SHA1]);

#endif
