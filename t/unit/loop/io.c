/* Descriptors: events, system calls saved, changes and frees from within callbacks, descriptors
 * that the kernel refuses. */
#include "loop/io.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "loop/loop.h"
#include "loop/loop_ev.h"

static unsigned controls; /* calls of epoll_ctl */
static int fail_with;     /* errno of the next ones */

int epoll_ctl(int ep, int op, int fd, struct epoll_event *event)
{
    controls++;
    if (fail_with) {
        errno = fail_with;
        return -1;
    }
    return (int)syscall(SYS_epoll_ctl, ep, op, fd, event);
}

struct end {
    struct io io;
    int peer;
    int events; /* of the last call */
    unsigned calls;
};

static void on_ready(struct io *io, int events)
{
    struct end *e = CONTAINER_OF(io, struct end, io);

    e->events = events;
    e->calls++;
}

static void open_end(struct end *e)
{
    int fds[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    *e = (struct end){.peer = fds[1]};
    io_init(&e->io, fds[0], on_ready);
    assert_int_equal(io_fd(&e->io), fds[0]);
    assert_int_equal(io_events(&e->io), 0);
}

static void close_end(struct end *e)
{
    io_watch(&e->io, 0);
    close(io_fd(&e->io));
    close(e->peer);
}

static int turn(struct end *e)
{
    e->events = 0;
    loop_turn(false);
    return e->events;
}

static int set_up(void **state)
{
    UNUSED(state);
    fail_with = 0;
    loop_init(LOOP_EPOLL);
    return 0;
}

static int tear_down(void **state)
{
    UNUSED(state);
    assert_int_equal(loop_ev_active, 0);
    loop_deinit();
    return 0;
}

static void test_events(void **state)
{
    struct end e;
    char c;

    UNUSED(state);
    open_end(&e);
    io_watch(&e.io, IO_READ);
    assert_int_equal(turn(&e), 0);
    io_watch(&e.io, IO_READ | IO_WRITE);
    assert_int_equal(turn(&e), IO_WRITE);
    assert_int_equal(turn(&e), IO_WRITE); /* level-triggered */
    assert_int_equal(write(e.peer, "x", 1), 1);
    assert_int_equal(turn(&e), IO_READ | IO_WRITE);
    io_watch(&e.io, IO_READ);
    assert_int_equal(turn(&e), IO_READ);
    assert_int_equal(read(io_fd(&e.io), &c, 1), 1);
    assert_int_equal(turn(&e), 0);
    close(e.peer);
    assert_int_equal(turn(&e), IO_READ);
    io_watch(&e.io, IO_WRITE); /* a hang-up shows as what was asked for */
    assert_int_equal(turn(&e), IO_WRITE);
    io_watch(&e.io, 0);
    assert_int_equal(io_events(&e.io), 0);
    assert_int_equal(turn(&e), 0);
    close(io_fd(&e.io));
}

static void test_background(void **state)
{
    struct end e;

    UNUSED(state);
    open_end(&e);
    io_watch(&e.io, IO_READ | IO_BACKGROUND);
    assert_int_equal(loop_ev_active, 0);
    assert_int_equal(io_events(&e.io), IO_READ | IO_BACKGROUND);
    loop_run(); /* returns */
    assert_int_equal(write(e.peer, "x", 1), 1);
    assert_int_equal(turn(&e), IO_READ);
    io_watch(&e.io, IO_READ);
    assert_int_equal(loop_ev_active, 1);
    assert_int_equal(turn(&e), IO_READ);
    io_watch(&e.io, IO_WRITE | IO_BACKGROUND);
    assert_int_equal(loop_ev_active, 0);
    assert_int_equal(turn(&e), IO_WRITE);
    close_end(&e);
}

static void test_calls_saved(void **state)
{
    struct end e;

    UNUSED(state);
    open_end(&e);
    controls = 0;
    io_watch(&e.io, IO_READ);
    loop_turn(false);
    assert_int_equal(controls, 1);
    for (int i = 0; i < 10; i++) {
        io_watch(&e.io, IO_READ);
        loop_turn(false);
    }
    assert_int_equal(controls, 1);
    io_watch(&e.io, 0); /* off and on in one turn */
    io_watch(&e.io, IO_READ | IO_WRITE);
    io_watch(&e.io, IO_READ);
    loop_turn(false);
    assert_int_equal(controls, 1);
    io_watch(&e.io, IO_WRITE);
    assert_int_equal(turn(&e), IO_WRITE);
    assert_int_equal(controls, 2);
    close_end(&e);
    loop_turn(false);
    assert_int_equal(controls, 2); /* closing takes it out of epoll */
}

static void test_number_reused(void **state)
{
    struct end a, b;
    int number;

    UNUSED(state);
    open_end(&a);
    io_watch(&a.io, IO_READ);
    loop_turn(false);
    number = io_fd(&a.io);
    close_end(&a);
    open_end(&b);
    assert_int_equal(io_fd(&b.io), number);
    io_watch(&b.io, IO_READ); /* in the same turn, with the same events */
    assert_int_equal(turn(&b), 0);
    assert_int_equal(write(b.peer, "x", 1), 1);
    assert_int_equal(turn(&b), IO_READ);
    close_end(&b);
}

static struct end *slots[2];

static void on_free_other(struct io *io, int events)
{
    int other = CONTAINER_OF(io, struct end, io) == slots[0] ? 1 : 0;

    UNUSED(events);
    assert_non_null(slots[other]);
    close_end(slots[other]);
    free(slots[other]);
    slots[other] = NULL;
}

/* Whichever of two is called first stops and frees the other, whose event is already there. */
static void test_free_of_pending(void **state)
{
    struct end *left;

    UNUSED(state);
    for (int i = 0; i < 2; i++) {
        slots[i] = malloc(sizeof(*slots[i]));
        open_end(slots[i]);
        slots[i]->io.fn = on_free_other;
        assert_int_equal(write(slots[i]->peer, "x", 1), 1);
        io_watch(&slots[i]->io, IO_READ);
    }
    loop_turn(true);
    assert_int_equal(loop_ev_active, 1);
    left = slots[0] ? slots[0] : slots[1];
    close_end(left);
    free(left);
}

static void on_self(struct io *io, int events)
{
    struct end *e = CONTAINER_OF(io, struct end, io);

    UNUSED(events);
    close_end(e);
    free(e);
}

static void test_free_of_itself(void **state)
{
    UNUSED(state);
    for (int i = 0; i < 3; i++) {
        struct end *e = malloc(sizeof(*e));

        open_end(e);
        e->io.fn = on_self;
        io_watch(&e->io, IO_READ | IO_WRITE);
    }
    loop_run();
}

static void test_refused(void **state)
{
    struct end e;

    UNUSED(state);
    open_end(&e);
    io_watch(&e.io, IO_READ);
    fail_with = ENOSPC;
    assert_int_equal(turn(&e), IO_READ); /* told, so that its owner does something about it */
    assert_int_equal(io_events(&e.io), 0);
    assert_int_equal(loop_ev_active, 0);
    fail_with = 0;
    io_watch(&e.io, IO_READ); /* and may try again */
    assert_int_equal(turn(&e), 0);
    assert_int_equal(write(e.peer, "x", 1), 1);
    assert_int_equal(turn(&e), IO_READ);
    close_end(&e);
}

static void on_nothing(struct ev_loop *ev)
{
    UNUSED(ev);
}

/* The owner watches for something else between the refusal and the word of it. */
static void test_refused_and_changed(void **state)
{
    struct end e;

    UNUSED(state);
    open_end(&e);
    io_watch(&e.io, IO_READ);
    fail_with = ENOSPC;
    ev_set_invoke_pending_cb(loop_ev, on_nothing); /* the refusal is noted, not told */
    loop_turn(false);
    ev_set_invoke_pending_cb(loop_ev, ev_invoke_pending);
    fail_with = 0;
    io_watch(&e.io, IO_READ | IO_WRITE);
    io_watch(&e.io, IO_READ);
    assert_int_equal(turn(&e), 0);
    assert_int_equal(write(e.peer, "x", 1), 1);
    assert_int_equal(turn(&e), IO_READ);
    close_end(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_events, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_background, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_calls_saved, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_number_reused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_free_of_pending, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_free_of_itself, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refused_and_changed, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
