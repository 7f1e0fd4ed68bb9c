/* Status lines, known and unknown. */
#include "proto/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void test_lines(void **state)
{
    char digits[16];

    (void)state;
    assert_true(slice_eq(status_line(200), SLICE("200 OK")));
    assert_true(slice_eq(status_line(404), SLICE("404 Not Found")));
    assert_true(slice_eq(status_line(511), SLICE("511 Network Authentication Required")));
    assert_true(slice_eq(status_line(299), SLICE("299 ")));
    for (int code = 100; code < 1000; code++) {
        struct slice line = status_line(code), reason = status_reason(code);
        snprintf(digits, sizeof digits, "%d ", code);
        assert_true(slice_has_prefix(line, slice_str(digits)));
        assert_true(slice_eq(slice_from(line, 4), reason));
    }
}

static void test_reasons(void **state)
{
    (void)state;
    assert_true(slice_eq(status_reason(302), SLICE("Found")));
    assert_int_equal(status_reason(299).n, 0);
    assert_int_equal(status_reason(99).n, 0);
    assert_int_equal(status_reason(1000).n, 0);
    assert_int_equal(status_reason(-1).n, 0);
}

static void test_body(void **state)
{
    (void)state;
    assert_true(status_can_have_body(200));
    assert_true(status_can_have_body(404));
    assert_false(status_can_have_body(204));
    assert_false(status_can_have_body(304));
    assert_false(status_can_have_body(101));
}

static void test_redirects(void **state)
{
    static const int all[] = {301, 302, 303, 307, 308};
    unsigned n = 0;

    (void)state;
    for (int code = 100; code < 1000; code++)
        if (status_is_redirect(code))
            assert_int_equal(code, all[n++]);
    assert_int_equal(n, ARRAY_LEN(all));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_reasons),
        cmocka_unit_test(test_body),
        cmocka_unit_test(test_redirects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
