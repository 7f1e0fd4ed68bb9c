/* The filter that compresses response bodies: chosen by what the client takes (RFC 9110 section
 * 12.5.3) and what is worth it. */
#ifndef HTTP_FILTER_COMPRESS_H
#define HTTP_FILTER_COMPRESS_H

#include "base/map.h"
#include "http/exchange.h"
#include "http/media_set.h"
#include "proto/compress.h"

/* Responses to requests that came through a proxy (Via): compressed when one of these holds. */
enum {
    COMPRESS_PROXIED_ANY = 1,
    COMPRESS_PROXIED_EXPIRED = 2,
    COMPRESS_PROXIED_NO_CACHE = 4,
    COMPRESS_PROXIED_NO_STORE = 8,
    COMPRESS_PROXIED_PRIVATE = 16,
    COMPRESS_PROXIED_NO_LAST_MODIFIED = 32,
    COMPRESS_PROXIED_NO_ETAG = 64,
    COMPRESS_PROXIED_AUTH = 128,
};

struct compress_rule {
    bool is_on;
    int level;
    int64_t min_length; /* of bodies whose length is known; bytes */
    struct media_set types;
};

struct compress_settings {
    struct compress_rule rules[CODING_COUNT];
    bool has_vary;     /* say Vary: Accept-Encoding */
    bool takes_http10; /* compress for HTTP/1.0 too */
    unsigned proxied;  /* COMPRESS_PROXIED_…; 0: never */
};

/* Puts the filter behind those that are there; `s` must outlive the exchange. When it is barred
 * this client gets nothing compressed, and is told that others might. Only before the response
 * starts. */
void filter_compress_add(struct exchange *x, const struct compress_settings *s, bool is_barred);

/* When a response of 200 is about to become a 304: its ETag and Vary turn into those that the
 * filter would have given it (RFC 9110 section 15.4.5). Before its type and length are taken away.
 */
void filter_compress_unmodified(struct exchange *x);

/* May a client of this version, and behind such a proxy, get anything that is compressed? */
bool filter_compress_is_client_fit(const struct exchange *x, const struct compress_settings *s);

/* Bytes before and after compression, for $gzip_ratio; false: this response is not compressed. */
bool filter_compress_ratio(const struct exchange *x, uint64_t *in_out, uint64_t *out_out);

#endif
