/* The watchdog. A process that stands still is asked for its stack twice (see proc/dump.c for why),
 * then killed; that it ended is learnt as of any other worker. The clock of a worker starts with
 * its first beat: what init_worker_by_lua takes counts, since it runs before that from the start
 * on. */
#include "proc/seat.h"

#include <signal.h>
#include <sys/wait.h>

#include "app/app.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "proc/dump.h"

enum { LOOKS_PER_LIMIT = 4, SECOND_DUMP = 400, GRACE = 1000 };

static void on_look(struct timer *t);

struct seat *seat_new(int id, unsigned generation)
{
    struct seat *s = mem_new(struct seat);

    s->id = id;
    s->generation = generation;
    list_init(&s->node);
    list_init(&s->child.node);
    timer_init(&s->watch, on_look);
    return s;
}

void seat_free(struct seat **s)
{
    seat_stop_watch(*s);
    child_unwatch(&(*s)->child);
    heartbeat_free(&(*s)->heartbeat);
    mem_free(*s);
    *s = NULL;
}

bool seat_is_ready(const struct seat *s)
{
    return s->state == SEAT_TAKEN && atomic_load(&s->heartbeat->is_ready);
}

void seat_stop_watch(struct seat *s)
{
    timer_stop(&s->watch);
}

/* What a process that stands still gets next, and when to come back. */
static uint64_t press(struct seat *s)
{
    if (s->dumps == 2) {
        log_write(NULL, LOG_ALERT, "watchdog: worker process %d is killed", (int)s->pid);
        kill(s->pid, SIGKILL);
        return 0;
    }
    if (s->dumps == 0)
        log_write(NULL, LOG_ALERT, "watchdog: worker process %d did not turn its loop for %llu ms",
                  (int)s->pid, (unsigned long long)(clock_ms() - s->beat_at));
    kill(s->pid, dump_signal());
    return s->dumps++ == 0 ? SECOND_DUMP : GRACE - SECOND_DUMP;
}

static void on_look(struct timer *t)
{
    struct seat *s = CONTAINER_OF(t, struct seat, watch);
    uint64_t beats = atomic_load(&s->heartbeat->beats);
    uint64_t next = MAX(s->limit / LOOKS_PER_LIMIT, 1);

    if (s->state != SEAT_TAKEN)
        return;
    if (beats != s->beats) {
        s->beats = beats;
        s->beat_at = clock_ms();
        s->dumps = 0;
    } else if (clock_ms() - s->beat_at >= s->limit) {
        next = press(s);
    }
    if (next)
        timer_start(t, next);
}

void seat_watch(struct seat *s, uint64_t limit)
{
    s->limit = limit;
    s->beats = 0;
    s->beat_at = clock_ms();
    s->dumps = 0;
    if (limit)
        timer_start(&s->watch, MAX(limit / LOOKS_PER_LIMIT, 1));
}

const char *seat_title(const struct seat *s)
{
    return s->id == APP_AGENT ? "privileged agent process" : "worker process";
}

void seat_log_end(const struct seat *s)
{
    int pid = (int)s->pid;

    if (WIFSIGNALED(s->status))
        log_write(NULL, LOG_ALERT, "%s %d exited on signal %d%s", seat_title(s), pid,
                  WTERMSIG(s->status), WCOREDUMP(s->status) ? " (core dumped)" : "");
    else
        log_write(NULL, LOG_NOTICE, "%s %d exited with code %d", seat_title(s), pid,
                  WEXITSTATUS(s->status));
}
