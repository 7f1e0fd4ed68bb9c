/* HTTP/1.x response heads, read as strictly as requests (RFC 9112 section 4). Pure: bytes in, facts
 * out. */
#ifndef PROTO_HTTP1_RESPONSE_H
#define PROTO_HTTP1_RESPONSE_H

#include "proto/http1_parse.h"

struct http1_response {
    int status;             /* 100 to 999 */
    struct slice phrase;    /* as received; may be empty */
    struct http1_head head; /* minor, has_keep_alive, is_chunked, has_upgrade, content_length,
                               headers, size; when BAD: reason */
};

/* Parses a response head at p[0..n). MORE: nothing is kept, call again from its start. BAD:
 * out->head.reason tells why; there is no way to go on reading from that peer. Without the space
 * that stands before an empty phrase a status line is still taken. */
enum http1_result http1_parse_response(const char *p, size_t n, const struct http1_limits *limits,
                                       struct http1_response *out);

/* How the body of a response to a request of `method` ends (RFC 9112 section 6.3). */
enum http1_body_kind http1_response_body(const struct http1_response *r, enum method method);

#endif
