/* Content codings: the first byte chooses, the second cuts. No call gives more than a piece. */
#include "proto/content_decoder.h"

#include "base/check.h"

static const char *const codings[] = {"gzip", "deflate", "br", "zstd", "gzip, deflate", "br, gzip"};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct content_decoder *d;
    struct buf out = BUF_EMPTY;
    size_t step, at = 2, total = 0;
    const struct err *why = NULL;

    if (size < 3)
        return 0;
    d = content_decoder_new(slice_str(codings[data[0] % ARRAY_LEN(codings)]));
    step = data[1] + 1u;
    while (!why && total < 10000000 && (at < size || content_decoder_has_more(d))) {
        size_t n = content_decoder_has_more(d) ? 0 : MIN(step, size - at);

        why = content_decoder_feed(d, slice_of((const char *)data + at, n), false, &out);
        CHECK(out.n <= CONTENT_DECODER_PIECE);
        total += out.n;
        out.n = 0;
        at += n;
    }
    buf_free(&out);
    content_decoder_free(&d);
    return 0;
}
