/* The life of a serving process: RUNNING until QUIT (or the end of the master), DRAINING until the
 * last exchange is through or worker_shutdown_timeout is over; TERM and INT end both at once.
 *
 * Signals only change the state and stop the loop where it must stop; what ends is ended in
 * worker_serve, outside of any callback. */
#include "proc/worker.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "app/app.h"
#include "base/log.h"
#include "base/product.h"
#include "loop/batch.h"
#include "loop/io.h"
#include "loop/loop.h"
#include "loop/timer.h"
#include "proc/boot.h"
#include "proc/daemon.h"
#include "proc/dump.h"
#include "proc/signals.h"
#include "proc/title.h"

enum { BEATS_PER_WATCH = 4 };

static struct {
    const struct worker_task *task;
    bool is_draining;
    struct io alive;
    struct timer deadline;
} worker; /* process-wide: this process */

static bool is_single(void)
{
    return worker.task->alive_fd < 0;
}

static void on_idle(void)
{
    loop_stop();
}

static void on_deadline(struct timer *t)
{
    UNUSED(t);
    log_write(NULL, LOG_WARN, "worker_shutdown_timeout is over, %s",
              "connections that are still open are closed");
    loop_stop();
}

static void drain(void)
{
    uint64_t most = worker.task->conf->worker_shutdown_timeout;

    if (worker.is_draining)
        return;
    worker.is_draining = true;
    log_write(NULL, LOG_NOTICE, "gracefully shutting down");
    if (!is_single())
        title_set("%s: worker process is shutting down", product_name());
    if (most > 0) {
        timer_init(&worker.deadline, on_deadline);
        timer_set_background(&worker.deadline);
        timer_start(&worker.deadline, most);
    }
    app_drain(on_idle);
}

static void on_quit(int signum, pid_t sender)
{
    signals_log(signum, sender, "shutting down");
    drain();
}

static void on_terminate(int signum, pid_t sender)
{
    signals_log(signum, sender, "exiting");
    loop_stop();
}

static void on_reopen(int signum, pid_t sender)
{
    signals_log(signum, sender, "reopening logs");
    log_write(NULL, LOG_NOTICE, "reopening logs");
    boot_reopen_logs(worker.task->conf);
}

static void on_ignored(int signum, pid_t sender)
{
    signals_log(signum, sender, "ignoring");
}

/* The pipe has no writer but the master. */
static void on_master_gone(struct io *io, int events)
{
    UNUSED(events);
    io_watch(io, 0);
    log_write(NULL, LOG_ALERT, "the master process is gone");
    drain();
}

static void watch_signals(void)
{
    signals_watch(SIGQUIT, on_quit);
    signals_watch(SIGTERM, on_terminate);
    signals_watch(SIGINT, on_terminate);
    signals_watch(SIGUSR1, on_reopen);
    signals_watch(SIGHUP, is_single() ? on_quit : on_ignored);
    /* a terminal sends it, too, when its size changes */
    signals_watch(SIGWINCH, is_single() || !daemon_is_detached() ? on_ignored : on_quit);
    dump_install();
}

/* What io_uring takes of the system is taken now, not under load. */
static void choose_calls(bool may_batch)
{
    batch_allow(may_batch);
    if (!batch_is_joint() && may_batch)
        log_write(NULL, LOG_NOTICE,
                  "io_uring is not available here (%d: %s), plain system calls are made instead",
                  batch_refusal(), strerror(batch_refusal()));
}

void worker_serve(const struct worker_task *task)
{
    uint64_t watchdog = task->conf->worker_watchdog;

    worker.task = task;
    choose_calls(task->conf->has_io_uring);
    loop_hold();
    watch_signals();
    signals_unblock();
    if (!is_single()) {
        io_init(&worker.alive, task->alive_fd, on_master_gone);
        io_watch(&worker.alive, IO_READ);
    }
    app_start(task->conf, task->id, task->count);
    heartbeat_start(task->heartbeat, watchdog ? MAX(watchdog / BEATS_PER_WATCH, 1) : 0);
    if (task->heartbeat)
        atomic_store(&task->heartbeat->is_ready, true);
    loop_run();
    log_write(NULL, LOG_NOTICE, "exiting");
    app_stop();
    log_write(NULL, LOG_NOTICE, "exit");
}
