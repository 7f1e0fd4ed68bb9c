/* Every method and its name, and names that are none. */
#include "proto/method.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_round_trip(void **state)
{
    (void)state;
    for (unsigned m = METHOD_GET; m < METHOD_COUNT; m++) {
        assert_true(method_name((enum method)m).n > 0);
        assert_int_equal(method_parse(method_name((enum method)m)), m);
    }
    assert_int_equal(method_name(METHOD_OTHER).n, 0);
    assert_true(method_is_safe(METHOD_GET) && method_is_safe(METHOD_PROPFIND));
    assert_false(method_is_safe(METHOD_POST) || method_is_safe(METHOD_CONNECT) ||
                 method_is_safe(METHOD_OTHER));
    assert_int_equal(method_parse(SLICE("PATCH")), METHOD_PATCH);
    assert_int_equal(method_parse(SLICE("MOVE")), METHOD_MOVE);
}

static void test_others(void **state)
{
    static const char *const names[] = {"", "get", "GE", "GETS", "BREW", "OPTION", "PROPFINDS"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        assert_int_equal(method_parse(slice_str(names[i])), METHOD_OTHER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
