/* Regexes: matches, captures, names, errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "app/variables/regex.h"

static const struct {
    const char *pattern, *subject;
    bool ignore_case;
    int n;
    int at[6];
} cases[] = {
    {"^/a", "/abc", false, 1, {0, 2}},
    {"^/A", "/abc", false, 0, {0}},
    {"^/A", "/abc", true, 1, {0, 2}},
    {"(b)(c)", "/abc", false, 3, {2, 4, 2, 3, 3, 4}},
    {"(x)?(b)", "/abc", false, 3, {2, 3, -1, -1, 2, 3}},
    {"(b)(x)?", "/abc", false, 2, {2, 3, 2, 3}},
    {"^$", "", false, 1, {0, 0}},
    {"(*UTF)^.$", "\xc3\xa4", false, 1, {0, 2}},
    {"^.$", "\xc3\xa4", false, 0, {0}},
    {"\xff", "a\xff", false, 1, {1, 2}},
};

static void test_match(void **state)
{
    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct pool pool;
        struct slice error;
        int at[2 * REGEX_CAPTURES_MOST];
        struct regex *re;

        pool_init(&pool, NULL, 0);
        re = regex_compile(&pool, slice_str(cases[i].pattern), cases[i].ignore_case, &error);
        assert_non_null(re);
        assert_int_equal(regex_match(re, slice_str(cases[i].subject), at), cases[i].n);
        for (int k = 0; k < 2 * cases[i].n; k++)
            assert_int_equal(at[k], cases[i].at[k]);
        pool_reset(&pool);
    }
}

static void test_invalid_utf_is_an_error(void **state)
{
    struct pool pool;
    struct slice error;
    int at[2 * REGEX_CAPTURES_MOST];

    UNUSED(state);
    pool_init(&pool, NULL, 0);
    assert_true(regex_match(regex_compile(&pool, SLICE("(*UTF)."), false, &error),
                            SLICE("\xff\xff"), at) < 0);
    pool_reset(&pool);
}

static void test_groups_at_the_end(void **state)
{
    struct pool pool;
    struct slice error;
    int at[2 * REGEX_CAPTURES_MOST];

    UNUSED(state);
    pool_init(&pool, NULL, 0);
    for (unsigned i = 0; i < ARRAY_LEN(at); i++)
        at[i] = 1000;
    assert_int_equal(
        regex_match(regex_compile(&pool, SLICE("^(a)(b)?(c)?$"), false, &error), SLICE("a"), at),
        2);
    for (unsigned i = 4; i < 8; i++)
        assert_int_equal(at[i], -1);
    pool_reset(&pool);
}

static void test_names(void **state)
{
    struct pool pool;
    struct slice error;
    struct regex *re;

    UNUSED(state);
    pool_init(&pool, NULL, 0);
    re = regex_compile(&pool, SLICE("(?<one>.)(.)(?<three>.)"), false, &error);
    assert_int_equal(regex_groups(re), 3);
    assert_string_equal(regex_group_name(re, 1), "one");
    assert_null(regex_group_name(re, 2));
    assert_string_equal(regex_group_name(re, 3), "three");
    assert_null(regex_group_name(re, 0));
    assert_null(regex_group_name(re, 4));
    pool_reset(&pool);
}

static void test_errors(void **state)
{
    struct pool pool;
    struct slice error = SLICE_EMPTY;

    UNUSED(state);
    pool_init(&pool, NULL, 0);
    assert_null(regex_compile(&pool, SLICE("a(b"), false, &error));
    assert_true(
        slice_eq(error, SLICE("pcre2_compile() failed: missing closing parenthesis in \"a(b\"")));
    assert_null(regex_compile(&pool, SLICE("a*?+b"), false, &error));
    assert_true(slice_has_suffix(error, SLICE("in \"a*?+b\" at \"b\"")) ||
                slice_has_suffix(error, SLICE("in \"a*?+b\" at \"+b\"")));
    pool_reset(&pool);
}

static void test_more_groups_than_room(void **state)
{
    struct pool pool;
    struct slice error;
    char pattern[3 * 40], subject[40];
    int at[2 * REGEX_CAPTURES_MOST];
    struct regex *re;

    UNUSED(state);
    for (int i = 0; i < 40; i++)
        memcpy(pattern + 3 * (size_t)i, "(.)", 3);
    memset(subject, 'x', sizeof(subject));
    pool_init(&pool, NULL, 0);
    re = regex_compile(&pool, slice_of(pattern, sizeof(pattern)), false, &error);
    assert_int_equal(regex_match(re, slice_of(subject, sizeof(subject)), at), REGEX_CAPTURES_MOST);
    assert_int_equal(at[2 * (REGEX_CAPTURES_MOST - 1)], REGEX_CAPTURES_MOST - 2);
    pool_reset(&pool);
}

static void test_catastrophe_ends(void **state)
{
    struct pool pool;
    struct slice error;
    char subject[64];
    int at[2 * REGEX_CAPTURES_MOST];

    UNUSED(state);
    memset(subject, 'a', sizeof(subject));
    pool_init(&pool, NULL, 0);
    assert_true(regex_match(regex_compile(&pool, SLICE("^(a+)+$"), false, &error),
                            slice_of(subject, sizeof(subject)), at) > 0);
    subject[63] = 'b';
    assert_true(regex_match(regex_compile(&pool, SLICE("^(a|aa)+$"), false, &error),
                            slice_of(subject, sizeof(subject)), at) < 0);
    pool_reset(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_match),
        cmocka_unit_test(test_invalid_utf_is_an_error),
        cmocka_unit_test(test_groups_at_the_end),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_more_groups_than_room),
        cmocka_unit_test(test_catastrophe_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
