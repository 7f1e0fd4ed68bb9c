/* Both ends of a pipe as streams: bytes, waiting, ends of every kind. */
#include "net/pipe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <unistd.h>

#include "loop/io.h"
#include "loop/loop.h"
#include "loop/signal.h"

static struct stream *in, *out;
static int events_in, events_out;

static void on_in(struct stream *s, int events)
{
    events_in |= events;
    stream_watch(s, 0);
}

static void on_out(struct stream *s, int events)
{
    events_out |= events;
    stream_watch(s, 0);
}

static int set_up(void **state)
{
    int fds[2];

    UNUSED(state);
    loop_init(LOOP_BEST);
    signal_ignore_pipe();
    assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
    in = pipe_adopt(fds[0]);
    out = pipe_adopt(fds[1]);
    in->on_ready = on_in;
    out->on_ready = on_out;
    events_in = events_out = 0;
    return 0;
}

static int tear_down(void **state)
{
    UNUSED(state);
    stream_close(&in, false);
    stream_close(&out, false);
    loop_run();
    loop_deinit();
    return 0;
}

static ssize_t put(const char *text, size_t n)
{
    struct iovec v = {(void *)(uintptr_t)text, n};

    return stream_writev(out, &v, 1);
}

static void test_bytes(void **state)
{
    char got[16];

    UNUSED(state);
    assert_int_equal(stream_read(in, got, sizeof(got)), STREAM_AGAIN);
    stream_watch(in, IO_READ);
    assert_int_equal(put("hello", 5), 5);
    loop_run(); /* until nothing is watched */
    assert_int_equal(events_in, IO_READ);
    assert_int_equal(stream_read(in, got, sizeof(got)), 5);
    assert_memory_equal(got, "hello", 5);
    assert_false(stream_can_sendfile(out));
    assert_true(stream_fd(in) >= 0 && stream_fd(out) >= 0);
}

static void test_full(void **state)
{
    static char page[4096];
    ssize_t n;

    UNUSED(state);
    while ((n = put(page, sizeof(page))) > 0)
        continue;
    assert_int_equal(n, STREAM_AGAIN);
    stream_watch(out, IO_WRITE);
    loop_turn(false);
    assert_int_equal(events_out, 0);
    assert_int_equal(stream_read(in, page, sizeof(page)), sizeof(page));
    loop_run();
    assert_int_equal(events_out, IO_WRITE);
    assert_true(put(page, sizeof(page)) > 0);
}

static void test_shutdown(void **state)
{
    char got[16];

    UNUSED(state);
    stream_watch(in, IO_READ);
    assert_int_equal(put("end", 3), 3);
    stream_shutdown(out);
    stream_shutdown(out); /* harmless */
    stream_watch(out, IO_WRITE);
    assert_int_equal(stream_fd(out), -1);
    assert_int_equal(put("x", 1), STREAM_FAILED);
    assert_ptr_equal(out->err, &err_closed);
    loop_run();
    assert_int_equal(stream_read(in, got, sizeof(got)), 3);
    assert_int_equal(stream_read(in, got, sizeof(got)), 0);
    assert_int_equal(stream_read(in, got, sizeof(got)), 0);
}

/* Nobody reads: the writer hears of it as soon as it watches. */
static void test_reader_gone(void **state)
{
    UNUSED(state);
    stream_close(&in, false);
    stream_watch(out, IO_WRITE);
    loop_run();
    assert_int_equal(events_out, IO_WRITE);
    assert_int_equal(put("x", 1), STREAM_FAILED);
    assert_ptr_equal(out->err, &err_closed);
    assert_int_equal(put("x", 1), STREAM_FAILED); /* sticky */
}

static void test_wrong_way(void **state)
{
    struct iovec v = {(void *)(uintptr_t) "x", 1};
    char got[1];

    UNUSED(state);
    assert_int_equal(stream_read(out, got, 1), STREAM_FAILED);
    assert_ptr_equal(out->err, &err_invalid);
    assert_int_equal(stream_writev(in, &v, 1), STREAM_FAILED);
    assert_ptr_equal(in->err, &err_invalid);
    assert_int_equal(stream_read(in, got, 1), STREAM_FAILED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_full, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_shutdown, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_reader_gone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_wrong_way, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
