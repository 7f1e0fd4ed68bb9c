/* What is noted comes back, newest first; what is committed stays. */
#include "shm/journal.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void test_undo(void **state)
{
    struct journal j = {.n = 0};
    uint32_t words[4] __attribute__((aligned(8))) = {1, 2, 3, 4};
    uint64_t large = 9;

    UNUSED(state);
    journal_set32(&j, &words[0], 10);
    journal_set32(&j, &words[0], 11);
    journal_set32(&j, &words[3], 40);
    journal_set64(&j, &large, 90);
    words[1] = 20; /* the word of words[0] */
    assert_int_equal(j.n, 4);
    journal_undo(&j);
    assert_int_equal(words[0] * 1000 + words[1] * 100 + words[2] * 10 + words[3], 1234);
    assert_int_equal(large, 9);
    assert_int_equal(j.n, 0);
}

static void test_commit(void **state)
{
    struct journal j = {.n = 0};
    uint64_t word = 1;

    UNUSED(state);
    journal_set64(&j, &word, 2);
    journal_commit(&j);
    journal_undo(&j);
    assert_int_equal(word, 2);
    journal_set64(&j, &word, 3);
    journal_undo(&j);
    assert_int_equal(word, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_undo),
        cmocka_unit_test(test_commit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
