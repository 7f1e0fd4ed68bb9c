/* Content codings undone: each kind, cut anywhere, chained, malformed, cut short, huge. */
#include "proto/content_decoder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#define HELLO_ZSTD "\x28\xb5\x2f\xfd\x20\x11\x89\x00\x00hello hello hello"

static struct buf deflated(struct slice in, int window)
{
    struct buf out = BUF_EMPTY;
    z_stream z = {0};

    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (Bytef *)(uintptr_t)in.p;
    z.avail_in = (uInt)in.n;
    z.avail_out = (uInt)in.n + 1000;
    z.next_out = (Bytef *)buf_reserve(&out, in.n + 1000);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    out.n = z.total_out;
    (void)deflateEnd(&z);
    return out;
}

/* Everything that comes out of `in`, given in pieces of `step`. */
static const struct err *decode(const char *codings, struct slice in, size_t step, struct buf *out)
{
    struct content_decoder *d = content_decoder_new(slice_str(codings));
    const struct err *why = NULL;

    assert_non_null(d);
    for (size_t at = 0; at < in.n && !why; at += step) {
        why = content_decoder_feed(d, slice_of(in.p + at, MIN(step, in.n - at)), false, out);
        while (!why && content_decoder_has_more(d)) {
            size_t before = out->n;

            why = content_decoder_feed(d, SLICE_EMPTY, false, out);
            assert_true(out->n - before <= CONTENT_DECODER_PIECE);
        }
    }
    if (!why)
        why = content_decoder_feed(d, SLICE_EMPTY, true, out);
    content_decoder_free(&d);
    assert_null(d);
    return why;
}

static void check(const char *codings, struct slice in, struct slice expected)
{
    static const size_t steps[] = {1, 3, 100000};

    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        struct buf out = BUF_EMPTY;
        const struct err *why = decode(codings, in, steps[i], &out);

        if (why)
            fail_msg("%s by %zu: %s", codings, steps[i], why->message);
        assert_true(slice_eq(buf_slice(&out), expected));
        buf_free(&out);
    }
}

static void test_kinds(void **state)
{
    struct slice text = SLICE("hello hello hello");
    struct buf gzip = deflated(text, 31), zlib = deflated(text, 15), raw = deflated(text, -15);
    struct buf twice;

    (void)state;
    check("gzip", buf_slice(&gzip), text);
    check("X-GZIP", buf_slice(&gzip), text);
    check("deflate", buf_slice(&zlib), text);
    check("deflate", buf_slice(&raw), text);
    check("identity, gzip", buf_slice(&gzip), text);
    twice = deflated(buf_slice(&zlib), 31);
    check("deflate, gzip", buf_slice(&twice), text);
    buf_free(&twice);
    /* two members are one text */
    buf_add_slice(&twice, buf_slice(&gzip));
    buf_add_slice(&twice, buf_slice(&gzip));
    check("gzip", buf_slice(&twice), SLICE("hello hello hellohello hello hello"));
    check("zstd", SLICE(HELLO_ZSTD), text);
    buf_free(&twice);
    buf_free(&gzip);
    buf_free(&zlib);
    buf_free(&raw);
}

static void test_brotli(void **state)
{
    struct buf out = BUF_EMPTY;

    (void)state;
    /* made by the reference encoder: an uncompressed block */
    check("br", SLICE("\x0f\x02\x80hello\x03"), SLICE("hello"));
    assert_ptr_equal(decode("br", SLICE("\x0f\x02\x80hel"), 100, &out), &err_truncated);
    buf_free(&out);
}

static void test_faults(void **state)
{
    struct buf gzip = deflated(SLICE("hello"), 31), twice, out = BUF_EMPTY;
    struct slice whole = buf_slice(&gzip);

    (void)state;
    for (size_t n = 1; n < whole.n; n++)
        assert_ptr_equal(decode("gzip", slice_of(whole.p, n), 7, &out), &err_truncated);
    twice = deflated(whole, 31);
    for (size_t n = 1; n < twice.n; n++)
        assert_ptr_equal(decode("gzip, gzip", slice_of(twice.p, n), 100, &out), &err_truncated);
    assert_ptr_equal(decode("gzip", SLICE("not gzip at all"), 100, &out), &err_protocol);
    assert_ptr_equal(decode("zstd", SLICE("not zstd at all"), 100, &out), &err_protocol);
    gzip.p[gzip.n - 5] ^= 1;
    assert_ptr_equal(decode("gzip", whole, 100, &out), &err_protocol);
    assert_null(content_decoder_new(SLICE("")));
    assert_null(content_decoder_new(SLICE("identity")));
    assert_null(content_decoder_new(SLICE("compress")));
    assert_null(content_decoder_new(SLICE("gzip, gzip, gzip, gzip")));
    buf_free(&gzip);
    buf_free(&twice);
    buf_free(&out);
}

/* A few bytes that stand for many come in pieces. */
static void test_bomb(void **state)
{
    struct slice zeros = {calloc(1, 10000000), 10000000};
    struct buf gzip = deflated(zeros, 31), twice = deflated(buf_slice(&gzip), 31), out = BUF_EMPTY;

    (void)state;
    assert_true(gzip.n < 20000);
    assert_null(decode("gzip", buf_slice(&gzip), 1000000, &out));
    assert_int_equal(out.n, 10000000);
    out.n = 0;
    assert_null(decode("gzip, gzip", buf_slice(&twice), 1000000, &out));
    assert_int_equal(out.n, 10000000);
    buf_free(&gzip);
    buf_free(&twice);
    buf_free(&out);
    free((void *)(uintptr_t)zeros.p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_brotli),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_bomb),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
