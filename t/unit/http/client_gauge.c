/* Histograms and utilisation. */
#include "http/client_gauge.c"

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
    assert_int_equal(bucket_of(UINT64_MAX), CLIENT_GAUGE_BUCKETS - 1);
}

static void test_quantiles(void **state)
{
    struct client_gauge *g = client_gauge_new();

    UNUSED(state);
    assert_true(client_gauge_quantile(&g->request_us, 0.99) == 0);
    for (uint64_t v = 1; v <= 1000; v++)
        client_gauge_add(&g->request_us, v);
    for (int i = 1; i < 10; i++) {
        double got = client_gauge_quantile(&g->request_us, i / 10.0);

        assert_true(got >= i * 100 && got <= i * 100 * 9 / 8.0);
    }
    assert_true(client_gauge_quantile(&g->request_us, 1) >= 1000);
    client_gauge_release(&g);
    assert_null(g);
}

static void test_utilisation_and_holds(void **state)
{
    struct client_gauge *g = client_gauge_new();
    struct client_times waited = {.gauge = NULL}, begun = {.gauge = NULL};

    UNUSED(state);
    assert_true(client_gauge_utilisation(g) == 0);
    client_gauge_reset(g, 1000);
    client_gauge_pass(g, 2000, 0, 0);
    client_gauge_pass(g, 3000, 1, 2);
    client_gauge_pass(g, 4000, 2, 2);
    assert_true(client_gauge_utilisation(g) == 0.75);
    client_gauge_begin(g, &begun);
    client_gauge_wait(g, &waited, 7);
    client_gauge_begin(g, &waited);
    assert_int_equal(g->queue_us.n, 2);
    assert_int_equal(g->queue_length.counts[0], 1);
    assert_int_equal(g->queue_length.counts[7], 1);
    client_gauge_end(&waited);
    assert_int_equal(g->request_us.n, 1);
    client_gauge_reset(g, 4000);
    assert_true(client_gauge_utilisation(g) == 0);
    assert_true(g->queue_us.n == 0);
    client_gauge_release(&g);
    client_gauge_begin(begun.gauge, &begun); /* sent again: still one hold */
    client_gauge_end(&begun);
    assert_null(begun.gauge);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buckets),
        cmocka_unit_test(test_quantiles),
        cmocka_unit_test(test_utilisation_and_holds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
