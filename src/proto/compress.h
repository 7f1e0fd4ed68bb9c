/* Compressing a response: gzip (RFC 1952), brotli (RFC 7932), zstd (RFC 8878). Pure. */
#ifndef PROTO_COMPRESS_H
#define PROTO_COMPRESS_H

#include "base/buf.h"
#include "base/slice.h"

enum coding { CODING_BROTLI, CODING_ZSTD, CODING_GZIP, CODING_COUNT };

enum compress_mode {
    COMPRESS_MORE,  /* output when it pays */
    COMPRESS_FLUSH, /* everything taken so far can be read by the receiver */
    COMPRESS_END,
};

struct compressor;

/* Its token in Content-Encoding: "br", "zstd", "gzip". */
struct slice coding_name(enum coding coding);

/* The least and the greatest level of a coding. */
int coding_level_least(enum coding coding);

/* See coding_level_least. */
int coding_level_most(enum coding coding);

/* A compressor for one response of `size` bytes; -1: nobody knows. A few are kept by the process,
 * because making one is dear. */
struct compressor *compressor_new(enum coding coding, int level, int64_t size);

/* Gives it back and clears the pointer, at any time. */
void compressor_free(struct compressor **c);

/* Takes all of `in` and appends what comes out to `out`. After COMPRESS_END only compressor_free
 * may follow. */
void compressor_write(struct compressor *c, struct slice in, enum compress_mode mode,
                      struct buf *out);

#endif
