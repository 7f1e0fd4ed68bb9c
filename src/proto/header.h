/* Header fields: one field, lists of them in order with repeats, known names as numbers, and the
 * grammar checks.
 *
 * A list lives in a pool. Names keep the case they were given; look-ups ignore it. Names that the
 * server itself cares about have an id, found once when the field is added, so that later look-ups
 * compare numbers. */
#ifndef PROTO_HEADER_H
#define PROTO_HEADER_H

#include "base/pool.h"
#include "base/slice.h"

/* X(symbol, "Canonical-Name") */
/* clang-format off */
#define HEADER_KNOWN(X)                                                                       \
    X(ACCEPT, "Accept") X(ACCEPT_ENCODING, "Accept-Encoding")                                 \
    X(ACCEPT_LANGUAGE, "Accept-Language") X(ACCEPT_RANGES, "Accept-Ranges") X(AGE, "Age")     \
    X(ALLOW, "Allow") X(AUTHORIZATION, "Authorization") X(CACHE_CONTROL, "Cache-Control")     \
    X(CONNECTION, "Connection") X(CONTENT_DISPOSITION, "Content-Disposition")                 \
    X(CONTENT_ENCODING, "Content-Encoding") X(CONTENT_LANGUAGE, "Content-Language")           \
    X(CONTENT_LENGTH, "Content-Length") X(CONTENT_RANGE, "Content-Range")                     \
    X(CONTENT_TYPE, "Content-Type") X(COOKIE, "Cookie") X(DATE, "Date") X(ETAG, "ETag")       \
    X(EXPECT, "Expect") X(EXPIRES, "Expires") X(FORWARDED, "Forwarded") X(HOST, "Host")       \
    X(HTTP2_SETTINGS, "HTTP2-Settings") X(IF_MATCH, "If-Match")                               \
    X(IF_MODIFIED_SINCE, "If-Modified-Since") X(IF_NONE_MATCH, "If-None-Match")               \
    X(IF_RANGE, "If-Range") X(IF_UNMODIFIED_SINCE, "If-Unmodified-Since")                     \
    X(KEEP_ALIVE, "Keep-Alive") X(LAST_MODIFIED, "Last-Modified") X(LINK, "Link")             \
    X(LOCATION, "Location") X(ORIGIN, "Origin") X(PRAGMA, "Pragma")                           \
    X(PROXY_CONNECTION, "Proxy-Connection") X(RANGE, "Range") X(REFERER, "Referer")           \
    X(REFRESH, "Refresh") X(RETRY_AFTER, "Retry-After")                                       \
    X(SEC_WEBSOCKET_KEY, "Sec-WebSocket-Key") X(SERVER, "Server") X(SET_COOKIE, "Set-Cookie") \
    X(TE, "TE") X(TRAILER, "Trailer") X(TRANSFER_ENCODING, "Transfer-Encoding")               \
    X(UPGRADE, "Upgrade") X(USER_AGENT, "User-Agent") X(VARY, "Vary") X(VIA, "Via")           \
    X(WWW_AUTHENTICATE, "WWW-Authenticate") X(X_FORWARDED_FOR, "X-Forwarded-For")             \
    X(X_REAL_IP, "X-Real-IP")
/* clang-format on */

enum header_id {
    HEADER_OTHER,
#define X(id, name) HEADER_##id,
    HEADER_KNOWN(X)
#undef X
        HEADER_ID_COUNT
};

enum header_mark {
    HEADER_CHECKED = 1, /* name and value are known to be what the grammar allows */
    HEADER_OWN = 2,     /* of a request: set by our own code, not by the client */
    HEADER_LOCAL = 4,   /* of a response: a path, which the wire gets with our origin before it */
};

struct header {
    struct slice name, value;
    enum header_id id;
    uint8_t marks; /* of enum header_mark */
};

struct header_list {
    struct header *fields;
    unsigned n, size;
};

/* The id of a name in any case. Fast: called for every field of every request. */
enum header_id header_id(struct slice name);

/* The canonical spelling of a known name; empty for HEADER_OTHER. */
struct slice header_name(enum header_id id);

/* Appends a field; the slices are borrowed and must live as long as the list. */
void header_add(struct header_list *l, struct pool *pool, struct slice name, struct slice value);

/* Same, when the id of the name is known. */
void header_append(struct header_list *l, struct pool *pool, struct header field);

/* Appends a known field under its canonical name. */
void header_add_id(struct header_list *l, struct pool *pool, enum header_id id, struct slice value);

/* Replaces the first field of that name and drops its repeats; appends when there was none. */
void header_set(struct header_list *l, struct pool *pool, struct slice name, struct slice value);

/* Same, for a known name. */
void header_set_id(struct header_list *l, struct pool *pool, enum header_id id, struct slice value);

/* Drops every field of that name; how many there were. */
unsigned header_remove(struct header_list *l, struct slice name);

/* Same, for a known name. */
unsigned header_remove_id(struct header_list *l, enum header_id id);

/* The first field of that name, or NULL. */
struct header *header_find(const struct header_list *l, struct slice name);

/* Same, for a known name. */
struct header *header_find_id(const struct header_list *l, enum header_id id);

/* Its value; empty when there is none. */
static inline struct slice header_value(const struct header_list *l, enum header_id id)
{
    const struct header *h = header_find_id(l, id);

    return h ? h->value : SLICE_EMPTY;
}

/* A token of RFC 9110 section 5.6.2, not empty? */
bool header_is_name(struct slice s);

/* A field value of RFC 9110 section 5.5: no control bytes but tab (so no CR, LF, NUL)? Bytes >=
 * 0x80 are allowed. */
bool header_is_value(struct slice s);

/* May this field stand in a head? What header_id gives for its name is taken for granted. */
static inline bool header_check(const struct header *h)
{
    return (h->marks & HEADER_CHECKED) ||
           ((h->id || header_is_name(h->name)) && header_is_value(h->value));
}

/* May a field of that name stand in trailers? None that says how a message is framed, routed or to
 * be read (RFC 9110 section 6.5.1). */
bool header_can_trail(enum header_id id, struct slice name);

/* Does the comma-separated list `value` hold `token` (case ignored, RFC 9110 section 5.6.1)? */
bool header_has_token(struct slice value, struct slice token);

/* Does a field Connection say that the field of that name belongs to the connection (RFC 9110
 * section 7.6.1)? */
bool header_is_of_connection(const struct header_list *l, struct slice name);

#endif
