/* Certificates and keys that handshakes read by name, kept for those that follow. One is given to
 * many connections at once, each of which holds it for itself. */
#ifndef NET_TLS_CACHE_H
#define NET_TLS_CACHE_H

#include "base/buf.h"
#include "base/err.h"

struct stream;
struct tls_cache;
struct tls_credential; /* see tls_ctx.h */

struct tls_cache_limits {
    unsigned most;     /* at least 1 */
    uint64_t inactive; /* ms without use, after which one is dropped */
    uint64_t valid;    /* ms after which the files are looked at again */
};

/* Makes an empty one. */
struct tls_cache *tls_cache_new(const struct tls_cache_limits *l);

/* Frees it (NULL is fine) and clears the pointer. */
void tls_cache_free(struct tls_cache **c);

/* Gives the connection a certificate, those above it and the key, from files or PEM texts, besides
 * what it has of other kinds of keys. Files are taken from the cache (NULL: there is none) while
 * they are the same. Blocks while it reads. err_tls_material and others, with a text appended to
 * `why` (may be NULL). */
const struct err *tls_cache_use(struct tls_cache *c, struct stream *s,
                                const struct tls_credential *name, struct buf *why) MUST_USE;

#endif
