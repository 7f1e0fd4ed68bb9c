/* What processes hold, together and after their death. */
#include "shm/tally.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "shm/dict_walk.h"

static struct dict *open_dict(size_t size)
{
    struct zone *z = zone_new(SLICE("test"), size);
    struct dict *d = dict_open(z);

    clock_update();
    zone_release(&z);
    return d;
}

static uint64_t entries(struct dict *d)
{
    struct dict_stats s;

    dict_walk_stats(d, &s);
    return s.entries;
}

static void test_counts(void **state)
{
    struct dict *d = open_dict(32 << 10);

    UNUSED(state);
    assert_int_equal(tally_take(d, SLICE("k"), 2), DICT_OK);
    assert_int_equal(tally_take(d, SLICE("k"), 2), DICT_OK);
    assert_int_equal(tally_take(d, SLICE("k"), 2), DICT_EXISTS);
    assert_int_equal(tally_take(d, SLICE("k"), 3), DICT_OK);
    assert_int_equal(tally_take(d, SLICE("other"), 1), DICT_OK);
    tally_give(d, SLICE("k"));
    tally_give(d, SLICE("k"));
    assert_int_equal(tally_take(d, SLICE("k"), 2), DICT_OK);
    tally_give(d, SLICE("k"));
    tally_give(d, SLICE("k"));
    tally_give(d, SLICE("k")); /* nothing is held any more */
    tally_give(d, SLICE("other"));
    assert_int_equal(entries(d), 0);
    dict_close(&d);
}

/* A child that takes `n` of "k" and then waits to be killed. */
static pid_t child_takes(struct dict *d, int n)
{
    int ready[2];
    char byte = 0;
    pid_t pid;

    assert_int_equal(pipe(ready), 0);
    pid = fork();
    if (pid == 0) {
        for (int i = 0; i < n; i++)
            if (tally_take(d, SLICE("k"), 100) != DICT_OK)
                _exit(1);
        if (write(ready[1], "", 1) == 1)
            pause();
        _exit(1);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
    return pid;
}

static void end_child(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void test_the_dead_give_back(void **state)
{
    struct dict *d = open_dict(32 << 10);
    pid_t first, second;

    UNUSED(state);
    first = child_takes(d, 2);
    second = child_takes(d, 1);
    assert_int_equal(tally_take(d, SLICE("k"), 3), DICT_EXISTS);
    tally_give(d, SLICE("k")); /* what others hold is not ours to give */
    assert_int_equal(tally_take(d, SLICE("k"), 3), DICT_EXISTS);
    end_child(first);
    assert_int_equal(tally_take(d, SLICE("k"), 3), DICT_OK);
    assert_int_equal(tally_take(d, SLICE("k"), 3), DICT_OK);
    assert_int_equal(tally_take(d, SLICE("k"), 3), DICT_EXISTS);
    end_child(second);
    assert_int_equal(tally_take(d, SLICE("k"), 3), DICT_OK);
    assert_int_equal(tally_take(d, SLICE("k"), 3), DICT_EXISTS);
    dict_close(&d);
}

static const char *name(char room[16], unsigned i)
{
    snprintf(room, 16, "key-%u", i);
    return room;
}

/* Living counts never give way; those of the dead do. */
static void test_no_room(void **state)
{
    struct dict *d = open_dict(DICT_ZONE_LEAST);
    char room[16];
    unsigned n = 0;
    pid_t pid;

    UNUSED(state);
    pid = fork();
    if (pid == 0) {
        for (; n < 1000; n++)
            if (tally_take(d, slice_str(name(room, n)), 1) != DICT_OK)
                _exit(n > 20 ? 0 : 1);
        _exit(1);
    }
    waitpid(pid, NULL, 0);
    assert_true(entries(d) > 20);
    for (n = 1000; tally_take(d, slice_str(name(room, n)), 1) == DICT_OK; n++)
        assert_true(n < 2000);
    assert_int_equal(tally_take(d, slice_str(name(room, n)), 1), DICT_NO_MEMORY);
    assert_int_equal(entries(d), n - 1000);
    for (unsigned i = 1000; i < n; i++)
        assert_int_equal(tally_take(d, slice_str(name(room, i)), 1), DICT_EXISTS);
    tally_give(d, SLICE("key-1000"));
    assert_int_equal(tally_take(d, slice_str(name(room, n)), 1), DICT_OK);
    assert_true(dict_walk_check(d));
    dict_close(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_the_dead_give_back),
        cmocka_unit_test(test_no_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
