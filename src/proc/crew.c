/* A seat is one worker: its number, its process, its heartbeat. Seats of the current generation are
 * filled again when their process ends; a seat of an older generation is leaving and is removed
 * then. Callbacks of the loop (a child ended, a timer) only note what happened and announce it,
 * because a fork must not happen inside a turn: the child would go on in the middle of it.
 *
 * A worker that dies young is replaced at once for a few times, then after a growing delay. */
#include "proc/crew.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/app.h"
#include "app/fair_share.h"
#include "app/server_counts.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/product.h"
#include "base/rand.h"
#include "loop/child.h"
#include "loop/loop.h"
#include "loop/signal.h"
#include "loop/timer.h"
#include "net/tls/tls_tickets.h"
#include "proc/resources.h"
#include "proc/seat.h"
#include "proc/signals.h"
#include "proc/title.h"
#include "proc/worker.h"

enum { YOUNG = 1000, YOUNG_FREE = 5, DELAY_FIRST = 100, DELAY_MOST = 30000, READY_POLL = 20 };

static struct {
    struct list seats;
    struct app_conf *conf;
    const struct privs *privs;
    int count;
    unsigned generation;
    unsigned died_young; /* in a row */
    bool is_dismissed;
    int alive[2]; /* closed with the master: the workers' sign to go */
    struct timer fill, retire;
    void (*on_change)(void);
} crew; /* process-wide: the master's workers */

static void on_timer(struct timer *t)
{
    UNUSED(t);
    crew.on_change();
}

void crew_init(void (*on_change)(void))
{
    list_init(&crew.seats);
    crew.on_change = on_change;
    CHECK(pipe2(crew.alive, O_CLOEXEC) == 0);
    timer_init(&crew.fill, on_timer);
    timer_init(&crew.retire, on_timer);
}

bool crew_is_gone(void)
{
    return list_is_empty(&crew.seats);
}

static void on_child(struct child *c, int status)
{
    struct seat *s = CONTAINER_OF(c, struct seat, child);

    signals_log(SIGCHLD, s->pid, "");
    seat_stop_watch(s);
    s->state = SEAT_ENDED;
    s->status = status;
    crew.on_change();
}

/* In the child: what belongs to the master is forgotten. */
static void forget_master(void)
{
    timer_stop(&crew.fill);
    timer_stop(&crew.retire);
    LIST_FOR (it, &crew.seats) {
        seat_stop_watch(CONTAINER_OF(it, struct seat, node));
    }
    close(crew.alive[1]);
    rand_after_fork();
    signal_after_fork();
    loop_after_fork();
}

static bool enter_directory(const char *path)
{
    if (!path || chdir(path) == 0)
        return true;
    log_write(NULL, LOG_ALERT, "chdir(\"%s\") failed (%d: %s)", path, errno, strerror(errno));
    return false;
}

NORETURN static void run_worker(struct seat *s)
{
    struct worker_task task = {.conf = crew.conf,
                               .id = s->id,
                               .count = crew.count,
                               .heartbeat = s->heartbeat,
                               .alive_fd = crew.alive[0]};

    forget_master();
    title_set("%s: %s", product_name(), seat_title(s));
    resources_take(crew.conf, s->id);
    if (s->id != APP_AGENT && !privs_drop(crew.privs))
        exit(2);
    if (!enter_directory(crew.conf->working_directory))
        exit(2);
    worker_serve(&task);
    exit(0);
}

static void fill_seat(struct seat *s)
{
    pid_t pid;

    heartbeat_free(&s->heartbeat);
    s->heartbeat = heartbeat_new();
    s->started_at = clock_ms();
    signals_block();
    tls_tickets_renew(); /* the worker inherits the secret, so that all read each other's tickets */
    pid = fork();
    if (pid == 0)
        run_worker(s);
    if (pid < 0) {
        signals_unblock();
        log_write(NULL, LOG_ALERT, "fork() failed while spawning \"%s\" (%d: %s)", seat_title(s),
                  errno, strerror(errno));
        s->state = SEAT_VACANT;
        s->due = clock_ms() + YOUNG;
        return;
    }
    s->pid = pid;
    s->state = SEAT_TAKEN;
    log_write(NULL, LOG_NOTICE, "start %s %d", seat_title(s), (int)pid);
    child_watch(&s->child, pid, on_child);
    seat_watch(s, crew.conf->worker_watchdog);
    signals_unblock();
}

static void remove_seat(struct seat *s)
{
    list_remove(&s->node);
    seat_free(&s);
}

static void add_seat(int id)
{
    struct seat *s = seat_new(id, crew.generation);

    list_append(&crew.seats, &s->node);
    fill_seat(s);
}

void crew_start(struct app_conf *conf, const struct privs *privs)
{
    crew.conf = conf;
    crew.privs = privs;
    crew.count = conf_count_workers(conf);
    crew.generation++;
    fair_share_open(crew.count);
    server_counts_open(crew.count);
    crew.died_young = 0;
    crew.is_dismissed = false;
    log_write(NULL, LOG_NOTICE, "start worker processes");
    for (int i = 0; i < crew.count; i++)
        add_seat(i);
    if (conf->has_agent)
        add_seat(APP_AGENT);
    if (crew.generation > 1)
        timer_start(&crew.retire, READY_POLL);
}

void crew_signal(int signum)
{
    LIST_FOR (it, &crew.seats) {
        struct seat *s = CONTAINER_OF(it, struct seat, node);

        if (s->state == SEAT_TAKEN && kill(s->pid, signum) < 0 && errno != ESRCH)
            log_write(NULL, LOG_ALERT, "kill(%d, %d) failed (%d: %s)", (int)s->pid, signum, errno,
                      strerror(errno));
    }
}

void crew_dismiss(void)
{
    crew.is_dismissed = true;
    timer_stop(&crew.fill);
    timer_stop(&crew.retire);
    LIST_FOR_SAFE (it, &crew.seats) {
        struct seat *s = CONTAINER_OF(it, struct seat, node);

        if (s->state == SEAT_VACANT)
            remove_seat(s);
    }
}

static uint64_t delay_of(unsigned died_young)
{
    unsigned doublings;

    if (died_young <= YOUNG_FREE)
        return 0;
    doublings = MIN(died_young - YOUNG_FREE - 1, 16u);
    return MIN((uint64_t)DELAY_FIRST << doublings, (uint64_t)DELAY_MOST);
}

static void note_end(struct seat *s)
{
    uint64_t delay;

    seat_log_end(s);
    if (crew.is_dismissed || s->generation != crew.generation) {
        remove_seat(s);
        return;
    }
    crew.died_young = clock_ms() - s->started_at < YOUNG ? crew.died_young + 1 : 0;
    delay = delay_of(crew.died_young);
    if (delay)
        log_write(NULL, LOG_ALERT, "workers die young: the next one starts in %llu ms",
                  (unsigned long long)delay);
    s->state = SEAT_VACANT;
    s->due = clock_ms() + delay;
}

/* Old workers go when the new ones serve. */
static void retire_old(void)
{
    bool is_any_old = false;

    LIST_FOR (it, &crew.seats) {
        struct seat *s = CONTAINER_OF(it, struct seat, node);

        if (s->generation == crew.generation && !seat_is_ready(s)) {
            timer_start(&crew.retire, READY_POLL);
            return;
        }
        is_any_old |= s->generation != crew.generation && !s->is_leaving;
    }
    LIST_FOR (it, &crew.seats) {
        struct seat *s = CONTAINER_OF(it, struct seat, node);

        if (is_any_old && s->generation != crew.generation && !s->is_leaving) {
            s->is_leaving = true;
            if (s->state == SEAT_TAKEN)
                kill(s->pid, SIGQUIT);
        }
    }
}

static void fill_vacant(void)
{
    LIST_FOR (it, &crew.seats) {
        struct seat *s = CONTAINER_OF(it, struct seat, node);

        if (s->state != SEAT_VACANT)
            continue;
        if (s->due <= clock_ms())
            fill_seat(s);
        if (s->state == SEAT_VACANT)
            timer_start(&crew.fill, s->due > clock_ms() ? s->due - clock_ms() : 1);
    }
}

void crew_attend(void)
{
    LIST_FOR_SAFE (it, &crew.seats) {
        struct seat *s = CONTAINER_OF(it, struct seat, node);

        if (s->state == SEAT_ENDED)
            note_end(s);
    }
    if (crew.is_dismissed)
        return;
    fill_vacant();
    if (crew.generation > 1)
        retire_old();
}
