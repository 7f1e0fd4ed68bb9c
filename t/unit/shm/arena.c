/* Blocks are taken and given back at random: they never overlap, what is free melts together. */
#include "shm/arena.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

enum { SIZE = 1 << 20, HEADER = sizeof(struct arena), SLOTS = 400 };

static uint32_t first(void)
{
    return (HEADER + ARENA_UNIT - 1) / ARENA_UNIT;
}

static struct arena *open_arena(size_t size)
{
    struct arena *a = aligned_alloc(64, size);

    memset(a, 0, size);
    arena_init(a, HEADER, size);
    return a;
}

static unsigned next_random(unsigned *seed)
{
    *seed = *seed * 1103515245 + 12345;
    return *seed >> 8 & 0xffff;
}

static void fill(struct arena *a, uint32_t b, int mark)
{
    memset((char *)arena_at(a, b) + 4, mark, arena_size(a, b) - 4);
}

static void check_mark(struct arena *a, uint32_t b, int mark)
{
    const char *p = arena_at(a, b);

    for (size_t i = 4; i < arena_size(a, b); i++)
        assert_int_equal(p[i], (char)mark);
}

static void test_random(void **state)
{
    struct arena *a = open_arena(SIZE);
    uint32_t blocks[SLOTS] = {0}, all = a->free_units;
    unsigned seed = 7;

    (void)state;
    assert_true(arena_check(a, first(), NULL, NULL));
    for (int round = 0; round < 20000; round++) {
        unsigned i = next_random(&seed) % SLOTS;

        if (blocks[i]) {
            check_mark(a, blocks[i], (int)i);
            arena_free(a, blocks[i]);
            blocks[i] = 0;
        } else {
            unsigned size = next_random(&seed);

            blocks[i] = arena_alloc(a, size % 8 ? size % 300 : size % 20000);
            if (blocks[i])
                fill(a, blocks[i], (int)i);
        }
        journal_commit(&a->journal);
        if (round % 100 == 0)
            assert_true(arena_check(a, first(), NULL, NULL));
    }
    for (unsigned i = 0; i < SLOTS; i++)
        if (blocks[i]) {
            arena_free(a, blocks[i]);
            journal_commit(&a->journal);
        }
    assert_true(arena_check(a, first(), NULL, NULL));
    assert_int_equal(a->free_units, all);
    assert_int_equal(units_of(at(a, first())), all); /* one block again */
    free(a);
}

static void test_bins(void **state)
{
    unsigned last = 0;

    (void)state;
    for (uint32_t units = LEAST; units < 1u << 29; units += 1 + units / 3) {
        assert_true(bin_of(units) >= last && bin_of(units) < ARENA_BINS);
        last = bin_of(units);
    }
    assert_int_equal(bin_of(63) + 1, bin_of(64));
}

static void test_full(void **state)
{
    struct arena *a = open_arena(16 << 10);
    uint32_t n = 0, b;

    (void)state;
    assert_int_equal(arena_alloc(a, 1 << 20), 0);
    assert_int_equal(arena_free_in(a, 512), ((16 << 10) - HEADER - 8) / 4096 * 4096);
    while ((b = arena_alloc(a, 100)) != 0) {
        journal_commit(&a->journal);
        n += 104;
    }
    assert_true(n + 104 > (size_t)(16 << 10) - HEADER - 16);
    assert_int_equal(arena_free_in(a, 512), 0);
    assert_true(arena_check(a, first(), NULL, NULL));
    free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_bins),
        cmocka_unit_test(test_full),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
