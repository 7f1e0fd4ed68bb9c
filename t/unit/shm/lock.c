/* One at a time; the death of an owner is told to the next one, once. */
#include "shm/lock.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct page {
    struct lock lock;
    unsigned n;
};

static struct page *new_page(void)
{
    struct page *p =
        mmap(NULL, sizeof(*p), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    assert_true(p != MAP_FAILED);
    lock_init(&p->lock);
    return p;
}

static void test_one_at_a_time(void **state)
{
    enum { PROCESSES = 3, TURNS = 20000 };
    struct page *p = new_page();
    pid_t pids[PROCESSES];

    UNUSED(state);
    for (int i = 0; i < PROCESSES; i++) {
        pids[i] = fork();
        if (pids[i] != 0)
            continue;
        for (int turn = 0; turn < TURNS; turn++) {
            if (!lock_take(&p->lock))
                _exit(1);
            ((volatile struct page *)p)->n++;
            lock_give(&p->lock);
        }
        _exit(0);
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status;

        waitpid(pids[i], &status, 0);
        assert_int_equal(status, 0);
    }
    assert_int_equal(p->n, PROCESSES * TURNS);
    munmap(p, sizeof(*p));
}

static void test_dead_owner(void **state)
{
    struct page *p = new_page();
    pid_t pid = fork();

    UNUSED(state);
    if (pid == 0) {
        if (lock_take(&p->lock))
            kill(getpid(), SIGKILL);
        _exit(0);
    }
    waitpid(pid, NULL, 0);
    assert_false(lock_take(&p->lock));
    lock_give(&p->lock);
    assert_true(lock_take(&p->lock));
    lock_give(&p->lock);
    munmap(p, sizeof(*p));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_at_a_time),
        cmocka_unit_test(test_dead_owner),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
