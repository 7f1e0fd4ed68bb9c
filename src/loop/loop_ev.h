/* What the files of this layer share and nobody else sees: libev's loop, what keeps loop_run going,
 * and the hooks by which loop.c drives the timer wheel and the others. */
#ifndef LOOP_LOOP_EV_H
#define LOOP_LOOP_EV_H

#include <ev.h>

#include "base/base.h"

/* The one loop; NULL before loop_init. */
extern struct ev_loop *loop_ev; /* process-wide: loops are one per process */

/* How much there is that may still happen: watched io, foreground timers, children, holds. loop_run
 * goes on until it is 0. */
extern unsigned loop_ev_active; /* process-wide: counts for the one loop */

/* Set by child.c once there are children; loop.c calls it when they are not this process's any
 * more. NULL until then. */
extern void (*loop_ev_forget_children)(void); /* process-wide: children are the process's */

/* Empties the wheel and sets it to clock_ms(). */
void timer_init_wheel(void);

/* When the wheel next needs a look: never after the earliest deadline; UINT64_MAX when no timer is
 * armed. */
uint64_t timer_next(void);

/* Takes what is due by clock_ms() out of the wheel. Timers started from here on belong to a later
 * turn. */
void timer_collect(void);

/* Calls what timer_collect took and nobody stopped since, in the order of deadlines. */
void timer_fire(void);

#endif
