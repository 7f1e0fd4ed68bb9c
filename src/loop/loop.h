/* The event loop: one per process. A turn = wait for events, run their callbacks, fire timers, run
 * the next-turn queue, run the end-of-turn queue (flushes), free what was released. clock_update()
 * is called once after each wait. */
#ifndef LOOP_LOOP_H
#define LOOP_LOOP_H

#include "base/base.h"
#include "base/list.h"

/* A call to be made later; embedded in its owner. */
struct loop_call {
    struct list node;
    void (*fn)(struct loop_call *call);
};

enum loop_backend { LOOP_BEST, LOOP_EPOLL, LOOP_POLL, LOOP_SELECT };

/* Makes the process's loop. To be called once, before anything else of this layer. */
void loop_init(enum loop_backend backend);

/* After fork, in the child: forgets the parent's kernel state and its children; other watchers
 * stay. */
void loop_after_fork(void);

/* Frees the loop. Every watcher must be stopped (CHECK); signals go back to their defaults. */
void loop_deinit(void);

/* Runs turns until loop_stop, or until nothing is left that could ever happen (no io, no
 * timer but background ones, no child, no queued call, no hold; signals do not count). */
void loop_run(void);

/* loop_run returns at the end of the current turn. */
void loop_stop(void);

/* Runs one turn; waits for events only when `wait` and nothing is queued. */
void loop_turn(bool wait);

/* `fn` is called before each look for events, which may be a wait; NULL: nothing is. */
void loop_before_wait(void (*fn)(void));

/* Prepares a call; not queued. */
void loop_call_init(struct loop_call *c, void (*fn)(struct loop_call *call));

/* Queues `c` for right after the callbacks of this turn's events, before timers: what several of
 * those want to have done together. */
void loop_after_events(struct loop_call *c);

/* Queues `c` for after the callbacks of this turn's events, in order. Calls queued from within such
 * a call run in the next turn (the loop does not wait then). Queueing again while queued does
 * nothing. */
void loop_next(struct loop_call *c);

/* Queues `c` for the end of this turn, behind all loop_next calls of the turn: where output is
 * flushed. */
void loop_at_end(struct loop_call *c);

/* Queues `c` for behind even those: what several of them want to have done together. */
void loop_last(struct loop_call *c);

/* Takes it out of its queue, if it is in one. */
void loop_cancel(struct loop_call *c);

/* Is it queued? */
static inline bool loop_call_is_queued(const struct loop_call *c)
{
    return !list_is_empty(&c->node);
}

/* Calls `fn(p)` when the turn has ended: for objects that may still be on the C stack. */
void loop_free_later(void *p, void (*fn)(void *p));

/* Keeps loop_run from returning while > 0 (a task that waits for something the loop does not see).
 */
void loop_hold(void);

/* Undoes one loop_hold. */
void loop_release(void);

#endif
