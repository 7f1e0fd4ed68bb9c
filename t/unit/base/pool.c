/* The arena: alignment, growth, cleanups, the owner's first block. */
#include "base/pool.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "aborts.h"

static bool is_aligned(const void *p)
{
    return ((uintptr_t)p & 15) == 0;
}

static bool is_within(const void *p, const char *block, size_t size)
{
    return (const char *)p >= block && (const char *)p < block + size;
}

static void test_first_block_is_used_first(void **state)
{
    char first[256];
    struct pool p;
    void *in, *out;

    UNUSED(state);
    /* Off by one: the pool must align it. */
    pool_init(&p, first + 1, sizeof(first) - 1);
    in = pool_alloc(&p, 100);
    assert_true(is_aligned(in) && is_within(in, first, sizeof(first)));
    memset(in, 'x', 100);
    assert_null(p.blocks);
    out = pool_alloc(&p, 200);
    assert_true(is_aligned(out) && !is_within(out, first, sizeof(first)));
    pool_reset(&p);
    assert_null(p.blocks);
    assert_ptr_equal(pool_alloc(&p, 1), in);
    pool_reset(&p);
}

static void test_tiny_first_block(void **state)
{
    char first[32];
    struct pool p;

    UNUSED(state);
    for (size_t size = 0; size < sizeof(first) - 1; size++) {
        pool_init(&p, first + 1, size);
        memset(pool_alloc(&p, 17), 'x', 17);
        pool_reset(&p);
    }
}

static void test_many_sizes(void **state)
{
    char *got[600];
    struct pool p;

    UNUSED(state);
    pool_init(&p, NULL, 0);
    for (size_t i = 0; i < ARRAY_LEN(got); i++) {
        got[i] = pool_alloc(&p, i * 7);
        assert_true(is_aligned(got[i]));
        memset(got[i], (int)(i & 127), i * 7);
    }
    /* Nothing overlaps. */
    for (size_t i = 0; i < ARRAY_LEN(got); i++) {
        for (size_t k = 0; k < i * 7; k++)
            assert_int_equal(got[i][k], i & 127);
    }
    pool_reset(&p);
}

static void test_large_object_keeps_the_block(void **state)
{
    struct pool p;
    char *a, *b;

    UNUSED(state);
    pool_init(&p, NULL, 0);
    memset(pool_alloc(&p, 1 << 20), 'x', 1 << 20);
    a = pool_alloc(&p, 16);
    memset(pool_alloc(&p, 1 << 20), 'x', 1 << 20);
    b = pool_alloc(&p, 16);
    assert_ptr_equal(b, a + 16);
    pool_reset(&p);
}

static void test_blocks_double(void **state)
{
    size_t most = 0, before = 0;
    struct pool p;

    UNUSED(state);
    pool_init(&p, NULL, 0);
    for (int i = 0; i < 5000; i++) {
        pool_alloc(&p, 64);
        most = MAX(most, p.blocks->size);
        assert_true(p.blocks->size >= before);
        before = p.blocks->size;
    }
    assert_int_equal(most, BLOCK_MOST);
    pool_reset(&p);
}

/* The first ordinary block serves the next pool, whatever large ones stood around it, and no other
 * block does. */
static void test_first_block_is_kept(void **state)
{
    struct pool p;
    char *first;

    UNUSED(state);
    pool_init(&p, NULL, 0);
    for (int round = 0; round < 3; round++) {
        memset(pool_alloc(&p, 2000), 'x', 2000);
        first = pool_alloc(&p, 16);
        memset(pool_alloc(&p, 2000), 'x', 2000);
        for (int i = 0; i < 100; i++)
            memset(pool_alloc(&p, 512), 'x', 512);
        pool_reset(&p);
        assert_int_equal(first_blocks.count, 1);
    }
    assert_ptr_equal(pool_alloc(&p, 16), first);
    assert_int_equal(first_blocks.count, 0);
    pool_reset(&p);
}

static void test_copies(void **state)
{
    struct pool p;
    struct slice s;
    char *zeros;

    UNUSED(state);
    pool_init(&p, NULL, 0);
    s = pool_dup(&p, slice_of("abcd", 3));
    assert_int_equal(s.n, 3);
    assert_string_equal(s.p, "abc");
    assert_string_equal(pool_strdup(&p, slice_of(NULL, 0)), "");
    s = pool_printf(&p, "%s-%d", "x", 7);
    assert_string_equal(s.p, "x-7");
    assert_int_equal(s.n, 3);
    for (int width = PRINT_GUESS - 2; width < PRINT_GUESS + 3; width++) {
        s = pool_printf(&p, "%*d", width, 7);
        assert_int_equal(s.n, width);
        assert_int_equal(strlen(s.p), width);
        assert_int_equal(s.p[width - 1], '7');
    }
    memset(pool_alloc(&p, 64), 'x', 64);
    zeros = pool_zalloc(&p, 64);
    for (int i = 0; i < 64; i++)
        assert_int_equal(zeros[i], 0);
    pool_reset(&p);
}

static void test_lower(void **state)
{
    struct pool p;
    struct slice s;

    UNUSED(state);
    pool_init(&p, NULL, 0);
    s = pool_lower(&p, SLICE("@AbYZ[`az{\xc3\x84"));
    assert_string_equal(s.p, "@abyz[`az{\xc3\x84");
    assert_int_equal(s.n, 12);
    s = pool_lower(&p, SLICE_EMPTY);
    assert_string_equal(s.p, "");
    pool_reset(&p);
}

static void test_grow(void **state)
{
    struct pool p;
    unsigned room = 0;
    int *list = NULL;

    UNUSED(state);
    pool_init(&p, NULL, 0);
    for (unsigned n = 0; n < 20; n++) {
        const int *before = list;

        list = pool_grow(&p, list, n, &room, sizeof(*list));
        assert_true(n < room);
        if (n > 0 && (n < 4 || (n & (n - 1)) != 0))
            assert_ptr_equal(list, before);
        list[n] = (int)n;
    }
    for (int n = 0; n < 20; n++)
        assert_int_equal(list[n], n);
    pool_reset(&p);
}

static char order[8];

static void note(void *arg)
{
    size_t n = strlen(order);

    order[n] = *(const char *)arg;
}

static struct pool chained;

static void note_and_register(void *arg)
{
    note(arg);
    pool_on_reset(&chained, note, "z");
}

static void test_cleanups_newest_first(void **state)
{
    UNUSED(state);
    pool_init(&chained, NULL, 0);
    pool_on_reset(&chained, note, "a");
    pool_on_reset(&chained, note_and_register, "b");
    pool_on_reset(&chained, note, "c");
    pool_reset(&chained);
    assert_string_equal(order, "cbza");
    pool_reset(&chained);
    assert_string_equal(order, "cbza");
}

static volatile size_t absurd = SIZE_MAX - 3;

static void alloc_absurd(void)
{
    struct pool p;

    pool_init(&p, NULL, 0);
    pool_alloc(&p, 32);
    pool_alloc(&p, absurd);
}

static void test_absurd_size_stops(void **state)
{
    UNUSED(state);
    assert_true(aborts(alloc_absurd));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_block_is_used_first),
        cmocka_unit_test(test_tiny_first_block),
        cmocka_unit_test(test_many_sizes),
        cmocka_unit_test(test_large_object_keeps_the_block),
        cmocka_unit_test(test_blocks_double),
        cmocka_unit_test(test_first_block_is_kept),
        cmocka_unit_test(test_copies),
        cmocka_unit_test(test_lower),
        cmocka_unit_test(test_grow),
        cmocka_unit_test(test_cleanups_newest_first),
        cmocka_unit_test(test_absurd_size_stops),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
