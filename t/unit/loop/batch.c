/* Batches: results, order, what each call costs, with io_uring, without it, and when it is refused.
 */
#include "loop/batch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "loop/loop.h"

enum { PAIRS = BATCH_MOST };

static int pairs[PAIRS][2];
static unsigned plain; /* calls of recv and send */

ssize_t recv(int fd, void *p, size_t n, int flags)
{
    plain++;
    return recvfrom(fd, p, n, flags, NULL, NULL);
}

ssize_t send(int fd, const void *p, size_t n, int flags)
{
    plain++;
    return sendto(fd, p, n, flags, NULL, 0);
}

static int set_up(void **state)
{
    UNUSED(state);
    for (unsigned i = 0; i < PAIRS; i++)
        assert_int_equal(
            socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pairs[i]), 0);
    batch_allow(true);
    plain = 0;
    return 0;
}

static int tear_down(void **state)
{
    UNUSED(state);
    batch_end();
    for (unsigned i = 0; i < PAIRS; i++) {
        close(pairs[i][0]);
        close(pairs[i][1]);
    }
    return 0;
}

static struct batch_op sending(int fd, const char *text)
{
    return (struct batch_op){
        .fd = fd, .is_send = true, .bytes = (void *)(uintptr_t)text, .n = strlen(text)};
}

static struct batch_op receiving(int fd, char *p, size_t n)
{
    return (struct batch_op){.fd = fd, .bytes = p, .n = n};
}

/* Sends and receives on all pairs, in one batch each. */
static void exchange_all(void)
{
    struct batch_op ops[PAIRS];
    char got[PAIRS][16], texts[PAIRS][16];

    for (unsigned i = 0; i < PAIRS; i++) {
        (void)snprintf(texts[i], sizeof(texts[i]), "text %u", i);
        ops[i] = sending(pairs[i][0], texts[i]);
    }
    batch_run(ops, PAIRS);
    for (unsigned i = 0; i < PAIRS; i++) {
        assert_int_equal(ops[i].result, strlen(texts[i]));
        ops[i] = receiving(pairs[i][1], got[i], sizeof(got[i]));
    }
    batch_run(ops, PAIRS);
    for (unsigned i = 0; i < PAIRS; i++) {
        assert_int_equal(ops[i].result, strlen(texts[i]));
        assert_memory_equal(got[i], texts[i], strlen(texts[i]));
    }
}

static void test_all(void **state)
{
    UNUSED(state);
    exchange_all();
    if (batch_is_joint())
        assert_int_equal(plain, 0);
    else
        assert_int_equal(plain, 2 * PAIRS);
    assert_int_equal(batch_is_joint(), batch_refusal() == 0);
    exchange_all();
}

static void test_forbidden(void **state)
{
    UNUSED(state);
    batch_allow(false);
    assert_false(batch_is_joint());
    assert_int_equal(batch_refusal(), 0);
    exchange_all();
    assert_int_equal(plain, 2 * PAIRS);
    batch_end(); /* nothing was taken, and it stays forbidden */
    assert_false(batch_is_joint());
}

/* Nothing to read, an end, too much to send, a descriptor that is none; the others do not mind. */
static void check_results(void)
{
    struct batch_op ops[6];
    char got[8], *much = calloc(1, 1 << 22);

    assert_int_equal(write(pairs[1][1], "abc", 3), 3);
    close(pairs[2][1]);
    ops[0] = receiving(pairs[0][0], got, sizeof(got));
    ops[1] = receiving(pairs[1][0], got, 2);
    ops[2] = receiving(pairs[2][0], got, sizeof(got));
    ops[3] = (struct batch_op){.fd = pairs[3][0], .is_send = true, .bytes = much, .n = 1 << 22};
    ops[4] = receiving(-1, got, sizeof(got));
    ops[5] = sending(pairs[2][0], "nobody hears");
    batch_run(ops, 6);
    assert_int_equal(ops[0].result, -EAGAIN);
    assert_int_equal(ops[1].result, 2);
    assert_memory_equal(got, "ab", 2);
    assert_int_equal(ops[2].result, 0);
    assert_true(ops[3].result > 0 && ops[3].result < 1 << 22);
    assert_int_equal(ops[4].result, -EBADF);
    assert_int_equal(ops[5].result, -EPIPE);
    batch_run(&ops[3], 1);
    assert_int_equal(ops[3].result, -EAGAIN);
    free(much);
    pairs[2][1] = dup(pairs[1][1]);
}

static void test_results(void **state)
{
    UNUSED(state);
    check_results();
}

static void test_results_of_plain_calls(void **state)
{
    UNUSED(state);
    batch_allow(false);
    check_results();
}

/* A child has the ring of its parent taken from it, and makes its own. */
static void test_fork(void **state)
{
    int status;
    pid_t pid;

    UNUSED(state);
    loop_init(LOOP_BEST);
    exchange_all();
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        loop_after_fork();
        exchange_all();
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    exchange_all();
    loop_deinit();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_forbidden, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_results, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_results_of_plain_calls, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_fork, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
