/* Taken until its process ends. */
#include "shm/life.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_life(void **state)
{
    struct life *l =
        mmap(NULL, sizeof(*l), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int ready[2];
    char byte;
    pid_t pid;

    UNUSED(state);
    life_init(l);
    assert_int_equal(pipe(ready), 0);
    pid = fork();
    if (pid == 0) {
        byte = life_take(l) ? 'y' : 'n';
        if (write(ready[1], &byte, 1) == 1)
            pause();
        _exit(0);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(byte, 'y');
    assert_false(life_take(l));
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    assert_true(life_take(l));
    life_give(l);
    assert_true(life_take(l));
    life_give(l);
    close(ready[0]);
    close(ready[1]);
    munmap(l, sizeof(*l));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_life)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
