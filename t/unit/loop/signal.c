/* Signals arrive on a turn, do not keep the loop running, and leave no trace when dropped. */
#include "loop/signal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "loop/loop.h"
#include "loop/timer.h"

static int last;
static unsigned calls;

static int set_up(void **state)
{
    UNUSED(state);
    last = 0;
    calls = 0;
    loop_init(LOOP_BEST);
    return 0;
}

static int tear_down(void **state)
{
    UNUSED(state);
    loop_deinit();
    return 0;
}

static void on_signal(int signum, void *arg)
{
    last = signum;
    calls++;
    if (arg)
        signal_watch(signum, NULL, NULL);
}

static bool is_default(int signum)
{
    struct sigaction sa;

    sigaction(signum, NULL, &sa);
    return sa.sa_handler == SIG_DFL;
}

static void test_delivery(void **state)
{
    static const int signals[] = {SIGHUP, SIGUSR1, SIGUSR2, SIGTERM, SIGWINCH, SIGCHLD};

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(signals); i++)
        signal_watch(signals[i], on_signal, NULL);
    loop_run(); /* they do not keep it */
    for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
        calls = 0;
        raise(signals[i]);
        assert_int_equal(calls, 0); /* only on a turn */
        loop_turn(true);
        assert_int_equal(calls, 1);
        assert_int_equal(last, signals[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
        signal_watch(signals[i], NULL, NULL);
        assert_true(is_default(signals[i]));
        signal_watch(signals[i], NULL, NULL);
    }
}

static void on_other(int signum, void *arg)
{
    *(int *)arg = signum;
}

static void test_one_watcher_each(void **state)
{
    int got = 0;

    UNUSED(state);
    signal_watch(SIGUSR1, on_signal, NULL);
    signal_watch(SIGUSR1, on_other, &got); /* takes its place */
    raise(SIGUSR1);
    loop_turn(true);
    assert_int_equal(calls, 0);
    assert_int_equal(got, SIGUSR1);
    signal_watch(SIGUSR1, on_signal, &got); /* ends itself when called */
    raise(SIGUSR1);
    loop_turn(true);
    assert_int_equal(calls, 1);
    assert_true(is_default(SIGUSR1));
    signal_watch(SIGUSR1, on_signal, NULL); /* loop_deinit drops it */
}

static void test_dropped_while_pending(void **state)
{
    UNUSED(state);
    signal_watch(SIGUSR1, on_signal, NULL);
    raise(SIGUSR1);
    signal_watch(SIGUSR1, NULL, NULL);
    loop_turn(false);
    assert_int_equal(calls, 0);
    signal_watch(SIGUSR1, on_signal, NULL);
    raise(SIGUSR1);
    signal_watch(SIGUSR1, NULL, NULL);
    signal_watch(SIGUSR1, on_signal, NULL); /* hears only what comes from here on */
    loop_turn(false);
    assert_int_equal(calls, 0);
}

static void test_pipe(void **state)
{
    int fds[2];

    UNUSED(state);
    signal_ignore_pipe();
    assert_int_equal(pipe(fds), 0);
    close(fds[0]);
    assert_int_equal(write(fds[1], "x", 1), -1);
    close(fds[1]);
}

/* The second of two signals that the loop has not seen ends the process; one at a time does not. */
static int run_stuck(void)
{
    loop_after_fork();
    signal_watch_end(SIGTERM, on_signal, NULL);
    for (unsigned i = 1; i <= 3; i++) {
        raise(SIGTERM);
        loop_turn(true);
        if (calls != i)
            return 1;
    }
    raise(SIGTERM);
    raise(SIGTERM);
    return 2;
}

static void test_stuck(void **state)
{
    int status;
    pid_t pid = fork();

    UNUSED(state);
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(run_stuck());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGTERM);
    signal_watch_end(SIGTERM, on_signal, NULL);
    signal_watch(SIGTERM, NULL, NULL);
    assert_true(is_default(SIGTERM));
}

/* A watcher that takes the place of one of those is an ordinary one. */
static void test_not_stuck(void **state)
{
    UNUSED(state);
    signal_watch_end(SIGTERM, on_signal, NULL);
    raise(SIGTERM);
    signal_watch(SIGTERM, on_signal, NULL);
    raise(SIGTERM);
    assert_false(is_default(SIGTERM));
    loop_turn(true);
    assert_int_equal(calls, 1);
    assert_false(is_default(SIGTERM));
}

static void on_late(struct timer *t)
{
    UNUSED(t);
    loop_stop();
}

/* A signal that the parent has taken note of is the parent's. */
static int run_heir(void)
{
    signal_after_fork();
    loop_after_fork();
    signal_watch(SIGUSR1, on_signal, NULL);
    loop_turn(false);
    loop_turn(false);
    return calls == 0 ? 0 : 1;
}

static void test_fork_while_pending(void **state)
{
    int status;
    pid_t pid;

    UNUSED(state);
    signal_watch(SIGUSR1, on_signal, NULL);
    raise(SIGUSR1);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(run_heir());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    loop_turn(true);
    assert_int_equal(calls, 1);
}

/* What the child does with its signals is not the parent's business, and the other way round. */
static int run_child(void)
{
    struct timer t;

    loop_after_fork();
    signal_after_fork();
    if (!is_default(SIGUSR1))
        return 1;
    signal_watch(SIGUSR2, on_signal, NULL);
    raise(SIGUSR2);
    timer_init(&t, on_late);
    timer_start(&t, 30);
    loop_run();
    return calls == 1 && last == SIGUSR2 ? 0 : 2;
}

static void test_fork(void **state)
{
    int status;
    pid_t pid;

    UNUSED(state);
    signal_watch(SIGUSR1, on_signal, NULL);
    loop_turn(false);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(run_child());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    loop_turn(false);
    assert_int_equal(calls, 0);
    raise(SIGUSR1);
    loop_turn(true);
    assert_int_equal(calls, 1);
}

static int how_ended(bool has_reader)
{
    int fds[2], status;
    pid_t pid;

    assert_int_equal(pipe(fds), 0);
    if (!has_reader)
        close(fds[0]);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        signal_ignore_pipe();
        if (dup2(fds[1], STDOUT_FILENO) < 0)
            _exit(2);
        signal_output_failed();
        _exit(1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (has_reader)
        close(fds[0]);
    close(fds[1]);
    return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
}

/* Only a pipe that nobody reads ends the process: a full disk does not. */
static void test_output_failed(void **state)
{
    UNUSED(state);
    assert_int_equal(how_ended(true), -1);
    assert_int_equal(how_ended(false), SIGPIPE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_delivery, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_one_watcher_each, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_dropped_while_pending, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_pipe, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_output_failed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_stuck, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_not_stuck, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_fork, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_fork_while_pending, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
