/* The hash map and its hash. */
#include "base/map.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ctype.h>
#include <stdio.h>

enum { MANY = 5000 };

static int values[MANY];

static struct slice key_of(char *text, size_t size, int i)
{
    return slice_of(text, (size_t)snprintf(text, size, "Key-%d-%x", i, i * 2654435761u));
}

static void test_set_get(void **state)
{
    struct map m;
    char text[40];

    UNUSED(state);
    map_init(&m, false);
    assert_null(map_get(&m, SLICE("x")));
    assert_null(m.entries);
    for (int i = 0; i < MANY; i++)
        assert_null(map_set(&m, key_of(text, sizeof(text), i), &values[i]));
    assert_int_equal(m.used, MANY);
    for (int i = 0; i < MANY; i++)
        assert_ptr_equal(map_get(&m, key_of(text, sizeof(text), i)), &values[i]);
    assert_null(map_get(&m, SLICE("key-1-9e3779b1")));
    assert_null(map_get(&m, key_of(text, sizeof(text), MANY)));
    assert_ptr_equal(map_set(&m, key_of(text, sizeof(text), 7), &values[8]), &values[7]);
    assert_ptr_equal(map_get(&m, key_of(text, sizeof(text), 7)), &values[8]);
    assert_int_equal(m.used, MANY);
    map_deinit(&m);
    assert_null(map_get(&m, key_of(text, sizeof(text), 7)));
}

static void test_odd_keys(void **state)
{
    struct map m;

    UNUSED(state);
    map_init(&m, false);
    map_set(&m, slice_of(NULL, 0), &values[0]);
    map_set(&m, SLICE("a\0b"), &values[1]);
    map_set(&m, SLICE("a\0c"), &values[2]);
    assert_ptr_equal(map_get(&m, SLICE("")), &values[0]);
    assert_ptr_equal(map_get(&m, SLICE("a\0b")), &values[1]);
    assert_ptr_equal(map_get(&m, SLICE("a\0c")), &values[2]);
    assert_null(map_get(&m, SLICE("a")));
    map_deinit(&m);
}

static void test_keys_are_copied(void **state)
{
    char text[] = "volatile";
    struct map m;

    UNUSED(state);
    map_init(&m, false);
    map_set(&m, slice_str(text), &values[0]);
    text[0] = 'V';
    assert_ptr_equal(map_get(&m, SLICE("volatile")), &values[0]);
    map_deinit(&m);
}

static void test_ignore_case(void **state)
{
    struct map m;

    UNUSED(state);
    map_init(&m, true);
    map_set(&m, SLICE("Content-Type"), &values[0]);
    assert_ptr_equal(map_get(&m, SLICE("content-TYPE")), &values[0]);
    assert_ptr_equal(map_set(&m, SLICE("CONTENT-TYPE"), &values[1]), &values[0]);
    assert_int_equal(m.used, 1);
    assert_null(map_get(&m, SLICE("content_type")));
    map_deinit(&m);
}

static void test_walk_sees_each_once(void **state)
{
    char seen[MANY] = {0}, text[40];
    struct map_entry *e;
    struct map m;
    size_t at = 0, count = 0;

    UNUSED(state);
    map_init(&m, false);
    assert_null(map_next(&m, &at));
    for (int i = 0; i < MANY; i++)
        map_set(&m, key_of(text, sizeof(text), i), &values[i]);
    for (at = 0; (e = map_next(&m, &at)) != NULL; count++) {
        size_t i = (size_t)((int *)e->value - values);

        assert_int_equal(seen[i]++, 0);
        assert_true(slice_eq(e->key, key_of(text, sizeof(text), (int)i)));
    }
    assert_int_equal(count, MANY);
    map_deinit(&m);
}

/* Against an array that says which keys are there. */
static void test_remove_anything_in_any_order(void **state)
{
    bool is_there[200] = {false};
    char text[40];
    struct map m;
    size_t used = 0;

    UNUSED(state);
    map_init(&m, false);
    assert_null(map_remove(&m, SLICE("none")));
    for (int turn = 0; turn < 20000; turn++) {
        int i = (int)(rand_u64() % ARRAY_LEN(is_there));
        struct slice key = key_of(text, sizeof(text), i);
        void *before = is_there[i] ? &values[i] : NULL;
        bool is_removal = rand_u64() % 2;

        assert_ptr_equal(is_removal ? map_remove(&m, key) : map_set(&m, key, &values[i]), before);
        is_there[i] = !is_removal;
    }
    for (size_t i = 0; i < ARRAY_LEN(is_there); i++) {
        void *got = map_get(&m, key_of(text, sizeof(text), (int)i));

        assert_ptr_equal(got, is_there[i] ? &values[i] : NULL);
        used += is_there[i];
    }
    assert_int_equal(m.used, used);
    map_deinit(&m);
}

static void test_fold_is_tolower(void **state)
{
    UNUSED(state);
    for (int c = 0; c < 256; c++) {
        /* Neighbours must not disturb each other. */
        uint64_t got = fold((uint64_t)c << 8 | 0xff00000000ff00ff | (uint64_t)c << 40);
        uint64_t want = (uint64_t)(c < 128 ? tolower(c) : c);

        assert_int_equal(got >> 8 & 0xff, want);
        assert_int_equal(got >> 40 & 0xff, want);
        assert_int_equal(got & 0xff0000ff00ff00ff, 0xff00000000ff00ff);
    }
}

static void test_hash_of_all_lengths(void **state)
{
    char lower[70], upper[70];

    UNUSED(state);
    for (size_t i = 0; i < sizeof(lower); i++) {
        lower[i] = (char)('a' + i % 26);
        upper[i] = (char)('A' + i % 26);
    }
    for (size_t n = 0; n < sizeof(lower); n++) {
        struct slice low = slice_of(lower, n), up = slice_of(upper, n);

        assert_true(map_hash(low, true) == map_hash(up, true));
        assert_true(map_hash(low, true) == map_hash(low, false));
        assert_true(n == 0 || map_hash(low, false) != map_hash(up, false));
        assert_true(n == 0 || map_hash(low, false) != map_hash(slice_of(lower, n - 1), false));
        /* Each byte counts. */
        for (size_t i = 0; i < n; i++) {
            uint64_t before = map_hash(low, false);

            lower[i] ^= 1;
            assert_true(map_hash(low, false) != before);
            lower[i] ^= 1;
        }
    }
}

static void test_hash_spreads(void **state)
{
    unsigned slots[1024] = {0}, most = 0;
    char text[40];

    UNUSED(state);
    for (int i = 0; i < 8192; i++) {
        struct slice key = slice_of(text, (size_t)snprintf(text, sizeof(text), "/users/%d", i));
        unsigned *slot = &slots[map_hash(key, false) & 1023];

        ++*slot; /* apart: MAX evaluates its arguments twice */
        most = MAX(most, *slot);
    }
    /* Eight each on average; thirty would be beyond chance. */
    assert_true(most < 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set_get),
        cmocka_unit_test(test_odd_keys),
        cmocka_unit_test(test_keys_are_copied),
        cmocka_unit_test(test_ignore_case),
        cmocka_unit_test(test_walk_sees_each_once),
        cmocka_unit_test(test_remove_anything_in_any_order),
        cmocka_unit_test(test_fold_is_tolower),
        cmocka_unit_test(test_hash_of_all_lengths),
        cmocka_unit_test(test_hash_spreads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
