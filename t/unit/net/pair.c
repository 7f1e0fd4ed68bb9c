/* The in-memory pair behaves as a socket does. */
#include "net/pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/slice.h"
#include "loop/io.h"
#include "loop/loop.h"

static struct stream *ends[2];
static int events_of[2];
static unsigned calls_of[2];

static void on_ready(struct stream *s, int events)
{
    int i = s == ends[0] ? 0 : 1;

    events_of[i] |= events;
    calls_of[i]++;
}

static void open_pair(size_t capacity)
{
    pair_new(ends, capacity);
    ends[0]->on_ready = ends[1]->on_ready = on_ready;
    events_of[0] = events_of[1] = 0;
    calls_of[0] = calls_of[1] = 0;
}

static int turn(int i)
{
    events_of[i] = 0;
    loop_turn(false);
    return events_of[i];
}

static int set_up(void **state)
{
    UNUSED(state);
    loop_init(LOOP_BEST);
    return 0;
}

static int tear_down(void **state)
{
    UNUSED(state);
    stream_close(&ends[0], false);
    stream_close(&ends[1], false);
    stream_close(&ends[1], false); /* NULL by now */
    loop_run();
    loop_deinit();
    return 0;
}

static ssize_t put(int i, const char *text)
{
    struct iovec v = {(void *)(uintptr_t)text, strlen(text)};

    return stream_writev(ends[i], &v, 1);
}

static void assert_reads(int i, const char *want)
{
    char got[64] = "";
    ssize_t n = stream_read(ends[i], got, sizeof(got) - 1);

    assert_int_equal(n, (ssize_t)strlen(want));
    assert_string_equal(got, want);
}

static void test_capacity(void **state)
{
    struct iovec v[3] = {{"ab", 2}, {"cd", 2}, {"ef", 2}};
    char c;

    UNUSED(state);
    open_pair(5);
    assert_int_equal(stream_fd(ends[0]), -1);
    assert_false(stream_can_sendfile(ends[0]));
    assert_int_equal(stream_read(ends[1], &c, 1), STREAM_AGAIN);
    assert_int_equal(stream_writev(ends[0], v, 3), 5);
    assert_int_equal(put(0, "x"), STREAM_AGAIN);
    assert_int_equal(put(1, "other way"), 5);
    assert_reads(1, "abcde");
    assert_reads(0, "other");
    assert_int_equal(stream_writev_more(ends[0], v, 1), 2);
    pair_set_capacity(ends[0], 1);
    assert_int_equal(put(0, "x"), STREAM_AGAIN);
    assert_reads(1, "ab");
    assert_int_equal(put(0, "xyz"), 1);
}

static void test_readiness(void **state)
{
    UNUSED(state);
    open_pair(2);
    stream_watch(ends[0], IO_READ);
    assert_int_equal(turn(0), 0);
    put(1, "abc");
    assert_int_equal(events_of[0], 0); /* not from inside */
    assert_int_equal(turn(0), IO_READ);
    assert_int_equal(turn(0), IO_READ); /* level-triggered */
    stream_watch(ends[1], IO_WRITE);
    assert_int_equal(turn(1), 0);
    assert_reads(0, "ab");
    assert_int_equal(turn(1), IO_WRITE);
    assert_int_equal(turn(0), 0);
    stream_watch(ends[1], 0);
    assert_int_equal(turn(1), 0);
    stream_watch(ends[0], IO_READ | IO_WRITE);
    assert_int_equal(turn(0), IO_WRITE);
    put(1, "x");
    assert_int_equal(turn(0), IO_READ | IO_WRITE);
    stream_watch(ends[0], 0);
    loop_run(); /* nothing keeps it */
}

static void test_half_close(void **state)
{
    char c;

    UNUSED(state);
    open_pair(10);
    stream_watch(ends[1], IO_READ);
    put(0, "last");
    stream_shutdown(ends[0]);
    assert_int_equal(put(0, "x"), STREAM_FAILED);
    assert_ptr_equal(ends[0]->err, &err_closed);
    assert_reads(1, "last");
    assert_int_equal(turn(1), IO_READ);
    assert_int_equal(stream_read(ends[1], &c, 1), 0);
    assert_int_equal(stream_read(ends[1], &c, 1), 0);
    assert_int_equal(put(1, "still"), 5);
    stream_watch(ends[1], 0);
}

static void test_close(void **state)
{
    char c;

    UNUSED(state);
    open_pair(10);
    put(0, "last");
    stream_close(&ends[0], false);
    assert_null(ends[0]);
    assert_reads(1, "last");
    assert_int_equal(stream_read(ends[1], &c, 1), 0);
    assert_int_equal(put(1, "x"), STREAM_FAILED);
    assert_ptr_equal(ends[1]->err, &err_closed);
    assert_int_equal(stream_read(ends[1], &c, 1), STREAM_FAILED); /* sticky */
}

static void test_reset(void **state)
{
    char c;

    UNUSED(state);
    open_pair(10);
    stream_watch(ends[1], IO_READ | IO_WRITE);
    put(0, "lost");
    stream_close(&ends[0], true);
    assert_int_equal(turn(1), IO_READ | IO_WRITE);
    assert_int_equal(stream_read(ends[1], &c, 1), STREAM_FAILED);
    assert_ptr_equal(ends[1]->err, &err_reset);
    assert_int_equal(put(1, "x"), STREAM_FAILED);
}

static void test_fail(void **state)
{
    char c;

    UNUSED(state);
    open_pair(10);
    stream_watch(ends[0], IO_READ);
    pair_fail(ends[0], &err_timeout);
    assert_int_equal(turn(0), IO_READ);
    assert_int_equal(stream_read(ends[0], &c, 1), STREAM_FAILED);
    assert_int_equal(put(0, "x"), STREAM_FAILED);
    assert_ptr_equal(ends[0]->err, &err_timeout);
    assert_int_equal(put(1, "x"), 1); /* the other has not heard of it */
}

static void on_ready_close(struct stream *s, int events)
{
    UNUSED(s);
    UNUSED(events);
    stream_close(&ends[0], false);
    stream_close(&ends[1], false);
}

static void test_close_in_callback(void **state)
{
    UNUSED(state);
    open_pair(10);
    ends[0]->on_ready = ends[1]->on_ready = on_ready_close;
    stream_watch(ends[0], IO_WRITE);
    stream_watch(ends[1], IO_WRITE);
    loop_run();
    assert_null(ends[0]);
    assert_null(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_capacity, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_readiness, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_half_close, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_close, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_reset, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_fail, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_close_in_callback, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
