/* UTF-8: each text whole and cut at every place; the answers must agree. */
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct text_case {
    const char *name, *text;
    size_t n;
    bool is_valid;    /* so far */
    bool is_complete; /* where valid */
};

#define IN(s) s, sizeof(s) - 1

static const struct text_case cases[] = {
    {"empty", IN(""), true, true},
    {"ASCII", IN("plain text of more than eight bytes\0\x7f"), true, true},
    {"two bytes", IN("\xc2\x80 \xdf\xbf"), true, true},
    {"three bytes", IN("\xe0\xa0\x80\xe2\x82\xac\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf"), true, true},
    {"four bytes", IN("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"), true, true},
    {"behind eight of ASCII", IN("12345678\xce\xba"), true, true},
    {"cut after one of two", IN("a\xc3"), true, false},
    {"cut after two of three", IN("a\xe2\x82"), true, false},
    {"cut after three of four", IN("\xf0\x9f\x98"), true, false},
    {"continuation alone", IN("a\x80"), false, false},
    {"FE", IN("\xfe"), false, false},
    {"FF", IN("12345678\xff"), false, false},
    {"overlong of two", IN("\xc0\xaf"), false, false},
    {"overlong of two, C1", IN("\xc1\xbf"), false, false},
    {"overlong of three", IN("\xe0\x9f\xbf"), false, false},
    {"overlong of four", IN("\xf0\x8f\xbf\xbf"), false, false},
    {"surrogate", IN("\xed\xa0\x80"), false, false},
    {"above U+10FFFF", IN("\xf4\x90\x80\x80"), false, false},
    {"F5", IN("\xf5\x80\x80\x80"), false, false},
    {"missing continuation", IN("\xe2\x82 "), false, false},
};

static void test_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct text_case *c = &cases[i];
        struct utf8 u = {0, 0, 0};

        if (utf8_read(&u, slice_of(c->text, c->n)) != c->is_valid)
            fail_msg("%s", c->name);
        if (c->is_valid && utf8_is_complete(&u) != c->is_complete)
            fail_msg("%s: complete", c->name);
        assert_int_equal(utf8_is_valid(slice_of(c->text, c->n)), c->is_valid && c->is_complete);
    }
}

static void test_cut_anywhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct text_case *c = &cases[i];

        for (size_t at = 0; at <= c->n; at++) {
            struct utf8 u = {0, 0, 0};
            bool ok = utf8_read(&u, slice_of(c->text, at)) &&
                      utf8_read(&u, slice_of(c->text + at, c->n - at));

            if (ok != c->is_valid || (ok && utf8_is_complete(&u) != c->is_complete))
                fail_msg("%s, cut at %zu", c->name, at);
        }
    }
}

/* The first bad byte is the one that is refused, not one behind it. */
static void test_first_bad_byte(void **state)
{
    const char text[] = "\xce\xba\xed\xa0";
    struct utf8 u = {0, 0, 0};

    (void)state;
    assert_true(utf8_read(&u, slice_of(text, 3)));
    assert_false(utf8_read(&u, slice_of(text + 3, 1)));
}

static void test_take(void **state)
{
    static const struct {
        struct slice s;
        size_t n;
        bool is_valid;
    } rows[] = {
        {{IN("ab")}, 1, true},         {{IN("\xe2\x82\xac!")}, 3, true},
        {{IN("\xe2\x82!")}, 2, false}, {{IN("\xe2\x82")}, 2, false},
        {{IN("\xff\x80")}, 1, false},  {{IN("\xed\xa0\x80")}, 1, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        bool is_valid;

        assert_int_equal(utf8_take(rows[i].s, &is_valid), rows[i].n);
        assert_int_equal(is_valid, rows[i].is_valid);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_cut_anywhere),
        cmocka_unit_test(test_first_bad_byte),
        cmocka_unit_test(test_take),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
