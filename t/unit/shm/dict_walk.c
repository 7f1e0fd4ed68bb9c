/* Flushing, keys, counts, and moving to a dictionary of another size. */
#include "shm/dict_walk.c"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

static struct dict *open_dict(size_t size)
{
    struct zone *z = zone_new(SLICE("test"), size);
    struct dict *d = dict_open(z);

    zone_release(&z);
    return d;
}

static void store(struct dict *d, int i, int64_t ttl)
{
    struct dict_item item = {.type = DICT_NUMBER, .number = i, .ttl = ttl, .flags = 3};
    char key[16];

    snprintf(key, sizeof key, "key%d", i);
    dict_store(d, slice_str(key), &item, DICT_SET);
}

static void add_key(void *user, struct slice key)
{
    buf_add_slice(user, key);
    buf_add_char(user, ' ');
}

static void test_keys(void **state)
{
    struct dict *d = open_dict(64 << 10);
    struct buf keys = BUF_EMPTY;

    UNUSED(state);
    store(d, 1, 0);
    store(d, 2, 0);
    store(d, 3, -1);
    store(d, 4, 0);
    dict_walk_keys(d, 0, add_key, &keys);
    assert_string_equal(buf_cstr(&keys), "key1 key2 key4 ");
    keys.n = 0;
    dict_walk_keys(d, 2, add_key, &keys);
    assert_string_equal(buf_cstr(&keys), "key1 key2 ");
    buf_free(&keys);
    dict_close(&d);
}

static void add_both(void *user, struct slice key, struct slice value)
{
    buf_printf(user, SLICE_FMT "=" SLICE_FMT " ", SLICE_ARG(key), SLICE_ARG(value));
}

static void test_oldest(void **state)
{
    struct dict *d = open_dict(64 << 10);
    struct dict_item item = {.type = DICT_STRING, .p = "v", .n = 1};
    struct buf seen = BUF_EMPTY;

    UNUSED(state);
    dict_walk_oldest(d, add_both, &seen);
    assert_int_equal(seen.n, 0);
    dict_store(d, SLICE("a"), &item, DICT_SET);
    store(d, 1, 0);
    dict_walk_oldest(d, add_both, &seen);
    assert_string_equal(buf_cstr(&seen), "a=v ");
    assert_int_equal(dict_get(d, SLICE("a"), &item), DICT_OK);
    seen.n = 0;
    dict_walk_oldest(d, add_both, &seen);
    assert_string_equal(buf_cstr(&seen), "key1= ");
    buf_free(&seen);
    dict_close(&d);
}

static void test_flush(void **state)
{
    struct dict *d = open_dict(64 << 10);
    struct dict_item item;
    struct dict_stats stats;

    UNUSED(state);
    for (int i = 0; i < 20; i++)
        store(d, i, 0);
    dict_walk_flush_all(d);
    assert_int_equal(dict_get_stale(d, SLICE("key15"), &item), DICT_OK);
    assert_true(item.is_stale);
    assert_int_equal(dict_get(d, SLICE("key15"), &item), DICT_NOT_FOUND);
    assert_int_equal(dict_walk_flush_expired(d, 5), 5);
    assert_true(dict_walk_flush_expired(d, 0) > 5);
    dict_walk_stats(d, &stats);
    assert_int_equal(stats.entries, 0);
    assert_int_equal(stats.hits, 1);
    assert_int_equal(stats.misses, 1);
    assert_true(stats.used < stats.capacity);
    assert_true(dict_walk_check(d));
    dict_close(&d);
}

static void test_copy(void **state)
{
    struct dict *from = open_dict(1 << 20), *to = open_dict(8 << 20), *small = open_dict(12 << 10);
    struct dict_item item = {.type = DICT_STRING, .p = "text", .n = 4};
    uint32_t n;

    UNUSED(state);
    for (int i = 0; i < 3000; i++)
        store(from, i, i % 2 ? 60000 : 0);
    dict_store(from, SLICE("s"), &item, DICT_SET);
    dict_list_push(from, SLICE("list"), &item, DICT_RIGHT, &n);
    dict_list_push(from, SLICE("list"), &item, DICT_RIGHT, &n);
    dict_walk_copy(from, to);
    dict_walk_copy(from, small);
    assert_int_equal(dict_get(to, SLICE("key7"), &item), DICT_OK);
    assert_true(item.number == 7 && item.flags == 3 && item.ttl > 0 && item.ttl <= 60000);
    assert_int_equal(dict_list_length(to, SLICE("list"), &n), DICT_OK);
    assert_int_equal(n, 2);
    assert_int_equal(dict_get(small, SLICE("key7"), &item), DICT_NOT_FOUND);
    assert_int_equal(dict_get(small, SLICE("s"), &item), DICT_OK);
    assert_true(dict_walk_check(to) && dict_walk_check(small));
    dict_close(&from);
    dict_close(&to);
    dict_close(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_oldest),
        cmocka_unit_test(test_flush),
        cmocka_unit_test(test_copy),
    };

    clock_update();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
