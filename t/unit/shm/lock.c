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

enum { THREAD_TURNS = 20000 };

static void *take_turns(void *arg)
{
    struct page *p = arg;

    for (int turn = 0; turn < THREAD_TURNS; turn++) {
        if (!lock_take(&p->lock))
            return p;
        ((volatile struct page *)p)->n++;
        lock_give(&p->lock);
    }
    return NULL;
}

/* Threads of one process exclude each other; that one of them has ended is no death. */
static void test_threads(void **state)
{
    struct page *p = new_page();
    pthread_t threads[3];
    void *failed;

    UNUSED(state);
    lock_enlist();
    for (size_t i = 0; i < ARRAY_LEN(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, take_turns, p), 0);
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    assert_int_equal(p->n, ARRAY_LEN(threads) * THREAD_TURNS);
    assert_true(lock_take(&p->lock));
    lock_give(&p->lock);
    munmap(p, sizeof(*p));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_at_a_time),
        cmocka_unit_test(test_dead_owner),
        cmocka_unit_test(test_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
