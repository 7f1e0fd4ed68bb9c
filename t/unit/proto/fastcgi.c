/* FastCGI: requests as they stand on the wire; answers in any cut; what is no answer. */
#include "proto/fastcgi.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdint.h>
#include <cmocka.h>

static void writes_params(void **state)
{
    char longest[200] = {0};
    struct buf b = BUF_EMPTY;

    UNUSED(state);
    fastcgi_add_param(&b, SLICE("AB"), SLICE(""));
    assert_true(slice_eq(buf_slice(&b), SLICE("\2\0AB")));
    b.n = 0;
    fastcgi_add_param(&b, SLICE("A"), slice_of(longest, sizeof(longest)));
    assert_int_equal(b.n, 1 + 4 + 1 + sizeof(longest));
    assert_memory_equal(b.p,
                        "\1\x80\0\0\xc8"
                        "A",
                        6);
    buf_free(&b);
}

static void writes_begin(void **state)
{
    struct buf b = BUF_EMPTY, params = BUF_EMPTY;

    UNUSED(state);
    fastcgi_write_begin(&b, SLICE("\1\1ab"), true);
    assert_true(slice_eq(buf_slice(&b), SLICE("\1\1\0\1\0\x08\0\0\0\1\1\0\0\0\0\0"
                                              "\1\4\0\1\0\4\0\0\1\1ab"
                                              "\1\4\0\1\0\0\0\0")));
    b.n = 0;
    buf_add(&params, memset(buf_reserve(&params, 70000), 0, 70000), 70000);
    fastcgi_write_begin(&b, buf_slice(&params), false);
    assert_int_equal(b.n, 16 + 8 + FASTCGI_CONTENT_MOST + 8 + (70000 - FASTCGI_CONTENT_MOST) + 8);
    assert_int_equal(b.p[10], 0);
    b.n = 0;
    fastcgi_write_body_head(&b, 258);
    assert_true(slice_eq(buf_slice(&b), SLICE("\1\5\0\1\1\2\0\0")));
    buf_free(&b);
    buf_free(&params);
}

/* All of an answer, given in pieces of `step` bytes: "out|errors|how it ended". */
static const char *run(struct slice in, size_t step)
{
    static char text[200];
    struct buf out = BUF_EMPTY, errors = BUF_EMPTY;
    struct fastcgi_reader r = {0};
    enum fastcgi_result result = FASTCGI_MORE;

    for (size_t at = 0; at < in.n && result != FASTCGI_END && result != FASTCGI_BAD;) {
        struct slice part = slice_of(in.p + at, MIN(step, in.n - at)), piece;

        at += part.n;
        do {
            result = fastcgi_read(&r, &part, &piece);
            if (result == FASTCGI_OUTPUT || result == FASTCGI_ERRORS) {
                assert_true(piece.n > 0);
                buf_add_slice(result == FASTCGI_OUTPUT ? &out : &errors, piece);
            }
        } while (result == FASTCGI_OUTPUT || result == FASTCGI_ERRORS);
        assert_true(result != FASTCGI_MORE || part.n == 0);
    }
    snprintf(text, sizeof(text), SLICE_FMT "|" SLICE_FMT "|%s", SLICE_ARG(buf_slice(&out)),
             SLICE_ARG(buf_slice(&errors)),
             result == FASTCGI_END   ? "end"
             : result == FASTCGI_BAD ? r.reason
                                     : "more");
    buf_free(&out);
    buf_free(&errors);
    return text;
}

#define END "\1\3\0\1\0\x08\0\0\0\0\0\0\0\0\0\0"

static void reads_answers(void **state)
{
    static const struct {
        struct slice in;
        const char *told;
    } cases[] = {
        {SLICE("\1\6\0\1\0\3\5\0abcPPPPP\1\6\0\1\0\0\0\0" END), "abc||end"},
        {SLICE("\1\7\0\1\0\2\0\0oh\1\6\0\1\0\1\0\0x\1\7\0\1\0\1\1\0!P" END), "x|oh!|end"},
        {SLICE("\1\6\0\1\0\0\0\0\1\6\0\1\0\0\3\0PPP" END), "||end"},
        {SLICE("\1\3\0\1\0\x08\2\0\0\0\0\0\0\0\0\0PP"), "||end"},
        {SLICE("\1\6\0\1\0\3\0\0ab"), "ab||more"},
        {SLICE("\2\6\0\1\0\3\0\0abc"), "||unsupported FastCGI protocol version"},
        {SLICE("\1\5\0\1\0\3\0\0abc"), "||unexpected type of a FastCGI record"},
        {SLICE("\1\6\0\2\0\3\0\0abc"), "||unexpected request number in a FastCGI record"},
        {SLICE("\1\6\1\1\0\3\0\0abc"), "||unexpected request number in a FastCGI record"},
        {SLICE("\1\3\0\1\0\7\0\0abc"), "||unexpected length of a FastCGI end request record"},
        {SLICE("\1\3\0\1\0\x08\0\0\0\0\0\0\1\0\0\0"), "||the FastCGI server cannot multiplex"},
        {SLICE("\1\3\0\1\0\x08\0\0\0\0\0\0\2\0\0\0"), "||the FastCGI server is overloaded"},
        {SLICE("\1\3\0\1\0\x08\0\0\0\0\0\0\3\0\0\0"), "||the FastCGI server knows no such role"},
    };

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        for (size_t step = 1; step <= cases[i].in.n; step++)
            assert_string_equal(run(cases[i].in, step), cases[i].told);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_params),
        cmocka_unit_test(writes_begin),
        cmocka_unit_test(reads_answers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
