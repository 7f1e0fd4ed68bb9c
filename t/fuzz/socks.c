/* SOCKS: the first byte says what is asked for, the rest is what the proxy answers. Whole and byte
 * by byte end alike. */
#include "proto/socks.h"

#include <stdlib.h>

#include "base/check.h"

static const uint8_t address[16] = {1, 2, 3, 4};

static struct socks_request request_of(uint8_t kind)
{
    struct socks_request r = {.version = kind & 1 ? 5 : 4, .host = SLICE("a.example"), .port = 80};

    if (kind & 2)
        r.user = SLICE("user");
    if (kind & 4) {
        r.address = address;
        r.address_size = (kind & 8) && r.version == 5 ? 16 : 4;
    }
    return r;
}

/* Answers with the result; *taken: bytes of `in` that were used. */
static enum socks_result run(const struct socks_request *r, struct slice in, size_t step,
                             size_t *taken, const struct err **e)
{
    struct buf held = BUF_EMPTY, out = BUF_EMPTY;
    enum socks_result result = SOCKS_MORE;
    struct socks s;
    size_t used, at = 0;

    *taken = 0;
    CHECK(!socks_begin(&s, r, &out));
    while (result == SOCKS_MORE && at < in.n) {
        size_t n = MIN(step, in.n - at);
        char *copy;

        buf_add(&held, in.p + at, n);
        at += n;
        copy = malloc(held.n);
        memcpy(copy, held.p, held.n);
        result = socks_feed(&s, slice_of(copy, held.n), &used, &out);
        free(copy);
        CHECK(used <= held.n && s.wanted <= SOCKS_ANSWER_MOST);
        buf_drop(&held, used);
        *taken += used;
        out.n = 0;
    }
    CHECK((result == SOCKS_FAILED) == (s.err != NULL));
    CHECK(result == SOCKS_MORE || s.wanted == 0);
    *e = s.err;
    buf_free(&held);
    buf_free(&out);
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct socks_request r;
    const struct err *whole, *pieces;
    size_t a, b;

    if (size < 1)
        return 0;
    r = request_of(data[0]);
    struct slice in = slice_of((const char *)data + 1, size - 1);
    CHECK(run(&r, in, size, &a, &whole) == run(&r, in, 1, &b, &pieces));
    CHECK(a == b && whole == pieces);
    return 0;
}
