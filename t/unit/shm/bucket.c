/* Drops that find room or do not, as time goes by. */
#include "shm/bucket.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "shm/dict_walk.h"

static struct dict *open_dict(size_t size)
{
    struct zone *z = zone_new(SLICE("test"), size);
    struct dict *d = dict_open(z);

    clock_update();
    zone_release(&z);
    return d;
}

static void test_fills(void **state)
{
    struct dict *d = open_dict(32 << 10);
    struct bucket b = {.rate = 1, .most = 2 * BUCKET_DROP}; /* a drop in 1,000 seconds */

    UNUSED(state);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(bucket_add(d, SLICE("k"), &b, true), DICT_OK);
        assert_int_equal(bucket_add(d, SLICE("k"), &b, false), DICT_OK);
        assert_true(b.excess <= i * BUCKET_DROP && b.excess + 1 >= i * BUCKET_DROP);
    }
    assert_int_equal(bucket_add(d, SLICE("k"), &b, false), DICT_EXISTS);
    assert_int_equal(bucket_add(d, SLICE("k"), &b, true), DICT_EXISTS);
    assert_true(b.excess > b.most);
    assert_int_equal(bucket_add(d, SLICE("other"), &b, false), DICT_OK);
    assert_int_equal(b.excess, 0);
    b.most = 3 * BUCKET_DROP; /* what was refused has added nothing */
    assert_int_equal(bucket_add(d, SLICE("k"), &b, false), DICT_OK);
    dict_close(&d);
}

static void test_drains(void **state)
{
    static const struct {
        uint64_t excess, rate;
        int64_t ms;
        uint64_t left;
    } cases[] = {
        {0, 1000, 0, 0},
        {1000, 1000, 0, 1000},
        {1000, 1000, 999, 1},
        {1000, 1000, 1000, 0},
        {1000, 1000, 5000, 0},
        {5000, 16, 1000, 4984},
        {UINT64_MAX, UINT64_MAX, INT64_MAX, 0},
    };

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(drain(cases[i].excess, cases[i].rate, cases[i].ms), cases[i].left);
}

/* What is stored, as if it had been `ms` before now. */
static void set_back(struct dict *d, const char *key, uint64_t excess, int64_t ms)
{
    struct level l = {.at = (int64_t)clock_ms() - ms, .excess = excess};
    struct dict_item item = {.type = DICT_TABLE, .p = (const char *)&l, .n = sizeof(l)};

    assert_int_equal(dict_store(d, slice_str(key), &item, DICT_SET), DICT_OK);
}

static void test_time(void **state)
{
    struct dict *d = open_dict(32 << 10);
    struct bucket b = {.rate = 10 * BUCKET_DROP, .most = 0};
    int64_t ttl;

    UNUSED(state);
    set_back(d, "k", 0, 99); /* a tenth of a second has not passed */
    assert_int_equal(bucket_add(d, SLICE("k"), &b, false), DICT_EXISTS);
    assert_int_equal(b.excess, 10);
    set_back(d, "k", 0, 100);
    assert_int_equal(bucket_add(d, SLICE("k"), &b, false), DICT_OK);
    assert_int_equal(b.excess, 0);
    set_back(d, "k", 0, -50); /* written by a process whose clock was read later */
    b.most = BUCKET_DROP;
    assert_int_equal(bucket_add(d, SLICE("k"), &b, false), DICT_OK);
    assert_int_equal(b.excess, BUCKET_DROP);
    assert_int_equal(dict_ttl(d, SLICE("k"), &ttl), DICT_OK);
    assert_true(ttl > 0 && ttl <= 201); /* as good as new after 2 drops' time */
    dict_close(&d);
}

static void test_no_room(void **state)
{
    struct dict *d = open_dict(DICT_ZONE_LEAST);
    struct bucket b = {.rate = 1, .most = 0};
    struct dict_stats stats;

    UNUSED(state);
    for (unsigned i = 0; i < 1000; i++)
        assert_int_equal(bucket_add(d, slice_of((const char *)&i, sizeof(i)), &b, false), DICT_OK);
    dict_walk_stats(d, &stats);
    assert_true(stats.evicted > 0 && dict_walk_check(d));
    dict_close(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fills),
        cmocka_unit_test(test_drains),
        cmocka_unit_test(test_time),
        cmocka_unit_test(test_no_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
