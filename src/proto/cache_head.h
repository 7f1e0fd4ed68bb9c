/* The head of a file in which a response is kept: what was asked for, until when it is good, its
 * fields; the body follows. A file belongs to one machine: numbers are as that has them.
 *
 * The sum in it tells a file that was cut or written to from one that is whole. */
#ifndef PROTO_CACHE_HEAD_H
#define PROTO_CACHE_HEAD_H

#include "base/buf.h"
#include "proto/header.h"

enum {
    CACHE_VARIANT = 16,
    CACHE_HEAD_FIXED = 80,         /* bytes that are in every head */
    CACHE_HEAD_MOST = 1024 * 1024, /* a longer one is none */
};

struct cache_head {
    int status;
    int64_t made, valid_until; /* seconds since 1970 */
    int64_t body_size;
    uint32_t age;                         /* seconds, when it came */
    uint32_t stale_updating, stale_error; /* seconds after valid_until for which it may be used */
    struct slice key;                     /* what it was looked for by */
    struct slice vary;                    /* the value of Vary, empty: it had none */
    unsigned char variant[CACHE_VARIANT]; /* of the fields that it names; zero without */
    struct slice fields;                  /* "Name: value" lines, each ended by a line feed */
};

/* Appends one field to the lines of struct cache_head. It must be one that a head may have. */
void cache_head_add_field(struct buf *fields, struct slice name, struct slice value);

/* Appends the head. */
void cache_head_write(const struct cache_head *h, struct buf *out);

enum cache_head_result {
    CACHE_HEAD_MORE, /* *size_out bytes are needed */
    CACHE_HEAD_DONE, /* *size_out bytes are the head; slices point into `in` */
    CACHE_HEAD_BAD,
};

/* Reads the head at the beginning of `in`. */
enum cache_head_result cache_head_read(struct slice in, struct cache_head *out, size_t *size_out);

/* Adds its fields to a list; they are borrowed. False: what stands there are no fields. */
bool cache_head_fields(const struct cache_head *h, struct pool *pool, struct header_list *out);

#endif
