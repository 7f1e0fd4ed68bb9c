/* Random bytes: distinct across calls, sizes and processes. */
#include "base/rand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_numbers_differ(void **state)
{
    uint64_t seen[1000];

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(seen); i++) {
        seen[i] = rand_u64();
        for (size_t k = 0; k < i; k++)
            assert_true(seen[k] != seen[i]);
    }
}

static void test_every_byte_is_filled(void **state)
{
    UNUSED(state);
    for (size_t n = 0; n < 1100; n += 13) {
        unsigned char got[1101], ever[1101] = {0};

        /* A byte stays 0 in eight draws with a chance of 2^-64. */
        for (int i = 0; i < 8; i++) {
            memset(got, 0, sizeof(got));
            rand_bytes(got, n);
            assert_int_equal(got[n], 0);
            for (size_t k = 0; k < n; k++)
                ever[k] |= got[k];
        }
        for (size_t k = 0; k < n; k++)
            assert_int_not_equal(ever[k], 0);
    }
}

static void test_child_draws_its_own(void **state)
{
    uint64_t mine, childs = 0;
    int ends[2];
    pid_t pid;

    UNUSED(state);
    rand_u64();
    assert_int_equal(pipe(ends), 0);
    pid = fork();
    if (pid == 0) {
        rand_after_fork();
        childs = rand_u64();
        _exit(write(ends[1], &childs, sizeof(childs)) != sizeof(childs));
    }
    mine = rand_u64();
    assert_int_equal(read(ends[0], &childs, sizeof(childs)), sizeof(childs));
    waitpid(pid, NULL, 0);
    close(ends[0]);
    close(ends[1]);
    assert_true(mine != childs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_differ),
        cmocka_unit_test(test_every_byte_is_filled),
        cmocka_unit_test(test_child_draws_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
