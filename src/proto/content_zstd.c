/* Zstandard (RFC 8878), with windows of at most 8 MiB (RFC 9659). Several frames are one text. */
#include <zstd.h>

#include "base/check.h"
#include "proto/content_codings.h"

enum { WINDOW_LOG_MOST = 23 };

static void *open_state(void)
{
    ZSTD_DStream *s = ZSTD_createDStream();

    CHECK(s != NULL);
    CHECK(!ZSTD_isError(ZSTD_DCtx_setParameter(s, ZSTD_d_windowLogMax, WINDOW_LOG_MOST)));
    return s;
}

static int step(void *state, struct slice *in, char *to, size_t *room)
{
    ZSTD_inBuffer from = {in->p, in->n, 0};
    ZSTD_outBuffer out = {to, *room, 0};
    size_t r;

    do
        r = ZSTD_decompressStream(state, &out, &from);
    while (!ZSTD_isError(r) && from.pos < from.size && out.pos < out.size);
    *in = slice_from(*in, from.pos);
    *room = out.pos;
    if (ZSTD_isError(r))
        return -1;
    return r == 0;
}

static void close_state(void *state)
{
    (void)ZSTD_freeDStream(state);
}

const struct content_coding content_zstd = {
    .name = {"zstd", 4}, .open = open_state, .step = step, .close = close_state};
