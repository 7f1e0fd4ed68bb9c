/* Dates: known moments, a walk through the calendar, and what is no date. */
#include "proto/date.h"

#include <setjmp.h>
#include <stdarg.h>
#include <time.h>

#include <cmocka.h>

static void test_known(void **state)
{
    static const struct {
        int64_t seconds;
        const char *text;
    } cases[] = {
        {784111777, "Sun, 06 Nov 1994 08:49:37 GMT"},
        {0, "Thu, 01 Jan 1970 00:00:00 GMT"},
        {-1, "Wed, 31 Dec 1969 23:59:59 GMT"},
        {951782400, "Tue, 29 Feb 2000 00:00:00 GMT"},
        {4107542399, "Sun, 28 Feb 2100 23:59:59 GMT"},
        {253402300799, "Fri, 31 Dec 9999 23:59:59 GMT"},
        {INT64_MAX, "Fri, 31 Dec 9999 23:59:59 GMT"},
        {INT64_MIN, "Sat, 01 Jan 0000 00:00:00 GMT"},
    };
    char out[DATE_SIZE];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        date_format(out, cases[i].seconds);
        if (memcmp(out, cases[i].text, DATE_SIZE) != 0)
            fail_msg("%.29s instead of %s", out, cases[i].text);
    }
}

static void test_against_the_system(void **state)
{
    char out[DATE_SIZE], want[40];
    int64_t back;
    struct tm tm;

    (void)state;
    for (time_t t = -5000000000; t < 9000000000; t += 86399 * 3 + 7) {
        gmtime_r(&t, &tm);
        strftime(want, sizeof want, "%a, %d %b %Y %H:%M:%S GMT", &tm);
        date_format(out, t);
        if (memcmp(out, want, DATE_SIZE) != 0)
            fail_msg("%.29s instead of %s", out, want);
        assert_true(date_parse(slice_of(out, DATE_SIZE), &back));
        assert_int_equal(back, t);
    }
}

static void test_forms(void **state)
{
    static const char *const same[] = {
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "Sun Nov 06 08:49:37 1994",
    };
    static const char *const bad[] = {
        "",
        "0",
        "784111777",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Xun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nox 1994 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 29 Feb 1995 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 06 Nov 19x4 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 UTC",
        "Sunday, 06-Nov-1994 08:49:37 GMT",
        "Sundax, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 94",
        "Sun Nov xx 08:49:37 1994",
    };
    int64_t t;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(same); i++) {
        t = 0;
        if (!date_parse(slice_str(same[i]), &t) || t != 784111777)
            fail_msg("%s", same[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (date_parse(slice_str(bad[i]), &t))
            fail_msg("%s", bad[i]);
    assert_true(date_parse(SLICE("Friday, 01-Jan-27 00:00:00 GMT"), &t));
    assert_int_equal(t, 1798761600);
    assert_true(date_parse(SLICE("Thu, 29 Feb 2024 23:59:60 GMT"), &t));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known),
        cmocka_unit_test(test_against_the_system),
        cmocka_unit_test(test_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
