/* FastCGI 1.0 as a client: requests written as records, records of an answer read. Pure; one
 * request at a time, whose number is 1. */
#ifndef PROTO_FASTCGI_H
#define PROTO_FASTCGI_H

#include "base/buf.h"
#include "base/slice.h"

enum {
    FASTCGI_HEAD = 8,             /* bytes before each record */
    FASTCGI_CONTENT_MOST = 65528, /* of one record; a multiple of 8, so that none is padded */
};

/* Appends one parameter to those of a request. */
void fastcgi_add_param(struct buf *params, struct slice name, struct slice value);

/* Appends the records that begin a request for a responder, with all its parameters. `keeps`: the
 * server is not to end the connection after its answer. */
void fastcgi_write_begin(struct buf *out, struct slice params, bool keeps);

/* Appends what stands before `n` bytes of the request's body (n <= FASTCGI_CONTENT_MOST); with 0 it
 * is the end of the body. */
void fastcgi_write_body_head(struct buf *out, size_t n);

enum fastcgi_result {
    FASTCGI_MORE,   /* all of the input has been taken */
    FASTCGI_OUTPUT, /* a piece of the answer */
    FASTCGI_ERRORS, /* a piece of what the server has to say beside it */
    FASTCGI_END,    /* of the answer */
    FASTCGI_BAD,    /* see the reason; there is no way to go on reading */
};

/* Zeroed: before the first record. */
struct fastcgi_reader {
    unsigned char head[FASTCGI_HEAD], end[FASTCGI_HEAD];
    uint8_t n_head, n_end; /* bytes of those */
    uint8_t padding;       /* bytes behind the content that are to come */
    uint16_t left;         /* bytes of the content that are to come */
    const char *reason;    /* when BAD: a fact, static text */
};

/* Takes bytes from the front of *in. OUTPUT and ERRORS: *piece is a part of the input, never empty;
 * call again. */
enum fastcgi_result fastcgi_read(struct fastcgi_reader *r, struct slice *in, struct slice *piece);

#endif
