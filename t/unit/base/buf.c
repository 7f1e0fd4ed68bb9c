/* Growing bytes. */
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "aborts.h"

static void test_empty_owns_nothing(void **state)
{
    struct buf b = BUF_EMPTY;

    UNUSED(state);
    buf_add(&b, NULL, 0);
    buf_add_slice(&b, slice_of(NULL, 0));
    assert_null(b.p);
    assert_string_equal(buf_cstr(&b), "");
    assert_null(b.p);
    assert_non_null(buf_slice(&b).p);
    buf_drop(&b, 0);
    buf_free(&b);
}

static void test_appending(void **state)
{
    struct buf b = BUF_EMPTY;

    UNUSED(state);
    buf_add(&b, "abc", 2);
    buf_add_lit(&b, "-lit-");
    buf_add_char(&b, '!');
    buf_add_slice(&b, SLICE("slice"));
    buf_add_int(&b, INT64_MIN);
    buf_printf(&b, "<%d %s>", 5, "x");
    assert_string_equal(buf_cstr(&b), "ab-lit-!slice-9223372036854775808<5 x>");
    assert_int_equal(buf_slice(&b).n, strlen(b.p));
    buf_free(&b);
    assert_null(b.p);
    assert_int_equal(b.n + b.size, 0);
}

static void test_growth_is_geometric(void **state)
{
    struct buf b = BUF_EMPTY;
    size_t moves = 0, size = 0;

    UNUSED(state);
    for (int i = 0; i < 100000; i++) {
        buf_add_char(&b, (char)i);
        moves += b.size != size;
        size = b.size;
    }
    assert_int_equal(b.n, 100000);
    assert_true(moves < 15);
    for (int i = 0; i < 100000; i++)
        assert_int_equal(b.p[i], (char)i);
    buf_free(&b);
}

static void test_reserve(void **state)
{
    struct buf b = BUF_EMPTY;
    char *at;

    UNUSED(state);
    buf_add_lit(&b, "ab");
    at = buf_reserve(&b, 5000);
    assert_int_equal(b.n, 2);
    assert_ptr_equal(at, b.p + 2);
    memset(at, 'x', 5000);
    assert_ptr_equal(buf_reserve(&b, 5000), at);
    assert_memory_equal(b.p, "abx", 3);
    buf_free(&b);
}

static void test_printf_of_any_length(void **state)
{
    UNUSED(state);
    for (int width = 1; width < 700; width++) {
        struct buf b = BUF_EMPTY;

        buf_add_lit(&b, "ab");
        buf_printf(&b, "%*d", width, 7);
        assert_int_equal(b.n, width + 2);
        assert_memory_equal(b.p, "ab", 2);
        assert_int_equal(b.p[width + 1], '7');
        buf_free(&b);
    }
}

static void test_drop(void **state)
{
    struct buf b = BUF_EMPTY;

    UNUSED(state);
    buf_add_lit(&b, "abcdef");
    buf_drop(&b, 2);
    assert_string_equal(buf_cstr(&b), "cdef");
    buf_drop(&b, 0);
    buf_drop(&b, 4);
    assert_int_equal(b.n, 0);
    assert_string_equal(buf_cstr(&b), "");
    buf_free(&b);
}

static void drop_too_much(void)
{
    struct buf b = BUF_EMPTY;

    buf_add_lit(&b, "ab");
    buf_drop(&b, 3);
}

static void pass_the_cap(void)
{
    struct buf b = BUF_EMPTY;

    buf_add_lit(&b, "ab");
    buf_reserve(&b, SIZE_MAX - 1);
}

static void test_misuse_stops(void **state)
{
    char text[16384];

    UNUSED(state);
    assert_true(aborts(drop_too_much));
    assert_true(aborts_with(pass_the_cap, text, sizeof(text)));
    assert_non_null(strstr(text, "check failed"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty_owns_nothing),   cmocka_unit_test(test_appending),
        cmocka_unit_test(test_growth_is_geometric),  cmocka_unit_test(test_reserve),
        cmocka_unit_test(test_printf_of_any_length), cmocka_unit_test(test_drop),
        cmocka_unit_test(test_misuse_stops),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
