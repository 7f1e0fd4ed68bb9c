/* Memory that a child writes to is the parent's; the last release unmaps it. */
#include "shm/zone.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/wait.h>

static void test_shared(void **state)
{
    struct zone *z = zone_new(SLICE("one"), 5000), *other = zone_hold(z);
    pid_t pid = fork();

    UNUSED(state);
    if (pid == 0) {
        z->memory[4999] = 'x';
        _exit(0);
    }
    waitpid(pid, NULL, 0);
    assert_string_equal(z->name, "one");
    assert_int_equal(z->size, 5000);
    assert_int_equal(z->room % 4096, 0);
    assert_int_equal(z->memory[0], 0);
    zone_release(&z);
    assert_null(z);
    assert_int_equal(other->memory[4999], 'x');
    zone_release(&other);
    zone_release(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_shared)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
