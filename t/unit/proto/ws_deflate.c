/* Compression: what goes in comes out, with and without windows carried over, in pieces, within
 * limits. */
#include "proto/ws_deflate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct ws_deflate_params params(unsigned bits, bool no_takeover)
{
    return (struct ws_deflate_params){.out_bits = (uint8_t)bits,
                                      .in_bits = (uint8_t)bits,
                                      .out_no_takeover = no_takeover,
                                      .in_no_takeover = no_takeover,
                                      .level = 6,
                                      .memory_level = 8};
}

static void roundtrip(struct ws_deflate *a, struct ws_deflate *b, struct slice s, size_t step)
{
    struct buf packed = BUF_EMPTY, out = BUF_EMPTY;

    ws_deflate_message(a, s, &packed);
    for (size_t at = 0; at < packed.n; at += step) {
        size_t n = MIN(step, packed.n - at);

        assert_int_equal(
            ws_inflate_piece(b, slice_of(packed.p + at, n), at + n == packed.n, &out, s.n),
            WS_INFLATE_OK);
    }
    assert_true(slice_eq(buf_slice(&out), s));
    buf_free(&packed);
    buf_free(&out);
}

static void test_roundtrip(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 14; i++) {
        struct ws_deflate_params p = params(9 + i / 2, i % 2);
        struct ws_deflate *a = ws_deflate_new(&p), *b = ws_deflate_new(&p);
        char big[100000];

        for (size_t k = 0; k < sizeof big; k++)
            big[k] = (char)(k % 251 ^ k / 1000);
        roundtrip(a, b, SLICE("hello hello hello"), 100);
        roundtrip(a, b, SLICE_EMPTY, 100);
        roundtrip(a, b, SLICE_EMPTY, 100);
        roundtrip(a, b, SLICE("hello again"), 1);
        roundtrip(a, b, slice_of(big, sizeof big), 1000);
        ws_deflate_free(&a);
        ws_deflate_free(&b);
        assert_null(a);
    }
}

/* The examples of RFC 7692 section 7.2.3. */
static void test_examples(void **state)
{
    static const struct {
        struct slice in;
    } rows[] = {
        {SLICE("\xf2\x48\xcd\xc9\xc9\x07\x00")}, /* 7.2.3.1 */
        {SLICE("\xf2\x00\x11\x00\x00")},         /* 7.2.3.2, the second message */
        {SLICE("\x00\x05\x00\xfa\xff"
               "Hello\x00")},                        /* 7.2.3.3: a stored block */
        {SLICE("\xf3\x48\xcd\xc9\xc9\x07\x00\x00")}, /* 7.2.3.4: a final block */
        {SLICE("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00")}, /* 7.2.3.5: two blocks */
    };
    struct ws_deflate_params p = params(15, false);
    struct ws_deflate *d = ws_deflate_new(&p);
    struct buf out = BUF_EMPTY;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(ws_inflate_piece(d, rows[i].in, true, &out, 100), WS_INFLATE_OK);
        assert_true(slice_eq(buf_slice(&out), SLICE("Hello")));
        out.n = 0;
    }
    buf_free(&out);
    ws_deflate_free(&d);
}

static void test_bomb(void **state)
{
    struct ws_deflate_params p = params(15, true);
    struct ws_deflate *d = ws_deflate_new(&p);
    struct buf zeros = BUF_EMPTY, packed = BUF_EMPTY, out = BUF_EMPTY;

    (void)state;
    memset(buf_reserve(&zeros, 10000000), 0, 10000000);
    zeros.n = 10000000;
    ws_deflate_message(d, buf_slice(&zeros), &packed);
    assert_int_equal(ws_inflate_piece(d, buf_slice(&packed), true, &out, 100000),
                     WS_INFLATE_TOO_LARGE);
    assert_true(out.size < 1000000);
    buf_free(&out);
    buf_free(&packed);
    buf_free(&zeros);
    ws_deflate_free(&d);
}

static void test_bad(void **state)
{
    struct ws_deflate_params p = params(15, true);
    struct ws_deflate *d = ws_deflate_new(&p);
    struct buf out = BUF_EMPTY;

    (void)state;
    assert_int_equal(ws_inflate_piece(d, SLICE("\xff\xff\xff"), true, &out, 100), WS_INFLATE_BAD);
    buf_free(&out);
    ws_deflate_free(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_roundtrip),
        cmocka_unit_test(test_examples),
        cmocka_unit_test(test_bomb),
        cmocka_unit_test(test_bad),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
