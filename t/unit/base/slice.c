/* Borrowed bytes. */
#include "base/slice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void assert_slice(struct slice got, const char *want)
{
    assert_int_equal(got.n, strlen(want));
    assert_memory_equal(got.n ? got.p : "", want, got.n);
}

static void test_trim(void **state)
{
    static const char *const rows[][2] = {
        {"", ""}, {" ", ""}, {"\t \t", ""}, {"a", "a"}, {" a b\t", "a b"}, {"a\n ", "a\n"},
    };

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_slice(slice_trim(slice_str(rows[i][0])), rows[i][1]);
    assert_int_equal(slice_trim(slice_of(NULL, 0)).n, 0);
}

static void test_find(void **state)
{
    UNUSED(state);
    assert_int_equal(slice_find(SLICE("abcb"), 'b'), 1);
    assert_int_equal(slice_find(SLICE("abc"), 'x'), -1);
    assert_int_equal(slice_find(slice_of("abc", 2), 'c'), -1);
    assert_int_equal(slice_find(slice_of(NULL, 0), 'c'), -1);
    assert_int_equal(slice_find(SLICE("a\0b"), '\0'), 1);
}

static void test_cmp(void **state)
{
    static const struct {
        struct slice a, b;
        int want;
    } rows[] = {
        {{"", 0}, {NULL, 0}, 0},  {{"a", 1}, {"a", 1}, 0},    {{"a", 1}, {"ab", 2}, -1},
        {{"b", 1}, {"ab", 2}, 1}, {{"\xff", 1}, {"a", 1}, 1}, {{"", 0}, {"a", 1}, -1},
    };

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int got = slice_cmp(rows[i].a, rows[i].b);

        assert_int_equal((got > 0) - (got < 0), rows[i].want);
        got = slice_cmp(rows[i].b, rows[i].a);
        assert_int_equal((got > 0) - (got < 0), -rows[i].want);
    }
}

static void test_cut(void **state)
{
    struct slice rest = SLICE("a,,b");

    UNUSED(state);
    assert_slice(slice_cut(&rest, ','), "a");
    assert_slice(slice_cut(&rest, ','), "");
    assert_slice(slice_cut(&rest, ','), "b");
    assert_null(rest.p);
    assert_null(slice_cut(&rest, ',').p);
    rest = SLICE("a,");
    assert_slice(slice_cut(&rest, ','), "a");
    assert_non_null(rest.p);
    assert_non_null(slice_cut(&rest, ',').p);
    assert_null(slice_cut(&rest, ',').p);
}

static void test_comparisons(void **state)
{
    UNUSED(state);
    assert_true(slice_eq(SLICE("ab"), slice_of("abc", 2)));
    assert_false(slice_eq(SLICE("ab"), SLICE("aB")));
    assert_true(slice_eq(SLICE_EMPTY, slice_of(NULL, 0)));
    assert_true(slice_ieq(SLICE("Host"), SLICE("hOST")));
    assert_false(slice_ieq(SLICE("Host"), SLICE("Hos")));
    assert_true(slice_has_prefix(SLICE("/api/x"), SLICE("/api")));
    assert_false(slice_has_prefix(SLICE("/ap"), SLICE("/api")));
    assert_true(slice_has_suffix(SLICE("x.lua"), SLICE(".lua")));
    assert_false(slice_has_suffix(SLICE("lua"), SLICE(".lua")));
    assert_slice(slice_from(SLICE("abc"), 1), "bc");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trim), cmocka_unit_test(test_find),        cmocka_unit_test(test_cmp),
        cmocka_unit_test(test_cut),  cmocka_unit_test(test_comparisons),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
