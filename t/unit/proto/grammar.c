/* Byte classes, each stated a second time as text. */
#include "proto/grammar.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define DIGITS  "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

static void test_classes(void **state)
{
    static const struct {
        unsigned class;
        const char *bytes;
    } cases[] = {
        {GRAMMAR_TOKEN, DIGITS LETTERS "!#$%&'*+-.^_`|~"},
        {GRAMMAR_HOST, DIGITS LETTERS "-._~!$&'()*+,;="},
        {GRAMMAR_HEX, DIGITS "abcdefABCDEF"},
        {GRAMMAR_DIGIT, DIGITS},
        {GRAMMAR_ALPHA, LETTERS},
        {GRAMMAR_LABEL, DIGITS LETTERS "-_~!$&'()*+,;="},
    };

    (void)state;
    for (int c = 0; c < 256; c++) {
        for (size_t i = 0; i < ARRAY_LEN(cases); i++)
            if (grammar_is((char)c, cases[i].class) != (c && strchr(cases[i].bytes, c)))
                fail_msg("class %u, byte %d", cases[i].class, c);
        assert_int_equal(grammar_is((char)c, GRAMMAR_VALUE), c == '\t' || (c >= ' ' && c != 0x7f));
        assert_int_equal(grammar_is((char)c, GRAMMAR_PLAIN),
                         c > ' ' && c != 0x7f && !strchr("/%?#", c));
    }
}

static void test_spans(void **state)
{
    char text[40];

    (void)state;
    assert_int_equal(grammar_span(SLICE("abc:d"), GRAMMAR_TOKEN), 3);
    assert_int_equal(grammar_span(SLICE("abc"), GRAMMAR_TOKEN), 3);
    assert_int_equal(grammar_span(SLICE_EMPTY, GRAMMAR_TOKEN), 0);
    for (int c = 0; c < 256; c++) {
        bool is_visible = c > 0x20 && c != 0x7f;
        for (size_t at = 0; at < sizeof text; at++) {
            memset(text, at % 2 ? 0x80 : '~', sizeof text);
            text[at] = (char)c;
            assert_int_equal(grammar_span_visible(slice_of(text, sizeof text)),
                             is_visible ? sizeof text : at);
            assert_int_equal(grammar_span_value(slice_of(text, sizeof text)),
                             grammar_span(slice_of(text, sizeof text), GRAMMAR_VALUE));
            assert_int_equal(grammar_span_value(slice_of(text, at)), at);
        }
    }
}

static void test_hex(void **state)
{
    static const char digits[] = "0123456789abcdef";

    (void)state;
    for (int c = 0; c < 256; c++) {
        const char *at = c >= 'A' && c <= 'F' ? strchr(digits, c | 0x20) : strchr(digits, c);
        assert_int_equal(grammar_hex((char)c), c && at ? (int)(at - digits) : -1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classes),
        cmocka_unit_test(test_spans),
        cmocka_unit_test(test_hex),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
