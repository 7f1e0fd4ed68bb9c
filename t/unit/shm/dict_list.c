/* Both ends of lists, of strings and numbers. */
#include "shm/dict_list.c"

#include "shm/dict_walk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <unistd.h>

static struct dict *open_dict(size_t size)
{
    struct zone *z = zone_new(SLICE("test"), size);
    struct dict *d = dict_open(z);

    zone_release(&z);
    return d;
}

static uint32_t push(struct dict *d, const char *value, enum dict_end end)
{
    struct dict_item item = {.type = DICT_STRING, .p = value, .n = strlen(value)};
    uint32_t n = 0;

    assert_int_equal(dict_list_push(d, SLICE("list"), &item, end, &n), DICT_OK);
    return n;
}

static void expect(struct dict *d, const char *value, enum dict_end end)
{
    struct dict_item item;

    assert_int_equal(dict_list_pop(d, SLICE("list"), end, &item), DICT_OK);
    assert_int_equal(item.n, strlen(value));
    assert_memory_equal(item.p, value, item.n);
}

static void test_ends(void **state)
{
    struct dict *d = open_dict(64 << 10);
    struct dict_item item = {.type = DICT_NUMBER, .number = 2.5};
    uint32_t n;

    UNUSED(state);
    assert_int_equal(push(d, "b", DICT_LEFT), 1);
    assert_int_equal(push(d, "a", DICT_LEFT), 2);
    assert_int_equal(push(d, "c", DICT_RIGHT), 3);
    assert_int_equal(dict_list_push(d, SLICE("list"), &item, DICT_RIGHT, &n), DICT_OK);
    assert_int_equal(n, 4);
    assert_int_equal(dict_list_pop(d, SLICE("list"), DICT_RIGHT, &item), DICT_OK);
    assert_true(item.type == DICT_NUMBER && item.number == 2.5);
    expect(d, "a", DICT_LEFT);
    expect(d, "c", DICT_RIGHT);
    expect(d, "b", DICT_RIGHT);
    assert_int_equal(dict_list_pop(d, SLICE("list"), DICT_LEFT, &item), DICT_NOT_FOUND);
    assert_int_equal(dict_list_length(d, SLICE("list"), &n), DICT_OK);
    assert_int_equal(n, 0);
    assert_true(dict_walk_check(d));
    dict_close(&d);
}

static void test_wrong_type(void **state)
{
    struct dict *d = open_dict(64 << 10);
    struct dict_item item = {.type = DICT_NUMBER, .number = 1};
    uint32_t n;

    UNUSED(state);
    dict_store(d, SLICE("n"), &item, DICT_SET);
    assert_int_equal(dict_list_push(d, SLICE("n"), &item, DICT_LEFT, &n), DICT_WRONG_TYPE);
    assert_int_equal(dict_list_pop(d, SLICE("n"), DICT_LEFT, &item), DICT_WRONG_TYPE);
    assert_int_equal(dict_list_length(d, SLICE("n"), &n), DICT_WRONG_TYPE);
    push(d, "x", DICT_LEFT);
    assert_int_equal(dict_get(d, SLICE("list"), &item), DICT_WRONG_TYPE);
    dict_close(&d);
}

/* Nothing is evicted for a list, and no empty one stays behind. */
static void test_no_room(void **state)
{
    struct dict *d = open_dict(12 << 10);
    static char large[100 << 10];
    struct dict_item item = {.type = DICT_STRING, .p = large, .n = sizeof large};
    struct dict_stats stats;
    uint32_t n;

    UNUSED(state);
    assert_int_equal(dict_list_push(d, SLICE("list"), &item, DICT_LEFT, &n), DICT_NO_MEMORY);
    dict_walk_stats(d, &stats);
    assert_int_equal(stats.entries, 0);
    item.n = 500;
    while (dict_list_push(d, SLICE("list"), &item, DICT_LEFT, &n) == DICT_OK)
        ;
    assert_true(n >= 8);
    dict_delete(d, SLICE("list"));
    dict_walk_stats(d, &stats);
    assert_int_equal(stats.entries, 0);
    assert_true(dict_walk_check(d));
    dict_close(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_wrong_type),
        cmocka_unit_test(test_no_room),
    };

    clock_update();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
