/* Tasks: Lua coroutines run by the loop. The only caller of lua_resume.
 *
 * A task runs until it ends or yields. `await` yields the wait token after begin_wait has given it
 * a number; co_wake with that number queues it again. Any other yield at the top level gives way to
 * the other tasks. Coroutines are pooled. A ticket names a task and one wait of it in a single Lua
 * number. */
#ifndef BIND_CO_H
#define BIND_CO_H

#include <lua.h>

#include "base/err.h"
#include "base/list.h"
#include "base/log.h"
#include "loop/timer.h"

enum co_state { CO_NEW, CO_QUEUED, CO_RUNNING, CO_WAITING, CO_ENDED };

enum co_result {
    CO_OK,     /* the results are on co->L, `n` of them */
    CO_FAILED, /* the error value is on top of co->L; the stack is not unwound: a traceback can be
                  made */
    CO_EXITED, /* left by co_request_exit; no results */
};

/* Pushes what the function that waits for `what` (NULL: gone) returns, and answers how many
 * results; CO_WAIT_ON: nothing yet, another wait was begun. */
typedef int (*co_finish_fn)(lua_State *L, void *what);

enum { CO_WAIT_ON = -1 };

struct co {
    lua_State *L;
    int anchor; /* registry reference of L */
    enum co_state state;
    uint32_t id;   /* its place among all tasks, for ever */
    uint32_t wait; /* number of the current or last wait */
    bool is_woken; /* woken while still running */
    bool wants_exit;
    bool waits_in_c;     /* see co_wait_in_c */
    bool has_cancel;     /* a cancel waits to be delivered: error value in the registry under
                            `cancel_ref` */
    bool is_cancel_late; /* what the task waited for had come before the cancel did */
    int cancel_ref;
    int locals;       /* registry reference of the task's own table (defer, task-local values) or
                         LUA_NOREF */
    int queued_args;  /* arguments on L for the first run */
    struct list node; /* in the run queue */
    struct list children, sibling;
    struct timer timer; /* of sleep: ends wait number `timer_wait` */
    uint32_t timer_wait;
    co_finish_fn finish; /* of co_wait_for; NULL: not inside one */
    void *what;
    void *user;  /* of whoever made it: a visit, or NULL */
    void *owner; /* what on_end works for when that is no visit; set by who makes the task */
    const struct log_ctx *log;
    const char *doing; /* see log_set_doing; while it runs, and those it starts; NULL: nothing */
    void (*on_end)(struct co *co, enum co_result result,
                   int n); /* the task is over; called once, before it is recycled */
};

/* A new task; the caller pushes a function and arguments on co->L, then calls co_start or co_queue.
 * `on_end` may be NULL (failures are then logged). The parent is the running task, if any. */
struct co *co_new(void *user, void (*on_end)(struct co *co, enum co_result result, int n));

/* Runs it now until it ends or waits. Not from inside Lua. */
void co_start(struct co *co, int nargs);

/* Runs it in a later turn of the run queue. */
void co_queue(struct co *co, int nargs);

/* Runs it as the next one of the run queue. */
void co_queue_first(struct co *co, int nargs);

/* The running task, or NULL. */
struct co *co_current(void);

/* Numbers a new wait of the running task. */
uint32_t co_begin_wait(struct co *co);

/* Numbers a wait of the running task that ends by itself after `ms`. */
uint32_t co_begin_sleep(struct co *co, uint64_t ms);

/* Queues the task when it still waits in wait number `wait`; harmless otherwise (also after its
 * end: tasks are type-stable). True: it did. */
bool co_wake(struct co *co, uint32_t wait);

/* The task and its wait number `wait` as one number that Lua can keep; exact in a double. */
double co_ticket(const struct co *co, uint32_t wait);

/* co_wake of what a ticket names; any number is harmless. */
void co_wake_ticket(double ticket);

/* Is the wait that a ticket names not over? Any number is harmless. */
bool co_is_waiting(double ticket);

/* Pops an error value from `L` and delivers it where the task waits (now queued), or at its next
 * wait; its children too. */
void co_cancel(struct co *co, lua_State *L);

/* The task, and those below it that have no on_end, belong to nobody any more: what they worked for
 * may end before them. Their user and log become NULL. */
void co_orphan(struct co *co);

/* Pops an error value from `L`: the running task was cancelled while what it waited for had come.
 * It may use that; the error is raised by its next wait. Its children know already. */
void co_postpone_cancel(lua_State *L);

/* A new task leaves its parent: it outlives whatever the parent works for. User and log become
 * NULL. */
void co_detach(struct co *co);

/* A new task leaves its parent for that of `other`, or for none when that has none: it is not
 * cancelled with `other`. */
void co_stand_beside(struct co *co, struct co *other);

/* Same as co_cancel with a constant: the error object that lerr_push makes. */
void co_cancel_err(struct co *co, const struct err *why);

/* `return co_wait_in_c(L)` ends a C function, not below another one (lua_isyieldable), whose wait
 * has been numbered: the function returns 1 when that is over. A cancel ends the task there
 * (CO_EXITED), because C has no place to raise it. Lua that waits is the rule; this is for what is
 * called often and waits seldom. */
int co_wait_in_c(lua_State *L);

/* `return co_wait_for(L, finish, what)` ends a C function whose wait has been numbered, as
 * co_wait_in_c does: it returns what `finish` pushes, which runs as this task when the wait is
 * over. A cancel has it return nil, the wait token and the error: its caller in Lua raises that. */
int co_wait_for(lua_State *L, co_finish_fn finish, void *what);

/* `what` is about to end: whoever waits for it will find NULL. `co` may be NULL. */
void co_forget(struct co *co, const void *what);

/* The running task will not be resumed after its next yield: it ends with CO_EXITED. */
void co_request_exit(struct co *co);

/* The token that `await` yields. */
void *co_wait_token(void);

/* A Lua value of the registry as text with the traceback of a failed task; in a buffer valid until
 * the next call. */
const char *co_traceback(struct co *co);

/* `fn` is called from the run queue, behind the tasks that are ready when co_ask_turn is called:
 * the reactions to what tasks have settled, which may wake others. */
void co_set_turn(void (*fn)(void));

/* Asks for one such call; harmless when it was asked for already. */
void co_ask_turn(void);

/* `fn` is called before each run of a task, from now on: it fills what Lua code reads without a
 * call. There is one such function. */
void co_before_resume(void (*fn)(void));

/* Tasks that have not ended. */
unsigned co_count(void);

/* Is no task ready to run, except the running one? */
bool co_is_quiet(void);

/* Calls `fn` for each task that has not ended; fn must neither start nor end one. */
void co_each(void (*fn)(struct co *co, void *arg), void *arg);

/* Forgets everything (the machine is about to be closed). */
void co_shutdown(void);

#endif
