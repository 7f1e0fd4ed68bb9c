/* Decoder of one HTTP/1.x message body (RFC 9112 sections 6 and 7). Pure: bytes in, bytes out. */
#ifndef PROTO_HTTP1_BODY_H
#define PROTO_HTTP1_BODY_H

#include "base/slice.h"
#include "proto/header.h"

enum http1_result {
    HTTP1_MORE, /* not whole yet, right so far */
    HTTP1_DONE,
    HTTP1_BAD, /* see the reason */
};

enum http1_body_kind { HTTP1_BODY_NONE, HTTP1_BODY_LENGTH, HTTP1_BODY_CHUNKED, HTTP1_BODY_EOF };

/* Decoder of one message body. */
struct http1_body {
    enum http1_body_kind kind;
    uint8_t state;
    uint16_t line; /* bytes of the current chunk-size or trailer line */
    int64_t left;  /* of the body (LENGTH) or of the current chunk */
    uint32_t trailer_bytes;
    char *trailer;      /* the trailer section so far, in the pool; NULL: none yet */
    const char *reason; /* when BAD: a fact, static text */
};

/* Prepares for a body; `length` counts only for HTTP1_BODY_LENGTH. */
void http1_body_init(struct http1_body *b, enum http1_body_kind kind, int64_t length);

/* Takes bytes from the front of *in. DONE: the body is complete, *in is what follows it. MORE: call
 * again while *in is not empty. BAD: malformed. With DONE and MORE *data is a piece of the body (a
 * part of the input, perhaps empty); each call yields at most one. The last piece of a body of
 * known length comes with DONE. EOF bodies never end by themselves. Chunk extensions are checked
 * and dropped. Trailer fields are appended to `trailers` (copied to `pool`; NULL drops them), at
 * most 8 KiB of them; those that RFC 9110 section 6.5.1 forbids are dropped. */
enum http1_result http1_body_decode(struct http1_body *b, struct slice *in, struct slice *data,
                                    struct header_list *trailers, struct pool *pool);

/* How much of the current chunk is still to come; 0 while its size is being read. */
int64_t http1_body_announced(const struct http1_body *b);

#endif
