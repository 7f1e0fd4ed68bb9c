/* The cache: keys, times, the bound on its memory. */
#include "net/dns/dns_cache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

static void put(struct dns_cache *c, const char *key, const char *bytes, uint64_t ttl)
{
    struct dns_answer *a = dns_answer_new(NULL, slice_str(bytes));

    dns_cache_put(c, slice_str(key), a, ttl);
    dns_answer_unref(&a);
    assert_null(a);
}

static bool has(struct dns_cache *c, const char *key, const char *bytes)
{
    struct dns_answer *a = dns_cache_get(c, slice_str(key));

    return a && slice_eq(slice_of(a->bytes, a->n), slice_str(bytes));
}

static void test_keys(void **state)
{
    static struct dns_cache c;

    UNUSED(state);
    clock_update();
    dns_cache_init(&c, 1 << 20);
    put(&c, "1/a.test", "one", 10000);
    put(&c, "28/a.test", "two", 10000);
    assert_true(has(&c, "1/A.TEST", "one"));
    assert_true(has(&c, "28/a.test", "two"));
    assert_null(dns_cache_get(&c, SLICE("1/b.test")));
    put(&c, "1/a.test", "three", 10000);
    assert_true(has(&c, "1/a.test", "three"));
    assert_int_equal(c.entries, 2);
    put(&c, "1/a.test", "none", 0);
    assert_null(dns_cache_get(&c, SLICE("1/a.test")));
    dns_cache_clear(&c);
    assert_int_equal(c.entries, 0);
    assert_int_equal(c.bytes, 0);
}

static void test_time(void **state)
{
    static struct dns_cache c;

    UNUSED(state);
    clock_update();
    dns_cache_init(&c, 1 << 20);
    put(&c, "short", "x", 5);
    put(&c, "long", "x", 60000);
    usleep(6000);
    clock_update();
    assert_false(has(&c, "short", "x"));
    assert_true(has(&c, "long", "x"));
    assert_int_equal(c.entries, 1);
    dns_cache_clear(&c);
}

/* The least recently used go first. */
static void test_bound(void **state)
{
    static struct dns_cache c;
    char key[32];

    UNUSED(state);
    clock_update();
    dns_cache_init(&c, 4096);
    put(&c, "kept", "x", 60000);
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(key, sizeof key, "%u", i);
        put(&c, key, "0123456789", 60000);
        assert_true(c.bytes <= 4096);
        assert_true(has(&c, "kept", "x"));
    }
    assert_true(c.entries > 10);
    assert_int_equal(c.entries + c.evicted, 1001);
    assert_true(has(&c, "999", "0123456789"));
    assert_false(has(&c, "0", "0123456789"));
    dns_cache_clear(&c);
    dns_cache_init(&c, 0);
    put(&c, "a", "x", 60000);
    assert_int_equal(c.entries, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_keys), cmocka_unit_test(test_time),
                                       cmocka_unit_test(test_bound)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
