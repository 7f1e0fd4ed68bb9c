/* The turn: order of its parts, queues, releases, when loop_run returns, backends. */
#include "loop/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "loop/io.h"
#include "loop/timer.h"

static char trace[64];
static size_t traced;

static void note(char c)
{
    if (traced < sizeof(trace) - 1)
        trace[traced++] = c;
    trace[traced] = '\0';
}

static int set_up(void **state)
{
    UNUSED(state);
    traced = 0;
    trace[0] = '\0';
    loop_init(LOOP_BEST);
    return 0;
}

static int tear_down(void **state)
{
    UNUSED(state);
    loop_deinit();
    return 0;
}

/* libev must come here with LOOP_POLL: what stands between a program and its network is put in this
 * place. */
static unsigned polls;

int poll(struct pollfd *fds, nfds_t n, int timeout)
{
    struct timespec ts = {timeout / 1000, timeout % 1000 * 1000000L};

    polls++;
    return ppoll(fds, n, timeout < 0 ? NULL : &ts, NULL);
}

static unsigned epolls; /* made */

int epoll_create1(int flags)
{
    epolls++;
    return (int)syscall(SYS_epoll_create1, flags);
}

struct named {
    struct loop_call call;
    char name;
    struct named *then; /* queued from within */
    bool then_at_end;
    struct named *cancels;
};

static void on_named(struct loop_call *call)
{
    struct named *n = CONTAINER_OF(call, struct named, call);

    assert_false(loop_call_is_queued(call));
    note(n->name);
    if (n->then)
        (n->then_at_end ? loop_at_end : loop_next)(&n->then->call);
    if (n->cancels)
        loop_cancel(&n->cancels->call);
}

static void make(struct named *n, char name)
{
    *n = (struct named){.name = name};
    loop_call_init(&n->call, on_named);
}

static void test_order(void **state)
{
    struct named a, b, c, e, f;

    UNUSED(state);
    make(&a, 'a');
    make(&b, 'b');
    make(&c, 'c');
    make(&e, 'E');
    make(&f, 'F');
    loop_at_end(&e.call);
    loop_next(&a.call);
    loop_next(&b.call);
    loop_next(&a.call); /* is queued */
    loop_at_end(&a.call);
    a.then = &c; /* next turn */
    b.then = &f; /* this turn, behind E */
    b.then_at_end = true;
    loop_turn(true);
    assert_string_equal(trace, "abEF");
    assert_true(loop_call_is_queued(&c.call));
    loop_turn(true); /* does not wait: c is queued */
    assert_string_equal(trace, "abEFc");
}

static void test_self_and_cancel(void **state)
{
    struct named a, b, c;

    UNUSED(state);
    make(&a, 'a');
    make(&b, 'b');
    make(&c, 'c');
    a.then = &a;
    a.cancels = &b;
    loop_next(&a.call);
    loop_next(&b.call);
    loop_next(&c.call);
    loop_turn(false);
    assert_string_equal(trace, "ac");
    loop_turn(false);
    assert_string_equal(trace, "aca");
    loop_cancel(&a.call);
    loop_cancel(&a.call);
    a.then = NULL;
    b.then = &b; /* at the end, again and again: once a turn */
    b.then_at_end = true;
    loop_at_end(&b.call);
    loop_turn(false);
    loop_turn(false);
    assert_string_equal(trace, "acabb");
    loop_cancel(&b.call);
    loop_run(); /* nothing is left */
}

static void on_release(void *p)
{
    note('r');
    free(p);
}

static void on_release_more(void *p)
{
    note('m');
    for (int i = 0; i < 100; i++) /* makes the array move */
        loop_free_later(malloc(1), on_release);
    free(p);
}

static void on_releasing(struct loop_call *call)
{
    note('c');
    loop_free_later(CONTAINER_OF(call, struct named, call), on_release_more);
}

static void test_free_later(void **state)
{
    struct named *a = malloc(sizeof(*a));
    struct named e;

    UNUSED(state);
    make(a, 'a');
    make(&e, 'E');
    a->call.fn = on_releasing;
    loop_next(&a->call);
    loop_at_end(&e.call);
    loop_turn(true);
    assert_memory_equal(trace, "cEmrrr", 6);
    loop_free_later(malloc(1), on_release); /* freed by loop_deinit */
}

static void on_stop(struct loop_call *call)
{
    note('s');
    loop_stop();
    UNUSED(call);
}

static void test_stop_ends_the_turn(void **state)
{
    struct named s, b;

    UNUSED(state);
    make(&s, 's');
    make(&b, 'b');
    s.call.fn = on_stop;
    loop_hold();
    loop_next(&s.call);
    loop_next(&b.call);
    loop_run();
    assert_string_equal(trace, "sb");
    loop_stop();
    loop_run(); /* stopped beforehand */
    loop_release();
}

static void on_timer(struct timer *t)
{
    UNUSED(t);
    note('t');
}

static void on_timer_release(struct timer *t)
{
    UNUSED(t);
    note('h');
    loop_release();
}

static void test_what_keeps_it_running(void **state)
{
    struct timer t, background, h;

    UNUSED(state);
    timer_init(&background, on_timer);
    timer_set_background(&background);
    timer_start(&background, 3600000);
    loop_run(); /* returns at once */
    timer_init(&t, on_timer);
    timer_start(&t, 20);
    loop_run();
    assert_string_equal(trace, "t");
    timer_init(&h, on_timer_release);
    timer_set_background(&h);
    timer_start(&h, 10);
    loop_hold();
    loop_run(); /* background timers fire all the same */
    assert_string_equal(trace, "th");
    timer_start(&background, 1);
    loop_run();
    assert_string_equal(trace, "th");
    assert_int_equal(timer_count(), 1);
    timer_stop(&background);
}

static void test_timers_are_not_early(void **state)
{
    static const uint64_t delays[] = {1, 2, 7, 30, 64, 90};

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(delays); i++) {
        struct timer t, never;
        uint64_t since = clock_ms(), us = since * 1000;

        timer_init(&never, on_timer);
        timer_start(&never, delays[i] / 2); /* sets a wake-up, which then is too early */
        timer_init(&t, on_timer);
        timer_start(&t, delays[i]);
        loop_turn(false);
        if (!timer_is_active(&never))
            traced = 0; /* a slow machine */
        timer_stop(&never);
        while (timer_is_active(&t))
            loop_turn(true);
        assert_true(clock_ms() >= since + delays[i]);
        assert_true(clock_us_now() >= us + delays[i] * 1000);
        assert_true(clock_ms() < since + delays[i] + 30000); /* and comes at all */
    }
}

/* The wait is as long as the wheel allows. */
static void test_few_turns(void **state)
{
    struct timer t;
    unsigned turns = 0;

    UNUSED(state);
    timer_init(&t, on_timer);
    for (timer_start(&t, 100); timer_is_active(&t); turns++)
        loop_turn(true);
    assert_true(turns <= 5); /* the digits of the deadline, and once too early by rounding */
}

struct ends {
    int fds[2];
    struct io io;
    struct timer *stops;
    struct named call;
};

static void on_readable_queues(struct io *io, int events)
{
    struct ends *e = CONTAINER_OF(io, struct ends, io);

    UNUSED(events);
    note('i');
    loop_next(&e->call.call);
    io_watch(io, 0);
}

static void test_timers_before_calls(void **state)
{
    struct ends e;
    struct timer t;

    UNUSED(state);
    assert_int_equal(pipe(e.fds), 0);
    close(e.fds[1]);
    timer_init(&t, on_timer);
    timer_start(&t, 2);
    make(&e.call, 'n');
    io_init(&e.io, e.fds[0], on_readable_queues);
    usleep(5000);
    io_watch(&e.io, IO_READ);
    loop_turn(true);
    assert_string_equal(trace, "itn");
    close(e.fds[0]);
}

struct input {
    struct io io;
    struct named after, next, end, last;
};

static void on_readable_marks(struct io *io, int events)
{
    struct input *i = CONTAINER_OF(io, struct input, io);

    UNUSED(events);
    note('i');
    io_watch(io, 0);
    loop_last(&i->last.call);
    loop_at_end(&i->end.call);
    loop_next(&i->next.call);
    loop_after_events(&i->after.call);
    loop_after_events(&i->after.call);
}

/* What callbacks of events, and of the turn's end, have put together is done right behind them. */
static void test_stages(void **state)
{
    struct input i;
    struct timer t;
    int fds[2];

    UNUSED(state);
    assert_int_equal(pipe(fds), 0);
    make(&i.after, 'a');
    make(&i.next, 'n');
    make(&i.end, 'e');
    make(&i.last, 'l');
    io_init(&i.io, fds[0], on_readable_marks);
    io_watch(&i.io, IO_READ);
    timer_init(&t, on_timer);
    timer_start(&t, 1);
    assert_int_equal(write(fds[1], "x", 1), 1);
    (void)usleep(3000);
    i.last.then = &i.last; /* in the next turn, which does not wait */
    loop_turn(true);
    assert_string_equal(trace, "iatnel");
    i.last.then = NULL;
    loop_turn(true);
    assert_string_equal(trace, "iatnell");
    close(fds[0]);
    close(fds[1]);
}

static void on_readable_stops(struct io *io, int events)
{
    struct ends *e = CONTAINER_OF(io, struct ends, io);

    assert_int_equal(events, IO_READ);
    note('i');
    timer_stop(e->stops);
    timer_start(e->stops, 0); /* not in this turn any more */
    io_watch(io, 0);
}

/* Input that is there with the timer goes first, and can call the timer off. */
static void test_input_before_timers(void **state)
{
    struct ends e;
    struct timer t;

    UNUSED(state);
    assert_int_equal(pipe(e.fds), 0);
    assert_int_equal(write(e.fds[1], "x", 1), 1);
    timer_init(&t, on_timer);
    timer_start(&t, 2);
    e.stops = &t;
    io_init(&e.io, e.fds[0], on_readable_stops);
    usleep(5000);
    io_watch(&e.io, IO_READ);
    loop_turn(true);
    assert_string_equal(trace, "i");
    assert_true(timer_is_active(&t));
    loop_turn(true);
    assert_string_equal(trace, "it");
    close(e.fds[0]);
    close(e.fds[1]);
}

static void on_readable(struct io *io, int events)
{
    char c;

    assert_int_equal(events, IO_READ);
    assert_int_equal(read(io_fd(io), &c, 1), 1);
    note(c);
    io_watch(io, 0);
}

static void try_backend(enum loop_backend backend)
{
    struct ends e;
    struct timer t;

    loop_init(backend);
    assert_int_equal(pipe(e.fds), 0);
    assert_int_equal(write(e.fds[1], "x", 1), 1);
    io_init(&e.io, e.fds[0], on_readable);
    io_watch(&e.io, IO_READ);
    timer_init(&t, on_timer);
    timer_start(&t, 5);
    loop_run();
    close(e.fds[0]);
    close(e.fds[1]);
    loop_deinit();
}

static void test_backends(void **state)
{
    static const enum loop_backend backends[] = {LOOP_BEST, LOOP_EPOLL, LOOP_POLL, LOOP_SELECT};

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(backends); i++) {
        traced = 0;
        polls = 0;
        try_backend(backends[i]);
        assert_string_equal(trace, "xt");
        assert_int_equal(polls > 0, backends[i] == LOOP_POLL);
    }
}

static void note_wait(void)
{
    note('w');
}

/* Called before each look for events, and no more once it was taken back. */
static void test_before_wait(void **state)
{
    UNUSED(state);
    loop_before_wait(note_wait);
    loop_turn(false);
    loop_turn(false);
    assert_string_equal(trace, "ww");
    loop_before_wait(NULL);
    loop_turn(false);
    assert_string_equal(trace, "ww");
}

/* The child's watchers see its own descriptors, and what it stops does not stop in the parent. */
static void test_fork(void **state)
{
    struct ends e;
    int status;
    pid_t pid;

    UNUSED(state);
    assert_int_equal(pipe(e.fds), 0);
    io_init(&e.io, e.fds[0], on_readable);
    io_watch(&e.io, IO_READ);
    loop_turn(false);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        loop_after_fork();
        if (write(e.fds[1], "c", 1) != 1)
            _exit(2);
        epolls = 0;
        loop_run();
        _exit(traced == 1 && trace[0] == 'c' && epolls == 1 ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    loop_turn(false);
    assert_int_equal(write(e.fds[1], "p", 1), 1);
    loop_run();
    assert_string_equal(trace, "p");
    close(e.fds[0]);
    close(e.fds[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_self_and_cancel, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_free_later, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_stop_ends_the_turn, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_keeps_it_running, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_timers_are_not_early, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_few_turns, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_input_before_timers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_timers_before_calls, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_stages, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_before_wait, set_up, tear_down),
        cmocka_unit_test(test_backends),
        cmocka_unit_test_setup_teardown(test_fork, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
