/* Message bodies. The first two bytes choose the kind and the size of the pieces; decoded whole and
 * in pieces the answers must agree, and the data is as long as what the framing announced. */
#include "proto/http1_body.h"

#include "base/buf.h"
#include "base/check.h"

struct outcome {
    enum http1_result result;
    struct buf body;
    size_t used;
    unsigned trailers;
};

static struct outcome decode(const uint8_t *data, size_t size, size_t step,
                             enum http1_body_kind kind)
{
    struct outcome o = {.result = HTTP1_MORE, .body = BUF_EMPTY};
    struct header_list l = {NULL, 0, 0};
    struct http1_body b;
    struct pool pool;

    pool_init(&pool, NULL, 0);
    http1_body_init(&b, kind, 50);
    while (o.result == HTTP1_MORE && o.used < size) {
        size_t n = MIN(step, size - o.used);
        struct slice in = slice_of((const char *)data + o.used, n), piece;
        o.result = http1_body_decode(&b, &in, &piece, &l, &pool);
        CHECK(o.result != HTTP1_MORE || in.n < n);
        if (o.result != HTTP1_BAD)
            buf_add_slice(&o.body, piece);
        o.used += n - in.n;
    }
    for (unsigned i = 0; i < l.n; i++)
        CHECK(header_is_name(l.fields[i].name) && header_is_value(l.fields[i].value) &&
              l.fields[i].id != HEADER_CONTENT_LENGTH);
    CHECK(o.result != HTTP1_BAD || b.reason);
    o.trailers = l.n;
    pool_reset(&pool);
    return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct outcome whole, cut;
    enum http1_body_kind kind;

    if (size < 2)
        return 0;
    kind = data[0] % 8 ? HTTP1_BODY_CHUNKED : (enum http1_body_kind)(data[0] / 8 % 4);
    whole = decode(data + 2, size - 2, size, kind);
    cut = decode(data + 2, size - 2, 1 + data[1] % 16, kind);
    CHECK(whole.result == cut.result);
    if (whole.result != HTTP1_BAD) {
        CHECK(slice_eq(buf_slice(&whole.body), buf_slice(&cut.body)));
        CHECK(whole.used == cut.used && whole.trailers == cut.trailers);
    }
    buf_free(&whole.body);
    buf_free(&cut.body);
    return 0;
}
