/* Serialising HTTP/1.x request heads. */
#ifndef PROTO_HTTP1_REQUEST_H
#define PROTO_HTTP1_REQUEST_H

#include "base/slice.h"
#include "proto/header.h"

struct http1_request_head {
    struct slice method, target;       /* a token; visible bytes */
    struct slice host;                 /* value of the Host field; empty: it stands in `headers` */
    uint8_t minor;                     /* HTTP/1.minor */
    int64_t content_length;            /* -1: no Content-Length */
    bool is_chunked;                   /* writes Transfer-Encoding: chunked */
    struct slice connection;           /* value of the Connection field; empty: none */
    const struct header_list *headers; /* the rest, validated; Content-Length, Transfer-Encoding and
                                          Connection in it are skipped */
};

/* At most so many bytes are written for `h`. */
size_t http1_request_size(const struct http1_request_head *h);

/* Writes the head to `to`, where there is room for http1_request_size bytes; how many. Host comes
 * first (RFC 9110 section 7.2), then the framing, then the other fields in their order. */
size_t http1_write_request(char *to, const struct http1_request_head *h);

#endif
