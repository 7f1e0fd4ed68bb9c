/* Shares of connections, as processes note them. */
#include "app/fair_share.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/wait.h>
#include <unistd.h>

/* As worker `id` in a process of its own. */
static void note_elsewhere(int id, unsigned n)
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        fair_share_join(id);
        (void)fair_share_note(n);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void nobody_else(void **state)
{
    UNUSED(state);
    fair_share_join(0);
    assert_false(fair_share_note(1000));
    fair_share_open(1);
    fair_share_join(0);
    assert_false(fair_share_note(1000));
}

static void compares(void **state)
{
    static const struct {
        unsigned own, others;
        bool is_much;
    } rows[] = {
        {0, 0, false},   {8, 0, false},   {10, 0, true},      {20, 14, false},   {40, 20, true},
        {40, 40, false}, {40, 80, false}, {1000, 900, false}, {1000, 500, true},
    };

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        fair_share_open(2);
        fair_share_join(0);
        note_elsewhere(1, rows[i].others);
        assert_int_equal(fair_share_note(rows[i].own), rows[i].is_much);
    }
}

/* A page knows who has joined it. */
static void pids(void **state)
{
    UNUSED(state);
    fair_share_open(2);
    assert_int_equal(fair_share_pid(0), 0);
    fair_share_join(0);
    note_elsewhere(1, 3);
    assert_int_equal(fair_share_pid(0), getpid());
    assert_true(fair_share_pid(1) > 0 && fair_share_pid(1) != getpid());
    assert_int_equal(fair_share_pid(2), 0);
    fair_share_open(2);
    assert_int_equal(fair_share_pid(1), 0);
}

static void the_dead_hold_nothing(void **state)
{
    UNUSED(state);
    fair_share_open(2);
    fair_share_join(0);
    note_elsewhere(1, 100);
    assert_false(fair_share_note(50));
    note_elsewhere(1, 0); /* a new worker in its place */
    assert_true(fair_share_note(50));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_else),
        cmocka_unit_test(compares),
        cmocka_unit_test(pids),
        cmocka_unit_test(the_dead_hold_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
