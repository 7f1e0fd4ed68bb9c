/* The turn of the loop.
 *
 * libev waits and dispatches descriptors and signals; all else is done here, around one ev_run per
 * turn:
 *
 *   ev_run           wait; on_woken, right behind the system call, refreshes the clock and
 *                    collects the timers that are due; callbacks of descriptors and signals
 *   `after_events`   what those have put together to be done at once (loop_after_events)
 *   timer_fire       the collected timers, behind the input that may have made them pointless
 *   `next`           loop_next, in order
 *   `at_end`         loop_at_end: output is decided on
 *   `last`           loop_last: what at_end has put together is sent
 *   releases         loop_free_later
 *
 * Each queue is taken as a whole before its first call runs, so that a call that queues itself
 * again cannot keep the loop from looking at its descriptors; such a call only keeps the next turn
 * from waiting.
 *
 * libev's own notion of "anything active" is not used: it holds one reference for ever, and
 * `loop_ev_active` counts what may keep loop_run going. libev's only timer wakes the wait for the
 * wheel. It is set just before a wait and only when the wheel needs an earlier one; when the
 * earliest timer was stopped, the old setting costs one empty turn.
 *
 * To add a kind of watcher: a file of its own on `loop_ev`, which counts itself in
 * `loop_ev_active`.
 */
#include "loop/loop.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/mem.h"
#include "loop/batch.h"
#include "loop/loop_ev.h"
#include "loop/signal.h"
#include "loop/timer.h"

struct release {
    void *p;
    void (*fn)(void *p);
};

static struct {
    ev_timer wakeup;
    uint64_t wakeup_at; /* clock_ms() for which wakeup is set; UINT64_MAX: not set */
    struct list after_events, next, at_end, last;
    void (*before_wait)(void);
    struct release *releases;
    size_t release_count, release_size;
    bool is_stopping, in_turn;
} loop; /* process-wide: there is one loop per process */

static void on_wait(struct ev_loop *ev) EV_NOEXCEPT
{
    UNUSED(ev);
    loop.before_wait();
}

static void on_woken(struct ev_loop *ev) EV_NOEXCEPT
{
    UNUSED(ev);
    clock_update();
    timer_collect();
}

static void on_wakeup(struct ev_loop *ev, ev_timer *w, int events)
{
    UNUSED(ev);
    UNUSED(w);
    UNUSED(events);
    loop.wakeup_at = UINT64_MAX;
}

static unsigned backend_flag(enum loop_backend backend)
{
    switch (backend) {
    case LOOP_EPOLL:
        return EVBACKEND_EPOLL;
    case LOOP_POLL:
        return EVBACKEND_POLL;
    case LOOP_SELECT:
        return EVBACKEND_SELECT;
    case LOOP_BEST:
        break;
    }
    /* libev has backends that it prefers and that cost more per event than epoll */
    return ev_supported_backends() & EVBACKEND_EPOLL ? EVBACKEND_EPOLL : EVFLAG_AUTO;
}

void loop_init(enum loop_backend backend)
{
    CHECK(!loop_ev);
    /* not the default loop: that one would reap every child of the process */
    loop_ev = ev_loop_new(backend_flag(backend) | EVFLAG_NOENV);
    if (!loop_ev)
        PANIC("the event loop cannot be made");
    ev_ref(loop_ev);
    ev_set_loop_release_cb(loop_ev, NULL, on_woken);
    ev_timer_init(&loop.wakeup, on_wakeup, 0, 0);
    loop.wakeup_at = UINT64_MAX;
    list_init(&loop.after_events);
    list_init(&loop.next);
    list_init(&loop.at_end);
    list_init(&loop.last);
    loop.is_stopping = false;
    loop_ev_active = 0;
    clock_update();
    timer_init_wheel();
}

static void forget_children(void)
{
    if (loop_ev_forget_children)
        loop_ev_forget_children();
}

void loop_after_fork(void)
{
    ev_loop_fork(loop_ev);
    batch_end();
    forget_children();
}

static void run_releases(void)
{
    for (size_t i = 0; i < loop.release_count; i++) {
        struct release r =
            loop.releases[i]; /* a copy: fn may release more, which moves the array */

        r.fn(r.p);
    }
    loop.release_count = 0;
}

void loop_deinit(void)
{
    CHECK(!loop.in_turn);
    run_releases();
    CHECK(loop_ev_active == 0 && timer_count() == 0);
    batch_end();
    forget_children();
    signal_after_fork(); /* drops what is left of them */
    mem_free(loop.releases);
    loop.releases = NULL;
    loop.release_size = 0;
    ev_timer_stop(loop_ev, &loop.wakeup);
    ev_loop_destroy(loop_ev);
    loop_ev = NULL;
}

/* Sees to it that the wait ends when the wheel wants it. False: something is due already. */
static bool set_wakeup(void)
{
    uint64_t next = timer_next(), now = clock_ms();

    if (next <= now)
        return false;
    if (next < loop.wakeup_at) {
        ev_timer_stop(loop_ev, &loop.wakeup);
        ev_timer_set(&loop.wakeup, (double)(next - now) / 1e3, 0);
        ev_timer_start(loop_ev, &loop.wakeup);
        loop.wakeup_at = next;
    }
    return true;
}

static void run_queue(struct list *queue)
{
    struct list calls, *node;

    if (list_is_empty(queue))
        return;
    list_init(&calls);
    list_splice(&calls, queue);
    while ((node = list_pop(&calls)) != NULL) {
        struct loop_call *c = CONTAINER_OF(node, struct loop_call, node);

        c->fn(c);
    }
}

static bool has_queued(void)
{
    return !list_is_empty(&loop.after_events) || !list_is_empty(&loop.next) ||
           !list_is_empty(&loop.at_end) || !list_is_empty(&loop.last);
}

void loop_turn(bool wait)
{
    CHECK(!loop.in_turn);
    loop.in_turn = true;
    ev_run(loop_ev, wait && !has_queued() && set_wakeup() ? EVRUN_ONCE : EVRUN_NOWAIT);
    run_queue(&loop.after_events);
    timer_fire();
    run_queue(&loop.next);
    run_queue(&loop.at_end);
    run_queue(&loop.last);
    if (loop.release_count)
        run_releases();
    loop.in_turn = false;
}

static bool is_alive(void)
{
    return loop_ev_active || has_queued();
}

void loop_run(void)
{
    while (!loop.is_stopping && is_alive())
        loop_turn(true);
    loop.is_stopping = false;
}

void loop_stop(void)
{
    loop.is_stopping = true;
}

void loop_before_wait(void (*fn)(void))
{
    loop.before_wait = fn;
    ev_set_loop_release_cb(loop_ev, fn ? on_wait : NULL, on_woken);
}

void loop_call_init(struct loop_call *c, void (*fn)(struct loop_call *call))
{
    list_init(&c->node);
    c->fn = fn;
}

static inline void queue(struct list *queue, struct loop_call *c)
{
    if (!loop_call_is_queued(c))
        list_append(queue, &c->node);
}

void loop_after_events(struct loop_call *c)
{
    queue(&loop.after_events, c);
}

void loop_next(struct loop_call *c)
{
    queue(&loop.next, c);
}

void loop_at_end(struct loop_call *c)
{
    queue(&loop.at_end, c);
}

void loop_last(struct loop_call *c)
{
    queue(&loop.last, c);
}

void loop_cancel(struct loop_call *c)
{
    list_remove(&c->node);
}

void loop_free_later(void *p, void (*fn)(void *p))
{
    if (loop.release_count == loop.release_size) {
        loop.release_size = loop.release_size ? 2 * loop.release_size : 64;
        loop.releases = mem_realloc(loop.releases, loop.release_size * sizeof(loop.releases[0]));
    }
    loop.releases[loop.release_count++] = (struct release){p, fn};
}

void loop_hold(void)
{
    loop_ev_active++;
}

void loop_release(void)
{
    CHECK(loop_ev_active > 0);
    loop_ev_active--;
}
