/* Cache-Control: ages, what forbids, quoted arguments, repeats. */
#include "proto/cache_control.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void test_read(void **state)
{
    static const struct {
        const char *text;
        bool forbids;
        int64_t max_age, revalidate, error;
    } rows[] = {
        {"", false, -1, 0, 0},
        {"max-age=60", false, 60, 0, 0},
        {"Max-Age = 60 , public", false, 60, 0, 0},
        {"max-age=\"60\"", false, 60, 0, 0},
        {"max-age=60, max-age=30", false, 30, 0, 0},
        {"max-age=60, s-maxage=90", false, 90, 0, 0},
        {"s-maxage=90, max-age=60", false, 90, 0, 0},
        {"max-age=x", false, 0, 0, 0},
        {"max-age=-1", false, 0, 0, 0},
        {"max-age", false, 0, 0, 0},
        {"max-age=99999999999", false, INT32_MAX, 0, 0},
        {"max-age=1,stale-while-revalidate=20, stale-if-error=30", false, 1, 20, 30},
        {"no-store", true, -1, 0, 0},
        {"public, NO-CACHE", true, -1, 0, 0},
        {"private=\"set-cookie, x\"", true, -1, 0, 0},
        {"ext=\"a, no-store, max-age=5\", max-age=7", false, 7, 0, 0},
        {"ext=\"a\\\", no-store\", max-age=7", false, 7, 0, 0},
        {",, ,max-age=3,", false, 3, 0, 0},
    };

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct cache_control c = CACHE_CONTROL_NONE;

        cache_control_add(&c, slice_str(rows[i].text));
        assert_int_equal(c.forbids, rows[i].forbids);
        assert_int_equal(c.max_age, rows[i].max_age);
        assert_int_equal(c.stale_while_revalidate, rows[i].revalidate);
        assert_int_equal(c.stale_if_error, rows[i].error);
    }
}

static void test_fields(void **state)
{
    struct cache_control c = CACHE_CONTROL_NONE;

    UNUSED(state);
    cache_control_add(&c, SLICE("max-age=60"));
    cache_control_add(&c, SLICE("private"));
    cache_control_add(&c, SLICE("max-age=10"));
    assert_true(c.forbids);
    assert_int_equal(c.max_age, 10);
}

static void test_allows(void **state)
{
    static const char *const yes[] = {"public", "s-maxage=5", "max-age=1, must-revalidate"};
    struct cache_control no = CACHE_CONTROL_NONE;

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
        struct cache_control c = CACHE_CONTROL_NONE;

        cache_control_add(&c, slice_str(yes[i]));
        assert_true(c.allows);
    }
    cache_control_add(&no, SLICE("max-age=60"));
    assert_false(no.allows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_allows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
