/* What is near to a mistyped name. */
#include "base/nearest.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* Of "root", "route", "return" and a very long name. */
static const char *suggest(const char *wanted, const char *preferred)
{
    static const char *const known[] = {
        "root", "route", "return",
        "a_name_that_is_longer_than_any_that_is_ever_compared_with_what_somebody_has_typed"};
    struct nearest n = nearest_to(slice_str(wanted));

    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        nearest_try(&n, slice_str(known[i]), strcmp(known[i], preferred) == 0);
    return n.found.p ? n.found.p : "none";
}

static void test_rows(void **state)
{
    static const struct {
        const char *wanted, *preferred, *found;
    } rows[] = {
        {"retrun", "", "return"}, /* neighbours swapped */
        {"roote", "", "root"},    /* as near as route, and first */
        {"roote", "route", "route"},
        {"oot", "", "root"},
        {"returns", "", "return"},
        {"retorned", "", "return"},
        {"proxy_pass", "", "none"},
        {"", "", "none"},
        {"x", "", "none"},
        {"a_name_that_is_longer_than_any_that_is_ever_compared_with_what_somebody_has_type", "",
         "none"},
    };

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_string_equal(suggest(rows[i].wanted, rows[i].preferred), rows[i].found);
}

static void test_distances(void **state)
{
    static const struct {
        const char *a, *b;
        unsigned distance;
    } rows[] = {
        {"", "", 0},          {"", "abc", 3},
        {"abc", "", 3},       {"port", "prot", 1}, /* neighbours swapped */
        {"port", "sport", 1}, {"port", "por", 1},
        {"port", "part", 1},  {"kitten", "sitting", 3},
    };
    char longest[NEAREST_LONGEST + 1];

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_int_equal(
            nearest_distance(rows[i].a, strlen(rows[i].a), rows[i].b, strlen(rows[i].b)),
            rows[i].distance);
    memset(longest, 'x', sizeof(longest));
    assert_int_equal(nearest_distance(longest, NEAREST_LONGEST, longest, NEAREST_LONGEST), 0);
    assert_int_equal(nearest_distance("x", 1, longest, NEAREST_LONGEST), NEAREST_LONGEST - 1);
    assert_true(nearest_distance(longest, sizeof(longest), "x", 1) == UINT_MAX);
    assert_true(nearest_distance("x", 1, longest, sizeof(longest)) == UINT_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_distances),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
