/* HTTP/1.x heads, read strictly (RFC 9112): what could be understood in two ways is refused. Pure:
 * bytes in, facts out.
 *
 * A head is parsed in one go from contiguous bytes. When it is not whole yet the answer is MORE and
 * nothing is kept: the caller calls again from the start of the head when more bytes have come.
 * The body has its own small decoder in http1_body.h. */
#ifndef PROTO_HTTP1_PARSE_H
#define PROTO_HTTP1_PARSE_H

#include "base/slice.h"
#include "proto/header.h"
#include "proto/http1_body.h"
#include "proto/method.h"

enum { HTTP1_HEADERS_MOST = 1000 };

struct http1_limits {
    size_t line; /* of a request line or header line in bytes (large_client_header_buffers' size) */
    size_t block;   /* of the whole head (number x size) */
    unsigned count; /* of header fields, <= HTTP1_HEADERS_MOST */
};

/* What a request head says. All slices point into the parsed bytes; `headers.fields` into this
 * struct. */
struct http1_head {
    struct slice method_token, target;
    enum method method;
    uint8_t minor;       /* HTTP/1.minor; 0 or 1 */
    bool has_keep_alive; /* the connection may go on after this exchange, as far as the client is
                            concerned */
    bool has_expect_continue;
    bool is_chunked;
    bool has_upgrade;       /* Connection: upgrade with an Upgrade field */
    int64_t content_length; /* -1: none given */
    struct slice host;      /* the name in the Host field; p == NULL: there is none */
    int host_port;          /* 0: none given */
    struct header_list headers;
    struct header fields[HTTP1_HEADERS_MOST];
    size_t size; /* bytes of the head, blank line included */

    /* when BAD: */
    int status;                /* 400, 414, 417, 431, 501, 505 */
    const char *reason;        /* what the log shows: a fact, static text */
    struct slice request_line; /* as far as it could be told, for the logs; also when DONE */
};

/* Parses a request head at p[0..n). Leading empty lines (CRLF) are skipped: at most 4 (RFC 9112
 * section 2.2). Answers BAD as soon as the bytes seen cannot become a right head or pass a limit.
 * The line limit counts a line without its CRLF. Until DONE or BAD `out` holds nothing of use,
 * except `request_line` (the part seen). limits->count is at most HTTP1_HEADERS_MOST. */
enum http1_result http1_parse_request(const char *p, size_t n, const struct http1_limits *limits,
                                      struct http1_head *out);

/* Empties `out` before a parse. */
void http1_head_clear(struct http1_head *out);

/* Where `s`, a part of the head at `from`, stands in its copy at `to`. */
static inline struct slice http1_moved(struct slice s, const char *from, const char *to)
{
    return slice_of(to + (s.p - from), s.n);
}

/* Copies the head, which was parsed at `from`, to the pool, and lists its fields there. Returns the
 * copy. */
const char *http1_head_keep(const struct http1_head *h, const char *from, struct pool *pool,
                            struct header_list *fields_out);

/* The field section of a response, from in.p[at] on, where in.p[0..at) is its status line; as
 * strict as that of a request. `out` was cleared and has its `minor`. Answers as
 * http1_parse_request; for http1_response.c. */
enum http1_result http1_parse_response_fields(struct slice in, size_t at,
                                              const struct http1_limits *limits,
                                              struct http1_head *out);

#endif
