/* The clocks and their dates. The cached wall clock is set by hand, so that the texts are known. */
#include "base/clock.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static void assert_text(struct slice got, const char *want)
{
    assert_int_equal(got.n, strlen(want));
    assert_memory_equal(got.p, want, got.n);
}

static void use_zone(const char *tz)
{
    setenv("TZ", tz, 1);
    tzset();
    dates.second = INT64_MIN;
}

static void test_ready_before_main(void **state)
{
    UNUSED(state);
    assert_true(clock_ms() > 0);
    assert_true(clock_wall_ms() > INT64_C(1600000000000));
}

static void test_update_reads_both(void **state)
{
    uint64_t ms = clock_ms(), us = clock_us_now();
    int64_t wall = clock_wall_ms();

    UNUSED(state);
    while (clock_us_now() - us < 5000)
        continue;
    assert_int_equal(clock_ms(), ms);
    assert_int_equal(clock_wall_ms(), wall);
    clock_update();
    assert_true(clock_ms() >= ms + 4 && clock_ms() <= clock_us_now() / 1000);
    assert_true(clock_wall_ms() > wall);
}

/* How far the wall clock has come while the other has. */
static void assert_together(int64_t wall, uint64_t ms)
{
    assert_int_equal(clock_wall_ms() - wall, clock_ms() - ms);
}

static void test_tick_together(void **state)
{
    uint64_t ms = clock_ms(), us = clock_us_now();
    int64_t wall = clock_wall_ms();

    UNUSED(state);
    while (clock_us_now() - us < 20000) {
        clock_update();
        assert_together(wall, ms);
    }
    assert_true(clock_ms() > ms);
}

static int64_t real_ms(void)
{
    return read_us(CLOCK_REALTIME) / 1000;
}

/* The system's clock was set: the cache follows when the distance is measured again, not before. */
static void test_clock_was_set(void **state)
{
    static const int64_t steps[] = {-3600000, -5, 5, 3600000};

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        int64_t before;

        distance += steps[i];
        measure_at = UINT64_MAX;
        clock_update();
        assert_true(llabs(clock_wall_ms() - real_ms()) >= 2);
        measure_at = 0;
        before = real_ms();
        clock_update();
        assert_true(clock_wall_ms() >= before - 4 && clock_wall_ms() <= real_ms());
        assert_int_equal(measure_at, clock_ms() + DISTANCE_LASTS);
    }
}

/* What is right to the millisecond is not moved. */
static void test_distance_stays(void **state)
{
    int64_t right = distance;

    UNUSED(state);
    for (int i = 0; i < 1000; i++) {
        measure_at = 0;
        clock_update();
        assert_int_equal(distance, right);
    }
}

static void test_dates(void **state)
{
    static const struct {
        const char *tz;
        int64_t ms;
        const char *http, *log, *access, *iso8601, *syslog;
    } rows[] = {
        {"UTC0", INT64_C(784111777000), "Sun, 06 Nov 1994 08:49:37 GMT", "1994/11/06 08:49:37",
         "06/Nov/1994:08:49:37 +0000", "1994-11-06T08:49:37+00:00", "Nov  6 08:49:37"},
        {"XXX-5:30", INT64_C(784111777999), "Sun, 06 Nov 1994 08:49:37 GMT", "1994/11/06 14:19:37",
         "06/Nov/1994:14:19:37 +0530", "1994-11-06T14:19:37+05:30", "Nov  6 14:19:37"},
        {"XXX9:30", INT64_C(951782400000), "Tue, 29 Feb 2000 00:00:00 GMT", "2000/02/28 14:30:00",
         "28/Feb/2000:14:30:00 -0930", "2000-02-28T14:30:00-09:30", "Feb 28 14:30:00"},
        {"UTC0", INT64_C(253402300799000), "Fri, 31 Dec 9999 23:59:59 GMT", "9999/12/31 23:59:59",
         "31/Dec/9999:23:59:59 +0000", "9999-12-31T23:59:59+00:00", "Dec 31 23:59:59"},
    };

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        use_zone(rows[i].tz);
        wall_ms = rows[i].ms;
        assert_text(clock_http_date(), rows[i].http);
        assert_text(clock_log_date(), rows[i].log);
        assert_text(clock_access_date(), rows[i].access);
        assert_text(clock_iso8601(), rows[i].iso8601);
        assert_text(clock_syslog_date(), rows[i].syslog);
    }
    clock_update();
}

static void test_formatted_once_a_second(void **state)
{
    UNUSED(state);
    use_zone("UTC0");
    wall_ms = 1000;
    assert_text(clock_log_date(), "1970/01/01 00:00:01");
    dates.log.text[0] = 'x';
    wall_ms = 1999;
    assert_text(clock_log_date(), "x970/01/01 00:00:01");
    wall_ms = 2000;
    assert_text(clock_log_date(), "1970/01/01 00:00:02");
    /* A clock that is set back counts as well. */
    wall_ms = 1000;
    assert_text(clock_log_date(), "1970/01/01 00:00:01");
    clock_update();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ready_before_main),       cmocka_unit_test(test_update_reads_both),
        cmocka_unit_test(test_tick_together),           cmocka_unit_test(test_clock_was_set),
        cmocka_unit_test(test_distance_stays),          cmocka_unit_test(test_dates),
        cmocka_unit_test(test_formatted_once_a_second),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
