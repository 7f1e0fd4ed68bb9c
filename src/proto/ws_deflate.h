/* permessage-deflate (RFC 7692): compressing and decompressing whole messages. Pure. */
#ifndef PROTO_WS_DEFLATE_H
#define PROTO_WS_DEFLATE_H

#include "base/buf.h"
#include "base/slice.h"

/* What the two sides have agreed on, seen from the one that uses it. */
struct ws_deflate_params {
    uint8_t out_bits, in_bits;            /* window sizes, 9 to 15 */
    bool out_no_takeover, in_no_takeover; /* each message begins with an empty window */
    uint8_t level;                        /* zlib's, 1 to 9 */
    uint8_t memory_level;                 /* zlib's, 1 to 9 */
};

enum ws_inflate_result {
    WS_INFLATE_OK,
    WS_INFLATE_BAD,       /* not deflate data */
    WS_INFLATE_TOO_LARGE, /* more than `most` bytes */
};

struct ws_deflate;

/* The two states of a connection. Takes no memory for a direction that is not used yet; without
 * takeover only while a message is in work. */
struct ws_deflate *ws_deflate_new(const struct ws_deflate_params *p);

/* Frees both directions and clears the pointer. */
void ws_deflate_free(struct ws_deflate **d);

/* Compresses a whole message; appended to `out` as it goes into frames. */
void ws_deflate_message(struct ws_deflate *d, struct slice in, struct buf *out);

/* Decompresses a piece of a message and appends it to `out`, which then holds at most `most` bytes.
 * `is_last`: the message ends with it. After another result than OK the connection must fail. */
enum ws_inflate_result ws_inflate_piece(struct ws_deflate *d, struct slice in, bool is_last,
                                        struct buf *out, size_t most);

#endif
