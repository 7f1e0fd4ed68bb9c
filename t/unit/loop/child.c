/* Children: how they ended, whenever they did, and no interest in those of others. */
#include "loop/child.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "loop/loop.h"
#include "loop/loop_ev.h"
#include "loop/signal.h"

struct ended {
    struct child child;
    int status;
    unsigned calls;
    struct ended *drops;
};

static int set_up(void **state)
{
    UNUSED(state);
    loop_init(LOOP_BEST);
    return 0;
}

static int tear_down(void **state)
{
    UNUSED(state);
    assert_int_equal(loop_ev_active, 0);
    loop_deinit();
    return 0;
}

static void on_end(struct child *c, int status)
{
    struct ended *e = CONTAINER_OF(c, struct ended, child);

    e->status = status;
    e->calls++;
    if (e->drops)
        child_unwatch(&e->drops->child);
}

/* A child that lives for `ms`, then exits with `code`, or is killed by -code. */
static pid_t spawn(unsigned ms, int code)
{
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid)
        return pid;
    usleep(ms * 1000);
    if (code < 0)
        raise(-code);
    _exit(code);
}

static void test_statuses(void **state)
{
    static const struct {
        unsigned ms;
        int code;
    } rows[] = {{0, 0}, {1, 1}, {20, 7}, {30, -SIGKILL}, {30, -SIGTERM}, {10, 255}};
    struct ended ended[ARRAY_LEN(rows)];

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ended[i] = (struct ended){.status = -1};
        child_watch(&ended[i].child, spawn(rows[i].ms, rows[i].code), on_end);
    }
    loop_run(); /* stays until the last */
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(ended[i].calls, 1);
        if (rows[i].code < 0)
            assert_int_equal(WTERMSIG(ended[i].status), -rows[i].code);
        else
            assert_int_equal(WEXITSTATUS(ended[i].status), rows[i].code);
    }
}

static void test_ended_before(void **state)
{
    struct ended e = {.status = -1};
    pid_t pid = spawn(0, 3);
    siginfo_t info;

    UNUSED(state);
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
    child_watch(&e.child, pid, on_end);
    assert_int_equal(e.calls, 0); /* never from inside */
    loop_run();
    assert_int_equal(e.calls, 1);
    assert_int_equal(WEXITSTATUS(e.status), 3);
}

static void test_others_are_left_alone(void **state)
{
    struct ended e = {.status = -1};
    pid_t mine = spawn(0, 5), watched = spawn(20, 6);
    int status;

    UNUSED(state);
    child_watch(&e.child, watched, on_end);
    loop_run();
    assert_int_equal(WEXITSTATUS(e.status), 6);
    assert_int_equal(waitpid(mine, &status, 0), mine);
    assert_int_equal(WEXITSTATUS(status), 5);
}

static void test_reaped_elsewhere(void **state)
{
    struct ended e = {.status = -1};
    pid_t pid = spawn(0, 5);
    int status;

    UNUSED(state);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    child_watch(&e.child, pid, on_end);
    loop_run();
    assert_int_equal(WEXITSTATUS(e.status), 255);
}

/* Two that have both ended: whichever is called first drops the other. */
static void test_unwatch_in_callback(void **state)
{
    struct ended a = {.status = -1}, b = {.status = -1};
    pid_t pids[2] = {spawn(0, 1), spawn(0, 2)};
    siginfo_t info;
    int status;

    UNUSED(state);
    for (int i = 0; i < 2; i++)
        assert_int_equal(waitid(P_PID, (id_t)pids[i], &info, WEXITED | WNOWAIT), 0);
    child_watch(&a.child, pids[0], on_end);
    child_watch(&b.child, pids[1], on_end);
    a.drops = &b;
    b.drops = &a;
    loop_run();
    assert_int_equal(a.calls + b.calls, 1);
    assert_int_equal(waitpid(pids[a.calls ? 1 : 0], &status, 0), pids[a.calls ? 1 : 0]);
    child_unwatch(&a.child);
    child_unwatch(&b.child);
}

static void on_end_free(struct child *c, int status)
{
    UNUSED(status);
    free(c);
}

static void test_free_in_callback(void **state)
{
    UNUSED(state);
    for (int i = 0; i < 3; i++)
        child_watch(malloc(sizeof(struct child)), spawn((unsigned)i, 0), on_end_free);
    loop_run();
}

/* A fork has no children, but can have its own. */
static void test_fork(void **state)
{
    struct ended e = {.status = -1};
    pid_t pid;
    int status;

    UNUSED(state);
    child_watch(&e.child, spawn(30, 4), on_end);
    pid = fork();
    if (pid == 0) {
        struct ended own = {.status = -1};

        loop_after_fork();
        signal_after_fork();
        loop_run();
        child_watch(&own.child, spawn(1, 9), on_end);
        loop_run();
        _exit(e.calls == 0 && WEXITSTATUS(own.status) == 9 ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    loop_run();
    assert_int_equal(WEXITSTATUS(e.status), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_statuses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ended_before, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_others_are_left_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_reaped_elsewhere, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_unwatch_in_callback, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_free_in_callback, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_fork, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
