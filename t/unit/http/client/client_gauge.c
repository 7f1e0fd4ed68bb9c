/* What requests count, and who holds a gauge. */
#include "http/client/client_gauge.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void test_counts_and_holds(void **state)
{
    struct client_gauge *g = client_gauge_new();
    struct client_times waited = {.gauge = NULL}, begun = {.gauge = NULL};

    UNUSED(state);
    client_gauge_begin(g, &begun);
    client_gauge_wait(g, &waited, 7);
    client_gauge_begin(g, &waited);
    assert_int_equal(g->usage.queue_us.n, 2);
    assert_int_equal(g->usage.queue_length.counts[0], 1);
    assert_int_equal(g->usage.queue_length.counts[7], 1);
    client_gauge_end(&waited);
    assert_int_equal(g->usage.hold_us.n, 1);
    client_gauge_release(&g);
    client_gauge_begin(begun.gauge, &begun); /* sent again: still one hold */
    client_gauge_end(&begun);
    assert_null(begun.gauge);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_and_holds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
