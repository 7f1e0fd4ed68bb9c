/* Allowances: used up, given back by time and by what earned them. */
#include "proto/h2_flood.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

static const uint32_t most[H2_FLOOD_KIND_COUNT] = {
    [H2_FLOOD_RESETS] = 10, [H2_FLOOD_PINGS] = 100, [H2_FLOOD_WINDOWS] = 4};

static bool can_count(struct h2_flood *f, enum h2_flood_kind kind, unsigned n, uint64_t at)
{
    bool is_fine = true;

    while (n--)
        is_fine = h2_flood_count(f, kind, at);
    return is_fine;
}

static void test_limit(void **state)
{
    struct h2_flood f;

    (void)state;
    h2_flood_init(&f, most, 5000);
    assert_true(can_count(&f, H2_FLOOD_RESETS, 10, 5000));
    assert_false(can_count(&f, H2_FLOOD_RESETS, 1, 5000));
    assert_true(can_count(&f, H2_FLOOD_PINGS, 100, 5000));       /* each kind for itself */
    assert_true(can_count(&f, H2_FLOOD_SETTINGS, 100000, 5000)); /* 0: no limit */
}

static void test_time(void **state)
{
    struct h2_flood f;

    (void)state;
    h2_flood_init(&f, most, 5000);
    assert_true(can_count(&f, H2_FLOOD_RESETS, 10, 5000));
    assert_false(can_count(&f, H2_FLOOD_RESETS, 6, 10000)); /* 5 were given back */
    h2_flood_init(&f, most, 5000);
    assert_true(can_count(&f, H2_FLOOD_RESETS, 10, 5000));
    assert_true(can_count(&f, H2_FLOOD_RESETS, 5, 10000));
    assert_true(can_count(&f, H2_FLOOD_RESETS, 10, 30000)); /* all of it, and not more */
    assert_false(can_count(&f, H2_FLOOD_RESETS, 1, 30000));
}

/* Who keeps to the pace is never stopped, in however small steps time passes and whatever else is
 * counted meanwhile. */
static void test_pace(void **state)
{
    struct h2_flood f;

    (void)state;
    h2_flood_init(&f, most, 0);
    for (uint64_t at = 0; at < 300000; at += 50) {
        (void)h2_flood_count(&f, H2_FLOOD_SETTINGS, at);
        if (at % 1000 == 0)
            assert_true(h2_flood_count(&f, H2_FLOOD_RESETS, at));
    }
    assert_true(can_count(&f, H2_FLOOD_RESETS, 9, 300000));
    assert_false(can_count(&f, H2_FLOOD_RESETS, 2, 300000));
}

static void test_pay(void **state)
{
    struct h2_flood f;

    (void)state;
    h2_flood_init(&f, most, 0);
    assert_true(can_count(&f, H2_FLOOD_WINDOWS, 4, 0));
    h2_flood_pay(&f, H2_FLOOD_WINDOWS, 3);
    assert_true(can_count(&f, H2_FLOOD_WINDOWS, 3, 0));
    h2_flood_pay(&f, H2_FLOOD_WINDOWS, 1000);
    assert_true(can_count(&f, H2_FLOOD_WINDOWS, 4, 0));
    assert_false(can_count(&f, H2_FLOOD_WINDOWS, 1, 0));
}

static void test_names(void **state)
{
    (void)state;
    for (unsigned k = 0; k < H2_FLOOD_KIND_COUNT; k++)
        assert_non_null(h2_flood_name((enum h2_flood_kind)k));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limit), cmocka_unit_test(test_time),  cmocka_unit_test(test_pace),
        cmocka_unit_test(test_pay),   cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
