/* Serialising HTTP/1.1 heads and chunks into a buffer. */
#ifndef PROTO_HTTP1_WRITE_H
#define PROTO_HTTP1_WRITE_H

#include "base/buf.h"
#include "proto/header.h"

struct http1_response_head {
    int status;
    struct slice reason;               /* empty: the registered phrase */
    struct slice server;               /* Server field value, empty: left out */
    struct slice date;                 /* Date field value, empty: left out */
    int64_t content_length;            /* -1: no Content-Length */
    bool is_chunked;                   /* writes Transfer-Encoding: chunked */
    bool is_keep_alive;                /* writes Connection: keep-alive or close, "upgrade" before
                                          it when there is an Upgrade field with 426 */
    bool is_upgrade;                   /* writes Connection: upgrade instead */
    bool is_tunnel;                    /* writes no Connection */
    const struct header_list *headers; /* the rest, already validated; Server, Date, Content-Length,
                                          Transfer-Encoding, Connection in it are skipped */
};

/* Appends the whole head, in nginx's order: status line, Server, Date, Content-Type,
 * Content-Length, Last-Modified, Location, Transfer-Encoding, Connection, then the others in their
 * order. Hot path: one reserve, then plain copies. */
void http1_write_head(struct buf *out, const struct http1_response_head *h);

/* Appends the size line of a chunk of `n` bytes (n > 0); the caller appends the bytes and then
 * "\r\n". */
void http1_write_chunk_size(struct buf *out, size_t n);

/* Appends the last chunk with trailer fields (may be NULL). */
void http1_write_last_chunk(struct buf *out, const struct header_list *trailers);

#endif
