/* The layer's shared state follows the loop's life and counts what is watched. */
#include "loop/loop_ev.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <unistd.h>

#include "loop/child.h"
#include "loop/io.h"
#include "loop/loop.h"
#include "loop/signal.h"
#include "loop/timer.h"

static void on_io(struct io *io, int events)
{
    UNUSED(io);
    UNUSED(events);
}

static void on_timer(struct timer *t)
{
    UNUSED(t);
}

static void on_signal(int signum, void *arg)
{
    UNUSED(signum);
    UNUSED(arg);
}

static void on_child(struct child *c, int status)
{
    UNUSED(c);
    UNUSED(status);
}

static void test_count(void **state)
{
    struct timer t, background;
    struct child c;
    struct io io;

    UNUSED(state);
    loop_init(LOOP_BEST);
    io_init(&io, 0, on_io);
    timer_init(&t, on_timer);
    timer_init(&background, on_timer);
    timer_set_background(&background);
    assert_int_equal(loop_ev_active, 0);
    for (int i = 0; i < 2; i++) { /* again changes nothing */
        io_watch(&io, i ? IO_READ : IO_WRITE);
        timer_start(&t, 1000);
        timer_start(&background, 1000);
        signal_watch(SIGUSR1, on_signal, NULL);
        assert_int_equal(loop_ev_active, 2);
    }
    loop_hold();
    assert_int_equal(loop_ev_active, 3);
    child_watch(&c, getpid(), on_child);
    assert_int_equal(loop_ev_active, 4);
    assert_non_null(loop_ev_forget_children);
    loop_ev_forget_children();
    assert_int_equal(loop_ev_active, 3);
    for (int i = 0; i < 2; i++) {
        io_watch(&io, 0);
        timer_stop(&t);
        timer_stop(&background);
        child_unwatch(&c);
        assert_int_equal(loop_ev_active, 1);
    }
    loop_release();
    assert_int_equal(loop_ev_active, 0);
    loop_deinit();
}

static void test_life(void **state)
{
    UNUSED(state);
    for (int i = 0; i < 3; i++) {
        assert_null(loop_ev);
        loop_init(LOOP_BEST);
        assert_non_null(loop_ev);
        loop_run();
        loop_deinit();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_count),
        cmocka_unit_test(test_life),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
