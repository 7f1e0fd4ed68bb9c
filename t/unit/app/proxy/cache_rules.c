/* Whether an answer is kept, and for how long: each header, their order, what is ignored; variants.
 */
#include "app/proxy/cache_rules.h"

#include "app/proxy/proxy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

enum { NOW = 1000000000, NEVER = -1 };

#define LATER   "Sun, 09 Sep 2001 01:47:40 GMT" /* NOW + 60 */
#define EARLIER "Sun, 09 Sep 2001 01:45:40 GMT"

static struct pool pool;

/* "Name: value" lines as a list. */
static struct header_list list_of(const char *text)
{
    struct cache_head h = {.fields = slice_str(text)};
    struct header_list l = {0};

    assert_true(cache_head_fields(&h, &pool, &l));
    return l;
}

/* Seconds for which it is kept; NEVER: it is not. */
static int64_t keep(const char *fields, int status, unsigned ignored, struct cache_head *out)
{
    struct cache_valid any = {.status = 404, .seconds = 7}, usual = {200, 9, &any};
    struct cache_conf c = {.valid = &usual};
    struct header_list l = list_of(fields);
    struct cache_answer a = {.status = status, .headers = &l, .ignored = ignored};

    return cache_rules_keep(&c, &a, NOW, out) ? out->valid_until - NOW : NEVER;
}

static void test_keep(void **state)
{
    static const struct {
        const char *fields;
        int status;
        unsigned ignored;
        int64_t seconds;
    } rows[] = {
        {"", 200, 0, 9},
        {"", 404, 0, 7},
        {"", 500, 0, NEVER},
        {"", 206, 0, NEVER},
        {"", 304, 0, NEVER},
        {"Cache-Control: max-age=60\n", 200, 0, 60},
        {"Cache-Control: max-age=60\n", 500, 0, 60},
        {"Cache-Control: max-age=60\nAge: 20\n", 200, 0, 40},
        {"Cache-Control: max-age=60\nAge: 60\n", 200, 0, NEVER},
        {"Cache-Control: max-age=60\nAge: x\n", 200, 0, 60},
        {"Cache-Control: max-age=0\n", 200, 0, NEVER},
        {"Cache-Control: max-age=60\nCache-Control: no-store\n", 200, 0, NEVER},
        {"Cache-Control: no-store\n", 200, PROXY_IGNORE_CACHE_CONTROL, 9},
        {"Expires: " LATER "\n", 200, 0, 60},
        {"Expires: " EARLIER "\n", 200, 0, NEVER},
        {"Expires: 0\n", 200, 0, NEVER},
        {"Expires: 0\n", 200, PROXY_IGNORE_EXPIRES, 9},
        {"Expires: " EARLIER "\nCache-Control: max-age=5\n", 200, 0, 5},
        {"X-Accel-Expires: 5\nCache-Control: no-store\n", 200, 0, 5},
        {"X-Accel-Expires: 0\nCache-Control: max-age=5\n", 200, 0, NEVER},
        {"X-Accel-Expires: 0\nCache-Control: max-age=5\n", 200, PROXY_IGNORE_ACCEL_EXPIRES, 5},
        {"X-Accel-Expires: @1000000033\n", 200, 0, 33},
        {"X-Accel-Expires: @999999999\n", 200, 0, NEVER},
        {"X-Accel-Expires: soon\n", 200, 0, 9},
        {"X-Accel-Expires: @soon\n", 200, 0, 9},
        {"Set-Cookie: a=b\n", 200, 0, NEVER},
        {"Set-Cookie: a=b\n", 200, PROXY_IGNORE_SET_COOKIE, 9},
        {"Vary: *\n", 200, 0, NEVER},
        {"Vary: Accept, *\n", 200, 0, NEVER},
        {"Vary: *\n", 200, PROXY_IGNORE_VARY, 9},
        {"Vary: A\nVary: B\n", 200, 0, NEVER},
    };

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct cache_head h = {.status = 0};

        if (keep(rows[i].fields, rows[i].status, rows[i].ignored, &h) != rows[i].seconds)
            fail_msg("row %zu: %s", i, rows[i].fields);
    }
}

static void test_head(void **state)
{
    struct cache_head h = {.status = 0};

    UNUSED(state);
    assert_int_equal(keep("Cache-Control: max-age=60, stale-if-error=3, stale-while-revalidate=4\n"
                          "Age: 9\nVary: Accept\n",
                          200, 0, &h),
                     51);
    assert_int_equal(h.made, NOW);
    assert_int_equal(h.age, 9);
    assert_int_equal(h.stale_error, 3);
    assert_int_equal(h.stale_updating, 4);
    assert_true(slice_eq(h.vary, SLICE("Accept")));
}

static void test_private(void **state)
{
    static const struct {
        const char *fields;
        bool is_kept;
    } rows[] = {
        {"Cache-Control: max-age=60\n", false},
        {"", false},
        {"Cache-Control: max-age=60, public\n", true},
        {"Cache-Control: s-maxage=60\n", true},
        {"X-Accel-Expires: 60\n", true},
    };
    struct cache_valid any = {.seconds = 9};
    struct cache_conf c = {.valid = &any};

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct header_list l = list_of(rows[i].fields);
        struct cache_answer a = {.status = 200, .headers = &l, .is_private = true};
        struct cache_head h;

        assert_int_equal(cache_rules_keep(&c, &a, NOW, &h), rows[i].is_kept);
    }
}

static void variant(const char *fields, unsigned char *out)
{
    struct header_list l = list_of(fields);

    cache_rules_variant(SLICE("accept, X-A"), SLICE("key"), &l, out);
}

static void test_variant(void **state)
{
    static const char *const others[] = {"", "Accept: a\n", "X-A: a\n",
                                         "Accept: a\nX-A: b\nX-A: c\n", "Accept: b\nX-A: a\n"};
    unsigned char first[CACHE_VARIANT], other[CACHE_VARIANT];

    UNUSED(state);
    variant("Accept: a\nX-A: b\nHost: x\n", first);
    variant("X-a: b\naccept: a\n", other);
    assert_memory_equal(first, other, sizeof(first));
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        variant(others[i], other);
        assert_memory_not_equal(first, other, sizeof(first));
    }
}

static int setup(void **state)
{
    UNUSED(state);
    pool_init(&pool, NULL, 0);
    return 0;
}

static void test_far(void **state)
{
    static const struct {
        const char *range; /* NULL: there is none */
        bool is_far_of_100, is_far_of_0;
    } rows[] = {
        {NULL, false, false},
        {"bytes=0-", false, true},
        {"bytes=99-200", false, true},
        {"bytes=100-200", true, true},
        {"Bytes= 5000-", true, true},
        {"bytes=-1", true, true},
        {"bytes=0-1,500-", false, true},
        {"lines=500-", false, false},
        {"bytes", true, true},
    };
    struct cache_conf c = {.max_range_offset = 100}, any = cache_defaults, none = {0};

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct slice range = rows[i].range ? slice_str(rows[i].range) : slice_of(NULL, 0);

        assert_int_equal(cache_rules_is_far(&c, range), rows[i].is_far_of_100);
        assert_int_equal(cache_rules_is_far(&none, range), rows[i].is_far_of_0);
        assert_false(cache_rules_is_far(&any, range));
    }
}

static int teardown(void **state)
{
    UNUSED(state);
    pool_reset(&pool);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keep),    cmocka_unit_test(test_head), cmocka_unit_test(test_private),
        cmocka_unit_test(test_variant), cmocka_unit_test(test_far),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
