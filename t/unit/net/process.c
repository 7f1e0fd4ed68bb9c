/* Processes: their three ends, what they inherit and what not, how they end and are let go. */
#include "net/process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "loop/io.h"
#include "loop/loop.h"
#include "loop/signal.h"

static struct stream *ends[PROCESS_ENDS];
static struct process *process;
static struct buf output[PROCESS_ENDS];
static unsigned ended;

static int set_up(void **state)
{
    UNUSED(state);
    loop_init(LOOP_BEST);
    signal_ignore_pipe();
    ended = 0;
    return 0;
}

static int tear_down(void **state)
{
    UNUSED(state);
    for (int i = 0; i < PROCESS_ENDS; i++) {
        stream_close(&ends[i], false);
        buf_free(&output[i]);
    }
    process_release(&process);
    process_release(&process); /* NULL by now */
    loop_run();
    loop_deinit();
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD); /* no zombie */
    return 0;
}

static void on_end(struct process *p)
{
    assert_true(p->has_ended);
    ended++;
}

static void on_ready(struct stream *s, int events)
{
    int i = s == ends[PROCESS_STDOUT] ? PROCESS_STDOUT : PROCESS_STDERR;
    char piece[4096];
    ssize_t n = stream_read(s, piece, sizeof(piece));

    assert_int_equal(events, IO_READ);
    if (n > 0)
        buf_add(&output[i], piece, (size_t)n);
    else if (n != STREAM_AGAIN)
        stream_watch(s, 0);
}

static int spawn(struct process_options *o, const char *script)
{
    char *argv[] = {(char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c", (char *)(uintptr_t)script,
                    NULL};
    int rc;

    o->argv = argv;
    rc = process_spawn(o, &process, ends);
    if (rc)
        return rc;
    process->on_end = on_end;
    for (int i = PROCESS_STDOUT; i < PROCESS_ENDS; i++) {
        if (!ends[i])
            continue;
        ends[i]->on_ready = on_ready;
        stream_watch(ends[i], IO_READ);
    }
    return 0;
}

/* Runs a script to its end; its status. */
static int run(struct process_options *o, const char *script)
{
    assert_int_equal(spawn(o, script), 0);
    stream_close(&ends[PROCESS_STDIN], false);
    loop_run();
    assert_int_equal(ended, 1);
    return process->wait_status;
}

static void assert_output(int i, const char *expected)
{
    assert_string_equal(buf_cstr(&output[i]), expected);
}

static void test_three_ends(void **state)
{
    struct process_options o = {0};
    struct iovec v = {(void *)(uintptr_t) "in\n", 3};

    UNUSED(state);
    assert_int_equal(spawn(&o, "read line; echo out $line; echo err >&2; exit 7"), 0);
    assert_int_equal(stream_writev(ends[PROCESS_STDIN], &v, 1), 3);
    loop_run();
    assert_int_equal(ended, 1);
    assert_int_equal(WEXITSTATUS(process->wait_status), 7);
    assert_output(PROCESS_STDOUT, "out in\n");
    assert_output(PROCESS_STDERR, "err\n");
    assert_int_equal(process_signal(process, SIGTERM), ESRCH);
}

static void test_merged(void **state)
{
    struct process_options o = {.ends = {PROCESS_NULL, PROCESS_PIPE, PROCESS_TO_STDOUT}};

    UNUSED(state);
    assert_int_equal(run(&o, "cat; echo a; echo b >&2"), 0);
    assert_output(PROCESS_STDOUT, "a\nb\n");
    assert_null(ends[PROCESS_STDIN]);
    assert_null(ends[PROCESS_STDERR]);
}

static void test_environment_and_directory(void **state)
{
    char *env[] = {(char *)(uintptr_t) "NAME=value", NULL};
    struct process_options o = {.env = env, .dir = "/usr"};

    UNUSED(state);
    assert_int_equal(run(&o, "echo $NAME; pwd"), 0);
    assert_output(PROCESS_STDOUT, "value\n/usr\n");
}

/* A descriptor without O_CLOEXEC, an ignored signal and a blocked one stay with us. */
static void test_nothing_is_inherited(void **state)
{
    struct process_options o = {0};
    int fd = open("/dev/null", O_RDONLY);
    sigset_t blocked;

    UNUSED(state);
    assert_true(fd > STDERR_FILENO);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    assert_int_equal(run(&o, "ls /proc/self/fd | grep -c . ; kill -PIPE $$; echo not reached"),
                     SIGPIPE);
    assert_output(PROCESS_STDOUT, "4\n"); /* the three, and the folder that ls reads */
    buf_free(&output[PROCESS_STDOUT]);
    process_release(&process);
    stream_close(&ends[PROCESS_STDOUT], false);
    stream_close(&ends[PROCESS_STDERR], false);
    ended = 0;
    assert_int_equal(run(&o, "kill -USR1 $$; echo not reached"), SIGUSR1);
    assert_output(PROCESS_STDOUT, "");
    sigprocmask(SIG_UNBLOCK, &blocked, NULL);
    close(fd);
}

static void test_cannot_start(void **state)
{
    char *argv[] = {(char *)(uintptr_t) "/no/such/program", NULL};
    struct process_options o = {.argv = argv};
    int next = dup(STDIN_FILENO), after;

    UNUSED(state);
    assert_int_equal(process_spawn(&o, &process, ends), ENOENT);
    argv[0] = (char *)(uintptr_t) "/etc/passwd";
    assert_int_equal(process_spawn(&o, &process, ends), EACCES);
    o.dir = "/no/such/folder";
    argv[0] = (char *)(uintptr_t) "sh";
    assert_int_equal(process_spawn(&o, &process, ends), ENOENT);
    after = dup(STDIN_FILENO);
    assert_int_equal(after, next + 1); /* every pipe was closed */
    close(after);
    close(next);
}

static void test_signal(void **state)
{
    struct process_options o = {0};

    UNUSED(state);
    assert_int_equal(spawn(&o, "exec sleep 60"), 0);
    assert_int_equal(process_signal(process, 10000), EINVAL);
    assert_int_equal(process_signal(process, SIGTERM), 0);
    loop_run();
    assert_int_equal(ended, 1);
    assert_true(WIFSIGNALED(process->wait_status));
    assert_int_equal(WTERMSIG(process->wait_status), SIGTERM);
}

/* A process that is let go is killed; tear_down sees that it was reaped. */
static void test_release(void **state)
{
    struct process_options o = {0};

    UNUSED(state);
    assert_int_equal(spawn(&o, "exec sleep 60"), 0);
    process_release(&process);
    assert_null(process);
    loop_run();
    assert_int_equal(ended, 0);
}

/* Where our own stdio is closed the pipes get its numbers at first. */
static void test_without_stdio(void **state)
{
    struct process_options o = {0};
    int kept[PROCESS_ENDS];

    UNUSED(state);
    for (int i = 0; i < PROCESS_ENDS; i++) {
        kept[i] = fcntl(i, F_DUPFD_CLOEXEC, 50);
        close(i);
    }
    (void)run(&o, "cat; echo out; echo err >&2");
    for (int i = 0; i < PROCESS_ENDS; i++) {
        dup2(kept[i], i);
        close(kept[i]);
    }
    assert_int_equal(process->wait_status, 0);
    assert_output(PROCESS_STDOUT, "out\n");
    assert_output(PROCESS_STDERR, "err\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_three_ends, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_merged, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_environment_and_directory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nothing_is_inherited, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_cannot_start, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_signal, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_release, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_without_stdio, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
