/* A queue of jobs under a mutex, threads that sleep on a condition, and a queue of what has run,
 * which an eventfd tells the loop about.
 *
 * A thread is started for a job that no idle one can take, as long as there are fewer than allowed:
 * so a pool with many threads costs nothing until many jobs block at once. The loop watches the
 * eventfd while jobs are under way only, and is thus not kept going by an idle pool. */
#include "loop/offload.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/mem.h"
#include "loop/io.h"

struct offload {
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    struct list waiting, ended;
    unsigned n_waiting, n_idle; /* idle: asleep, and nobody has woken them for a job */
    bool is_ending;
    /* of the loop's thread */
    pthread_t *threads;
    unsigned n_threads, most_threads, most_waiting;
    unsigned n_jobs; /* submitted and not done */
    struct io io;
};

static void tell_loop(const struct offload *o)
{
    uint64_t one = 1;

    /* fails only when the counter is full: the loop has been told then */
    (void)!write(io_fd(&o->io), &one, sizeof(one));
}

/* The next job; NULL: the pool ends. The mutex is held. */
static struct offload_job *wait_for_job(struct offload *o)
{
    while (list_is_empty(&o->waiting) && !o->is_ending) {
        o->n_idle++;
        (void)pthread_cond_wait(&o->wake, &o->mutex);
        o->n_idle--;
    }
    if (o->is_ending)
        return NULL;
    o->n_waiting--;
    return CONTAINER_OF(list_pop(&o->waiting), struct offload_job, node);
}

static void *run_jobs(void *arg)
{
    struct offload *o = arg;
    struct offload_job *job;

    pthread_mutex_lock(&o->mutex);
    while ((job = wait_for_job(o)) != NULL) {
        pthread_mutex_unlock(&o->mutex);
        clock_update(); /* each thread has clocks of its own */
        job->run(job);
        pthread_mutex_lock(&o->mutex);
        list_append(&o->ended, &job->node);
        tell_loop(o);
    }
    pthread_mutex_unlock(&o->mutex);
    return NULL;
}

static void on_ended(struct io *io, int events)
{
    struct offload *o = CONTAINER_OF(io, struct offload, io);
    struct list ended, *node;
    uint64_t count;

    UNUSED(events);
    (void)!read(io_fd(io), &count, sizeof(count));
    list_init(&ended);
    pthread_mutex_lock(&o->mutex);
    list_splice(&ended, &o->ended);
    pthread_mutex_unlock(&o->mutex);
    for (struct list *n = ended.next; n != &ended; n = n->next)
        o->n_jobs--;
    if (o->n_jobs == 0)
        io_watch(io, 0);
    while ((node = list_pop(&ended)) != NULL) {
        struct offload_job *job = CONTAINER_OF(node, struct offload_job, node);

        job->done(job);
    }
}

struct offload *offload_new(unsigned threads, unsigned most_waiting)
{
    struct offload *o = mem_new(struct offload);
    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

    if (fd < 0)
        PANIC("no descriptor for a pool of threads (errno %d)", errno);
    CHECK(pthread_mutex_init(&o->mutex, NULL) == 0 && pthread_cond_init(&o->wake, NULL) == 0);
    list_init(&o->waiting);
    list_init(&o->ended);
    o->most_threads = threads;
    o->most_waiting = most_waiting;
    o->threads = mem_alloc(threads * sizeof(*o->threads));
    io_init(&o->io, fd, on_ended);
    return o;
}

/* One more thread; false: the system has none, which does not matter when there are others. */
static bool start_thread(struct offload *o)
{
    sigset_t all, before;
    int rc;

    sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    rc = pthread_create(&o->threads[o->n_threads], NULL, run_jobs, o);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc)
        return o->n_threads > 0;
    o->n_threads++;
    return true;
}

bool offload_submit(struct offload *o, struct offload_job *job)
{
    bool is_room, needs_thread;

    pthread_mutex_lock(&o->mutex);
    needs_thread = o->n_waiting >= o->n_idle;
    is_room = !needs_thread || o->n_threads < o->most_threads ||
              o->n_waiting < o->n_idle + o->most_waiting;
    pthread_mutex_unlock(&o->mutex);
    if (!is_room || (needs_thread && o->n_threads < o->most_threads && !start_thread(o)))
        return false;
    if (o->n_jobs++ == 0)
        io_watch(&o->io, IO_READ);
    list_init(&job->node);
    pthread_mutex_lock(&o->mutex);
    list_append(&o->waiting, &job->node);
    o->n_waiting++;
    pthread_cond_signal(&o->wake);
    pthread_mutex_unlock(&o->mutex);
    return true;
}

void offload_free(struct offload **pool)
{
    struct offload *o = *pool;

    *pool = NULL;
    if (!o)
        return;
    pthread_mutex_lock(&o->mutex);
    o->is_ending = true;
    pthread_cond_broadcast(&o->wake);
    pthread_mutex_unlock(&o->mutex);
    for (unsigned i = 0; i < o->n_threads; i++)
        (void)pthread_join(o->threads[i], NULL);
    io_watch(&o->io, 0);
    (void)close(io_fd(&o->io));
    pthread_cond_destroy(&o->wake);
    pthread_mutex_destroy(&o->mutex);
    mem_free(o->threads);
    mem_free(o);
}
