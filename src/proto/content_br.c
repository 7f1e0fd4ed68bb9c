/* Brotli (RFC 7932). */
#include <brotli/decode.h>

#include "base/check.h"
#include "proto/content_codings.h"

static void *open_state(void)
{
    BrotliDecoderState *s = BrotliDecoderCreateInstance(NULL, NULL, NULL);

    CHECK(s != NULL);
    return s;
}

static int step(void *state, struct slice *in, char *to, size_t *room)
{
    const uint8_t *next_in = (const uint8_t *)in->p;
    uint8_t *next_out = (uint8_t *)to;
    size_t left = *room;
    BrotliDecoderResult r =
        BrotliDecoderDecompressStream(state, &in->n, &next_in, &left, &next_out, NULL);

    in->p = (const char *)next_in;
    *room -= left;
    if (r == BROTLI_DECODER_RESULT_ERROR)
        return -1;
    return r == BROTLI_DECODER_RESULT_SUCCESS;
}

static void close_state(void *state)
{
    BrotliDecoderDestroyInstance(state);
}

const struct content_coding content_br = {
    .name = {"br", 2}, .open = open_state, .step = step, .close = close_state};
