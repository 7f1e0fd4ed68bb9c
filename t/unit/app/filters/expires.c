/* Values that are read, and those that are none. */
#include "app/filters/expires.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/base.h"

static void test_values(void **state)
{
    static const struct {
        const char *text;
        bool is_modified;
        enum expires_kind kind;
        int64_t seconds;
    } cases[] = {
        {"off", false, EXPIRES_OFF, 0},          {"epoch", false, EXPIRES_EPOCH, 0},
        {"max", false, EXPIRES_MAX, 0},          {"0", false, EXPIRES_SECONDS, 0},
        {"1h", false, EXPIRES_SECONDS, 3600},    {"+1h30m", false, EXPIRES_SECONDS, 5400},
        {"-1", false, EXPIRES_SECONDS, -1},      {"@15h30m", false, EXPIRES_DAILY, 55800},
        {"@24h", false, EXPIRES_DAILY, 86400},   {"1d", true, EXPIRES_MODIFIED, 86400},
        {"-1d", true, EXPIRES_MODIFIED, -86400},
    };

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct expires x = {.is_modified = cases[i].is_modified};

        assert_true(expires_parse(&x, slice_str(cases[i].text)));
        assert_int_equal(x.kind, cases[i].kind);
        assert_int_equal(x.seconds, cases[i].seconds);
    }
}

static void test_no_values(void **state)
{
    static const struct {
        const char *text;
        bool is_modified;
    } cases[] = {{"", false},    {"never", false}, {"1x", false}, {"@25h", false},  {"@", false},
                 {"--1", false}, {"max", true},    {"off", true}, {"@15h30m", true}};

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct expires x = {.is_modified = cases[i].is_modified};

        assert_false(expires_parse(&x, slice_str(cases[i].text)));
    }
}

static void test_time_of_day(void **state)
{
    enum { MIDNIGHT = 1700006400 }; /* 2023-11-15 00:00:00 UTC */

    UNUSED(state);
    setenv("TZ", "UTC", 1);
    tzset();
    assert_int_equal(next_time_of_day(MIDNIGHT, 3600), MIDNIGHT + 3600);
    assert_int_equal(next_time_of_day(MIDNIGHT + 3600, 3600), MIDNIGHT + DAY + 3600);
    assert_int_equal(next_time_of_day(MIDNIGHT + 3601, 3600), MIDNIGHT + DAY + 3600);
    assert_int_equal(next_time_of_day(MIDNIGHT + 5, 15 * 3600 + 33 * 60), MIDNIGHT + 55980);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_no_values),
        cmocka_unit_test(test_time_of_day),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
