/* Jobs in threads: they run beside each other, their ends come by the loop, queues have limits. */
#include "loop/offload.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sched.h>
#include <semaphore.h>

#include "loop/loop.h"
#include "loop/loop_ev.h"

struct piece {
    struct offload_job job;
    unsigned runs, ends;
    pthread_t thread;
    sigset_t mask;
    sem_t *gate; /* waited for in the thread; NULL: not */
};

static struct offload *pool;
static sem_t gate, arrived;

static int set_up(void **state)
{
    UNUSED(state);
    loop_init(LOOP_BEST);
    sem_init(&gate, 0, 0);
    sem_init(&arrived, 0, 0);
    return 0;
}

static int tear_down(void **state)
{
    UNUSED(state);
    offload_free(&pool);
    offload_free(&pool); /* NULL by now */
    sem_destroy(&gate);
    sem_destroy(&arrived);
    assert_int_equal(loop_ev_active, 0);
    loop_deinit();
    return 0;
}

static void on_run(struct offload_job *job)
{
    struct piece *p = CONTAINER_OF(job, struct piece, job);

    p->runs++;
    p->thread = pthread_self();
    pthread_sigmask(SIG_SETMASK, NULL, &p->mask);
    sem_post(&arrived);
    if (p->gate)
        sem_wait(p->gate);
}

static void on_done(struct offload_job *job)
{
    CONTAINER_OF(job, struct piece, job)->ends++;
}

static bool submit(struct piece *p, sem_t *waits)
{
    *p = (struct piece){.job = {.run = on_run, .done = on_done}, .gate = waits};
    return offload_submit(pool, &p->job);
}

static void test_jobs(void **state)
{
    struct piece all[50];

    UNUSED(state);
    pool = offload_new(4, 100);
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        assert_true(submit(&all[i], NULL));
    assert_int_equal(all[0].ends, 0); /* never from inside */
    loop_run();                       /* stays until the last */
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        assert_int_equal(all[i].runs, 1);
        assert_int_equal(all[i].ends, 1);
        assert_false(pthread_equal(all[i].thread, pthread_self()));
        assert_true(sigismember(&all[i].mask, SIGTERM));
    }
}

/* Three that can only end when all of them have begun. */
static void test_beside_each_other(void **state)
{
    struct piece all[3];

    UNUSED(state);
    pool = offload_new(3, 0);
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        assert_true(submit(&all[i], &gate));
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        sem_wait(&arrived);
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        sem_post(&gate);
    loop_run();
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        assert_int_equal(all[i].ends, 1);
}

static void test_limit(void **state)
{
    struct piece busy, waiting[2], refused;

    UNUSED(state);
    pool = offload_new(1, 2);
    assert_true(submit(&busy, &gate));
    sem_wait(&arrived);
    assert_true(submit(&waiting[0], NULL));
    assert_true(submit(&waiting[1], NULL));
    assert_false(submit(&refused, NULL));
    sem_post(&gate);
    loop_run();
    assert_int_equal(busy.ends + waiting[0].ends + waiting[1].ends, 3);
    assert_int_equal(refused.runs, 0);
    assert_true(submit(&refused, NULL)); /* there is room again */
    loop_run();
    assert_int_equal(refused.ends, 1);
}

static unsigned count_idle(void)
{
    unsigned n;

    pthread_mutex_lock(&pool->mutex);
    n = pool->n_idle;
    pthread_mutex_unlock(&pool->mutex);
    return n;
}

/* A thread that sleeps is used again. */
static void test_reuse(void **state)
{
    struct piece p;

    UNUSED(state);
    pool = offload_new(8, 8);
    for (int i = 0; i < 10; i++) {
        assert_true(submit(&p, NULL));
        loop_run();
        while (count_idle() == 0)
            sched_yield();
    }
    assert_int_equal(pool->n_threads, 1);
}

static void test_free_while_waiting(void **state)
{
    struct piece busy, waiting;

    UNUSED(state);
    pool = offload_new(1, 2);
    assert_true(submit(&busy, &gate));
    sem_wait(&arrived);
    assert_true(submit(&waiting, NULL));
    sem_post(&gate);
    offload_free(&pool);
    assert_int_equal(busy.runs, 1);
    assert_int_equal(busy.ends + waiting.ends, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_jobs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_beside_each_other, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_reuse, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_free_while_waiting, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
