/* Compressed messages: anything may be decompressed, within its limit; and what is compressed comes
 * back. */
#include "proto/ws_deflate.h"

#include "base/check.h"

enum { MOST = 20000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice in = slice_of((const char *)data + 1, size - 1);
    struct ws_deflate_params p = {.level = 1, .memory_level = 1};
    struct ws_deflate *d;
    struct buf packed = BUF_EMPTY, out = BUF_EMPTY;

    if (size < 1)
        return 0;
    p.out_bits = p.in_bits = (uint8_t)(9 + data[0] % 7);
    p.out_no_takeover = p.in_no_takeover = data[0] & 0x80;
    d = ws_deflate_new(&p);
    ws_deflate_message(d, in, &packed);
    CHECK(ws_inflate_piece(d, buf_slice(&packed), true, &out, in.n) == WS_INFLATE_OK);
    CHECK(slice_eq(buf_slice(&out), in));
    ws_deflate_free(&d);
    out.n = 0;
    d = ws_deflate_new(&p);
    for (size_t at = 0; at < in.n; at += 7) {
        if (ws_inflate_piece(d, slice_of(in.p + at, MIN((size_t)7, in.n - at)), at + 7 >= in.n,
                             &out, MOST) != WS_INFLATE_OK)
            break;
        CHECK(out.n <= MOST);
    }
    ws_deflate_free(&d);
    buf_free(&packed);
    buf_free(&out);
    return 0;
}
