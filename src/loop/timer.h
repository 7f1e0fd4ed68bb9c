/* Timers on a hierarchical wheel with millisecond ticks: arming and disarming are O(1), an idle
 * timer costs nothing.
 *
 * A timer never fires early: the tick that has begun is not counted. It may fire up to one tick
 * plus the length of a turn late. */
#ifndef LOOP_TIMER_H
#define LOOP_TIMER_H

#include "base/base.h"
#include "base/list.h"

struct timer {
    struct list node;
    uint64_t
        deadline; /* clock_ms() at which it fires; the top bit is kept for timer_set_background */
    void (*fn)(struct timer *t);
};

/* Prepares a timer that is not armed. */
void timer_init(struct timer *t, void (*fn)(struct timer *t));

/* Fires once, when `ms` whole ticks have passed since clock_ms() of this turn; re-arms when armed.
 * 0 fires in the next turn. */
void timer_start(struct timer *t, uint64_t ms);

/* Disarms; harmless when not armed. */
void timer_stop(struct timer *t);

/* Armed? */
static inline bool timer_is_active(const struct timer *t)
{
    return !list_is_empty(&t->node);
}

/* Milliseconds until it fires, 0 when it is due or not armed. */
uint64_t timer_left(const struct timer *t);

/* As timer_stop, and loop_run does not wait for this timer: for housekeeping. To be called right
 * after timer_init. */
void timer_set_background(struct timer *t);

/* Timers that are armed. */
unsigned timer_count(void);

#endif
