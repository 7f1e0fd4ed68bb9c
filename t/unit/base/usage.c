/* Histograms, utilisation, and what follows from it. */
#include "base/usage.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* Each value lies in its bucket, and the bucket's largest is at most an eighth above it. */
static void test_buckets(void **state)
{
    UNUSED(state);
    for (uint64_t v = 0; v < (uint64_t)1 << 40; v = v < 4096 ? v + 1 : v + v / 37) {
        double most = most_of(bucket_of(v));

        assert_true(most >= (double)v);
        assert_true(most <= (double)v * 9 / 8);
        assert_true(v == 0 || most_of(bucket_of(v - 1)) <= most);
    }
    assert_int_equal(bucket_of(UINT64_MAX), USAGE_BUCKETS - 1);
}

static void test_quantiles(void **state)
{
    struct usage_histogram h = {.n = 0};

    UNUSED(state);
    assert_true(usage_quantile(&h, 0.99) == 0);
    for (uint64_t v = 1; v <= 1000; v++)
        usage_add(&h, v);
    for (int i = 1; i < 10; i++) {
        double got = usage_quantile(&h, i / 10.0);

        assert_true(got >= i * 100 && got <= i * 100 * 9 / 8.0);
    }
    assert_true(usage_quantile(&h, 1) >= 1000);
}

static void test_utilisation(void **state)
{
    struct usage u = {.at_us = 1000};

    UNUSED(state);
    assert_true(usage_share(&u) == 0);
    assert_int_equal(usage_wanted(&u, 0, 0.9), 0);
    usage_pass(&u, 2000, 0, 0);
    usage_pass(&u, 3000, 1, 2);
    usage_pass(&u, 4000, 2, 2);
    assert_true(usage_share(&u) == 0.75);
    assert_int_equal(usage_wanted(&u, 10, 0.75), 10);
    assert_int_equal(usage_wanted(&u, 10, 1e-300), 10);
    assert_int_equal(usage_wanted(&u, 10, 1), 8);
    usage_add(&u.queue_us, 3);
    usage_reset(&u, 5000);
    assert_true(usage_share(&u) == 0);
    assert_int_equal(usage_wanted(&u, 10, 0.5), 0);
    assert_true(u.queue_us.n == 0);
    assert_int_equal(u.at_us, 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buckets),
        cmocka_unit_test(test_quantiles),
        cmocka_unit_test(test_utilisation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
