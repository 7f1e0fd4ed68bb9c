/* What each call answers: values, modes, expiry, eviction. */
#include "shm/dict.c"

#include "shm/dict_walk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <unistd.h>

static struct dict *open_dict(size_t size)
{
    struct zone *z = zone_new(SLICE("test"), size);
    struct dict *d = dict_open(z);

    zone_release(&z);
    return d;
}

static struct dict_item text(const char *value)
{
    return (struct dict_item){.type = DICT_STRING, .p = value, .n = strlen(value)};
}

static enum dict_result store(struct dict *d, const char *key, const char *value, unsigned mode)
{
    struct dict_item item = text(value);

    return dict_store(d, slice_str(key), &item, mode);
}

static void expect(struct dict *d, const char *key, const char *value)
{
    struct dict_item item;
    enum dict_result result = dict_get(d, slice_str(key), &item);

    if (!value) {
        assert_int_equal(result, DICT_NOT_FOUND);
        return;
    }
    assert_int_equal(result, DICT_OK);
    assert_int_equal(item.type, DICT_STRING);
    assert_int_equal(item.n, strlen(value));
    assert_memory_equal(item.p, value, item.n);
}

static void wait_ms(unsigned ms)
{
    usleep(ms * 1000);
    clock_update();
}

static void test_modes(void **state)
{
    struct dict *d = open_dict(64 << 10);

    UNUSED(state);
    expect(d, "a", NULL);
    assert_int_equal(store(d, "a", "1", DICT_REPLACE), DICT_NOT_FOUND);
    assert_int_equal(store(d, "a", "1", DICT_ADD), DICT_OK);
    assert_int_equal(store(d, "a", "2", DICT_ADD), DICT_EXISTS);
    expect(d, "a", "1");
    assert_int_equal(store(d, "a", "another", DICT_REPLACE), DICT_OK);
    assert_int_equal(store(d, "b", "", DICT_SET), DICT_OK);
    expect(d, "a", "another");
    expect(d, "b", "");
    dict_delete(d, SLICE("a"));
    dict_delete(d, SLICE("a"));
    expect(d, "a", NULL);
    assert_true(dict_walk_check(d));
    dict_close(&d);
    assert_null(d);
}

static void test_types(void **state)
{
    struct dict *d = open_dict(64 << 10);
    struct dict_item item = {.type = DICT_NUMBER, .number = -0.5, .flags = 7};

    UNUSED(state);
    assert_int_equal(dict_store(d, SLICE("n"), &item, DICT_SET), DICT_OK);
    item = (struct dict_item){.type = DICT_BOOLEAN, .number = 1};
    assert_int_equal(dict_store(d, SLICE("b"), &item, DICT_SET), DICT_OK);
    assert_int_equal(dict_get(d, SLICE("n"), &item), DICT_OK);
    assert_true(item.type == DICT_NUMBER && item.number == -0.5 && item.flags == 7);
    assert_int_equal(dict_get(d, SLICE("b"), &item), DICT_OK);
    assert_true(item.type == DICT_BOOLEAN && item.number == 1 && item.flags == 0);
    item = (struct dict_item){.type = DICT_NIL};
    assert_int_equal(dict_store(d, SLICE("b"), &item, DICT_SET), DICT_OK);
    assert_int_equal(dict_get(d, SLICE("b"), &item), DICT_NOT_FOUND);
    dict_close(&d);
}

static void test_incr(void **state)
{
    struct dict *d = open_dict(64 << 10);
    struct dict_incr incr = {.by = 2};

    UNUSED(state);
    assert_int_equal(dict_incr(d, SLICE("n"), &incr), DICT_NOT_FOUND);
    incr = (struct dict_incr){.by = 2, .has_init = true, .init = 40, .init_ttl = 30};
    assert_int_equal(dict_incr(d, SLICE("n"), &incr), DICT_OK);
    assert_true(incr.value == 42);
    assert_int_equal(dict_incr(d, SLICE("n"), &incr), DICT_OK);
    assert_true(incr.value == 44);
    wait_ms(40);
    assert_int_equal(dict_incr(d, SLICE("n"), &incr), DICT_OK);
    assert_true(incr.value == 42);
    store(d, "s", "text", DICT_SET);
    assert_int_equal(dict_incr(d, SLICE("s"), &incr), DICT_WRONG_TYPE);
    dict_close(&d);
}

static void test_expiry(void **state)
{
    struct dict *d = open_dict(64 << 10);
    struct dict_item item = text("short");
    int64_t ttl;

    UNUSED(state);
    clock_update();
    item.ttl = 20;
    dict_store(d, SLICE("a"), &item, DICT_SET);
    store(d, "b", "long", DICT_SET);
    assert_int_equal(dict_ttl(d, SLICE("a"), &ttl), DICT_OK);
    assert_int_equal(ttl, 20);
    assert_int_equal(dict_ttl(d, SLICE("b"), &ttl), DICT_OK);
    assert_int_equal(ttl, 0);
    assert_int_equal(dict_ttl(d, SLICE("c"), &ttl), DICT_NOT_FOUND);
    wait_ms(30);
    assert_int_equal(dict_get_stale(d, SLICE("a"), &item), DICT_OK);
    assert_true(item.is_stale && item.n == 5);
    assert_int_equal(dict_expire(d, SLICE("b"), 10), DICT_OK);
    expect(d, "b", "long");
    wait_ms(20);
    expect(d, "b", NULL);
    assert_int_equal(store(d, "b", "again", DICT_ADD), DICT_OK);
    dict_close(&d);
}

/* The oldest give way, unless it is forbidden; who is read is not old. */
static void test_eviction(void **state)
{
    struct dict *d = open_dict(16 << 10);
    struct dict_item item = {.type = DICT_NIL};
    char key[16], value[200];
    int n = 0;

    UNUSED(state);
    memset(value, 'v', sizeof value);
    while (item.type = DICT_STRING, item.p = value, item.n = sizeof value,
           snprintf(key, sizeof key, "key%d", n),
           dict_store(d, slice_str(key), &item, DICT_SAFE) == DICT_OK)
        n++;
    assert_true(n > 40);
    assert_int_equal(dict_get(d, SLICE("key0"), &item), DICT_OK);
    item = (struct dict_item){.type = DICT_STRING, .p = value, .n = sizeof value};
    assert_int_equal(dict_store(d, slice_str(key), &item, DICT_SET), DICT_OK);
    assert_true(item.is_forcible);
    assert_int_equal(dict_get(d, SLICE("key0"), &item), DICT_OK);
    assert_int_equal(dict_get(d, SLICE("key1"), &item), DICT_NOT_FOUND);
    item = (struct dict_item){.type = DICT_STRING, .p = value, .n = 1 << 20};
    assert_int_equal(dict_store(d, SLICE("huge"), &item, DICT_SAFE), DICT_NO_MEMORY);
    assert_true(dict_walk_check(d));
    dict_close(&d);
}

static void test_swap(void **state)
{
    struct dict *d = open_dict(64 << 10);
    struct dict_item none = {.type = DICT_NIL}, one = text("one"), two = text("two");

    UNUSED(state);
    assert_int_equal(dict_swap(d, SLICE("k"), &one, &two), DICT_CHANGED);
    assert_int_equal(dict_swap(d, SLICE("k"), &none, &one), DICT_OK);
    assert_int_equal(dict_swap(d, SLICE("k"), &none, &two), DICT_CHANGED);
    assert_int_equal(dict_swap(d, SLICE("k"), &two, &two), DICT_CHANGED);
    assert_int_equal(dict_swap(d, SLICE("k"), &one, &two), DICT_OK);
    expect(d, "k", "two");
    assert_int_equal(dict_swap(d, SLICE("k"), &two, &none), DICT_OK);
    expect(d, "k", NULL);
    dict_close(&d);
}

/* Thousands of keys in many shards, then all of them again. */
static void test_shards(void **state)
{
    enum { KEYS = 20000 };
    struct dict *d = open_dict(8 << 20);
    char key[16], value[16];

    UNUSED(state);
    assert_int_equal(d->head->n_shards, 2);
    for (int i = 0; i < KEYS; i++) {
        snprintf(key, sizeof key, "%d", i * 7);
        snprintf(value, sizeof value, "%d", i);
        assert_int_equal(store(d, key, value, DICT_SAFE), DICT_OK);
    }
    for (int i = 0; i < KEYS; i++) {
        snprintf(key, sizeof key, "%d", i * 7);
        snprintf(value, sizeof value, "%d", i);
        expect(d, key, value);
    }
    assert_true(dict_walk_check(d));
    assert_true(dict_capacity(d) == 8 << 20);
    assert_true(dict_free_space(d) > 4 << 20);
    dict_close(&d);
}

/* What is stored becomes `user`; NULL: it stays, "": it goes. */
static bool become(void *user, struct dict_item *item)
{
    if (!user)
        return false;
    *item = *(char *)user ? text(user) : (struct dict_item){.type = DICT_NIL};
    return true;
}

static char large[40000];

static void test_change(void **state)
{
    struct dict *d = open_dict(32 << 10);
    struct dict_incr one = {.by = 1, .has_init = true};

    UNUSED(state);
    assert_int_equal(dict_change(d, SLICE("k"), DICT_SET, become, NULL), DICT_OK);
    expect(d, "k", NULL);
    assert_int_equal(dict_change(d, SLICE("k"), DICT_SET, become, (char[]){"new"}), DICT_OK);
    expect(d, "k", "new");
    assert_int_equal(dict_change(d, SLICE("k"), DICT_SET, become, NULL), DICT_OK);
    expect(d, "k", "new");
    memset(large, 'x', sizeof(large) - 1);
    assert_int_equal(dict_change(d, SLICE("k"), DICT_SAFE | DICT_KEEPS, become, large),
                     DICT_NO_MEMORY);
    expect(d, "k", "new");
    assert_int_equal(dict_change(d, SLICE("k"), DICT_SET, become, (char[]){""}), DICT_OK);
    expect(d, "k", NULL);
    assert_int_equal(dict_incr(d, SLICE("n"), &one), DICT_OK);
    assert_int_equal(dict_change(d, SLICE("n"), DICT_SET, become, (char[]){"text"}), DICT_OK);
    expect(d, "n", "text");
    assert_true(dict_walk_check(d));
    dict_close(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_modes),  cmocka_unit_test(test_types),    cmocka_unit_test(test_incr),
        cmocka_unit_test(test_expiry), cmocka_unit_test(test_eviction), cmocka_unit_test(test_swap),
        cmocka_unit_test(test_shards), cmocka_unit_test(test_change),
    };

    clock_update();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
