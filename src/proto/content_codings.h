/* The content codings that content_decoder.c knows. */
#ifndef PROTO_CONTENT_CODINGS_H
#define PROTO_CONTENT_CODINGS_H

#include "proto/content_decoder.h"

extern const struct content_coding content_gzip, content_x_gzip, content_deflate; /* zlib */
extern const struct content_coding content_br;                                    /* brotli */
extern const struct content_coding content_zstd;

#endif
