/* A request, a response and a piece of its body, independent of the protocol that carries them. */
#ifndef HTTP_MESSAGE_H
#define HTTP_MESSAGE_H

#include "base/keeper.h"
#include "base/pool.h"
#include "base/slice.h"
#include "proto/header.h"
#include "proto/method.h"

struct request {
    enum method method;
    struct slice method_token;
    struct slice line;   /* as received, for logs */
    struct slice target; /* as received */
    struct slice uri;    /* raw path and query of the target ($request_uri); origin-form */
    struct slice path;   /* decoded, normalised; rewrites change it ($uri) */
    struct slice
        query; /* raw, without '?'; p == NULL when there is none; rewrites change it ($args) */
    struct slice host; /* from absolute-form or Host: lower case, without port and the dot of the
                          root; may be empty */
    int host_port;     /* 0: none given */
    struct slice protocol; /* of an extended CONNECT (RFC 8441): "websocket"; n == 0: it is none */
    struct header_list headers;
    struct header_list trailers; /* complete once the body has been read */
    int64_t content_length;      /* -1: none */
    uint8_t version_major, version_minor;
    bool has_unsized_body; /* a body comes whose end alone tells how long it is */
    bool is_tls;
    struct stream *tls; /* what TLS has agreed on (net/tls/tls_info.h); NULL: nothing. Held */
    bool expects_continue;
};

struct response {
    int status;             /* 0: not set yet, counts as 200 */
    struct slice reason;    /* empty: the registered phrase */
    int64_t content_length; /* -1: unknown */
    int64_t last_modified;  /* seconds, -1: none; written as a field by exchange_start */
    struct header_list headers;
    struct header_list trailers;
    struct slice origin; /* "http://host": goes before a Location that is HEADER_LOCAL */
    bool is_tunnel;      /* what follows a 2xx to CONNECT is not HTTP: exchange_detach does */
    bool wants_trailers; /* there will be some, so HTTP/1.1 takes chunks for a known length, too */
};

/* A piece of a response body. `bytes`, or `size` bytes of file `fd` from `offset` when fd >= 0. */
struct chunk {
    struct slice bytes;
    struct keeper
        *keeper; /* keeps `bytes` beyond the call for whoever holds it; NULL: nobody does */
    int fd; /* -1: bytes; a file descriptor is closed by whoever consumes the chunk when `owns_fd`
             */
    off_t offset;
    size_t size;
    bool owns_fd;
    bool is_flush; /* what came so far shall reach the peer now */
    bool is_last;
};

#define CHUNK_BYTES(s) ((struct chunk){.bytes = (s), .fd = -1})
#define CHUNK_LAST(s)  ((struct chunk){.bytes = (s), .fd = -1, .is_last = true})

/* The piece goes nowhere: closes what it owns. */
void chunk_drop(const struct chunk *c);

/* Fills in uri, path, query, host and host_port from target, method and headers; what is not there
 * as such comes from `pool`. r->host.p not NULL: the Host field has been read already. A CONNECT
 * is about "/" where they are taken. 0, or the status to answer, with *reason_out telling why
 * (static text). */
int message_resolve(struct request *r, bool takes_connect, struct pool *pool,
                    const char **reason_out);

/* For a server where slashes in a row are not one: makes the path of what message_resolve has read
 * once more, with all of them. */
void message_keep_slashes(struct request *r, struct pool *pool);

#endif
