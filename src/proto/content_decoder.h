/* Content codings undone (RFC 9110 section 8.4.1): gzip, deflate, br, zstd, one or several.
 *
 * Pure: bytes in, bytes out, at most CONTENT_DECODER_PIECE of them a call, so that a small input
 * that stands for a huge output never takes more memory than that. */
#ifndef PROTO_CONTENT_DECODER_H
#define PROTO_CONTENT_DECODER_H

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

enum { CONTENT_DECODER_PIECE = 65536, CONTENT_CODINGS_MOST = 3 };

struct content_decoder;

/* One coding: how content_decoder.c drives it. */
struct content_coding {
    struct slice name;
    void *(*open)(void);
    /* Decodes from *in, which shrinks, to at most *room bytes at `to`; *room becomes what was
     * written. 1: the end of the data, 0: more of either, -1: malformed */
    int (*step)(void *state, struct slice *in, char *to, size_t *room);
    void (*close)(void *state);
};

/* A decoder for the value of a Content-Encoding field; NULL when it names nothing to undo, or
 * something that is not known. */
struct content_decoder *content_decoder_new(struct slice codings);

/* Takes `in` (kept as far as needed) and appends what comes out. `is_end`: no more input will come.
 * err_protocol: malformed, or something follows the end; err_truncated: the end is missing. */
const struct err *content_decoder_feed(struct content_decoder *d, struct slice in, bool is_end,
                                       struct buf *out);

/* Would another call give more without any input? */
bool content_decoder_has_more(const struct content_decoder *d);

/* Frees it and clears the pointer; NULL inside is fine. */
void content_decoder_free(struct content_decoder **d);

#endif
