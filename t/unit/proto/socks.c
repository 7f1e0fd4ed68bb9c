/* SOCKS as a client: every answer whole, in every pair of pieces and byte by byte; what is asked
 * for; what cannot be asked for. */
#include "proto/socks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static const uint8_t v4[4] = {10, 0, 0, 1}, v6[16] = {[15] = 1};

#define BYTES(literal) SLICE(literal)

static const struct socks_request requests[] = {
    {.version = 4, .host = SLICE("a.example"), .port = 80, .user = SLICE("me")},
    {.version = 4, .address = v4, .address_size = 4, .port = 0x1234},
    {.version = 5, .host = SLICE("a.example"), .port = 443},
    {.version = 5, .host = SLICE("a"), .port = 1, .user = SLICE("u"), .password = SLICE("pw")},
    {.version = 5, .address = v4, .address_size = 4, .port = 80},
    {.version = 5, .address = v6, .address_size = 16, .port = 80},
};

static const struct {
    unsigned request;
    struct slice answers, said;
    const struct err *err; /* NULL: DONE */
} cases[] = {
    {0, BYTES("\0\x5a\1\2\3\4\5\6"), BYTES("\4\1\0\x50\0\0\0\1me\0a.example\0"), NULL},
    {1, BYTES("\0\x5a\1\2\3\4\5\6"), BYTES("\4\1\x12\x34\x0a\0\0\1\0"), NULL},
    {0, BYTES("\0\x5b\1\2\3\4\5\6"), BYTES("\4\1\0\x50\0\0\0\1me\0a.example\0"), &proxy_err_failed},
    {2, BYTES("\5\0\5\0\0\1\1\2\3\4\0\1"),
     BYTES("\5\1\0\5\1\0\3\x09"
           "a.example\1\xbb"),
     NULL},
    {2, BYTES("\5\0\5\0\0\3\0\0\1"),
     BYTES("\5\1\0\5\1\0\3\x09"
           "a.example\1\xbb"),
     NULL},
    {2, BYTES("\5\0\5\0\0\3\2ab\0\1"),
     BYTES("\5\1\0\5\1\0\3\x09"
           "a.example\1\xbb"),
     NULL},
    {2, BYTES("\5\xff"), BYTES("\5\1\0"), &proxy_err_auth},
    {2, BYTES("\5\2"), BYTES("\5\1\0"), &proxy_err_protocol},
    {3, BYTES("\5\2\1\0\5\0\0\1\1\2\3\4\0\1"), BYTES("\5\2\0\2\1\1u\2pw\5\1\0\3\1a\0\1"), NULL},
    {3, BYTES("\5\0\5\0\0\1\1\2\3\4\0\1"), BYTES("\5\2\0\2\5\1\0\3\1a\0\1"), NULL},
    {3, BYTES("\5\2\1\1"), BYTES("\5\2\0\2\1\1u\2pw"), &proxy_err_auth},
    {4, BYTES("\5\0\5\0\0\1\1\2\3\4\0\1"), BYTES("\5\1\0\5\1\0\1\x0a\0\0\1\0\x50"), NULL},
    {5, BYTES("\5\0\5\0\0\4\1\2\3\4\5\6\7\x08\x09\0\1\2\3\4\5\6\0\1"),
     BYTES("\5\1\0\5\1\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\x50"), NULL},
    {2, BYTES("\5\0\5\2\0\1\1"),
     BYTES("\5\1\0\5\1\0\3\x09"
           "a.example\1\xbb"),
     &proxy_err_denied},
};

/* Gives at most `most` bytes at a time and never more than is wanted, as a reader would. */
static void run(size_t i, size_t most)
{
    struct slice left = cases[i].answers;
    struct buf in = BUF_EMPTY, out = BUF_EMPTY;
    enum socks_result r = SOCKS_MORE;
    struct socks s;

    assert_null(socks_begin(&s, &requests[cases[i].request], &out));
    while (r == SOCKS_MORE) {
        size_t n = MIN(MIN(s.wanted - in.n, most), left.n), used;

        if (!n)
            fail_msg("case %zu by %zu: wants more than there is", i, most);
        buf_add(&in, left.p, n);
        left = slice_from(left, n);
        r = socks_feed(&s, buf_slice(&in), &used, &out);
        buf_drop(&in, used);
    }
    assert_int_equal(r, cases[i].err ? SOCKS_FAILED : SOCKS_DONE);
    assert_ptr_equal(s.err, cases[i].err);
    assert_int_equal(left.n, 0); /* not a byte fewer or more than the answers are long */
    assert_int_equal(s.wanted, 0);
    assert_true(slice_eq(buf_slice(&out), cases[i].said));
    buf_free(&in);
    buf_free(&out);
}

static void test_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        for (size_t most = 1; most < 30; most++)
            run(i, most);
}

static void test_cannot_be_asked(void **state)
{
    static char long_text[256];
    static const struct socks_request none[] = {
        {.version = 5, .host = SLICE("a")},
        {.version = 5, .port = 80},
        {.version = 4, .port = 80},
        {.version = 4, .address = v6, .address_size = 16, .port = 80},
        {.version = 4, .host = {"a\0b", 3}, .port = 80},
        {.version = 4, .host = SLICE("a"), .user = {"a\0b", 3}, .port = 80},
        {.version = 5, .host = {long_text, 256}, .port = 80},
        {.version = 5, .host = SLICE("a"), .user = {long_text, 256}, .port = 80},
        {.version = 5, .host = SLICE("a"), .password = {long_text, 256}, .port = 80},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(none); i++) {
        struct buf out = BUF_EMPTY;
        struct socks s;

        assert_ptr_equal(socks_begin(&s, &none[i], &out), &err_invalid);
        assert_int_equal(out.n, 0);
        assert_int_equal(s.wanted, 0);
        buf_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_cannot_be_asked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
