/* The scheduler of tasks (cancels: co_cancel.c, tickets: co_ticket.c). To suspend from a new kind
 * of operation: number a wait (co_begin_wait), keep the task and that number, let Lua yield the
 * wait token, and call co_wake when there is news; the Lua side then looks at the result itself.
 *
 * Task objects are never given back to malloc, so that a late co_wake with an old number is
 * harmless. */
#include "bind/co.h"

#include <lauxlib.h>

#include "base/check.h"
#include "base/mem.h"
#include "bind/co_cache.h"
#include "bind/co_ticket.h"
#include "bind/vm.h"
#include "loop/loop.h"

enum { RUNS_PER_TURN = 4096 };

static struct co *current;                           /* process-wide: the running task */
static struct list run_queue = LIST_INIT(run_queue); /* process-wide: tasks to resume */
static struct loop_call drain_call;                  /* process-wide: empties the run queue */
static void (*before_resume)(void);                  /* process-wide: of co_before_resume */
static unsigned n_tasks;                             /* process-wide: tasks that have not ended */
static struct {
    void (*fn)(void);
    struct list node;                  /* in the run queue */
} turn = {NULL, LIST_INIT(turn.node)}; /* process-wide: what runs behind the tasks that are ready */
static char wait_token;                /* process-wide: only its address matters */

void *co_wait_token(void)
{
    return &wait_token;
}

struct co *co_current(void)
{
    return current;
}

unsigned co_count(void)
{
    return n_tasks;
}

bool co_is_quiet(void)
{
    return list_is_empty(&run_queue);
}

void co_each(void (*fn)(struct co *co, void *arg), void *arg)
{
    struct co *co;

    for (uint32_t i = 0; (co = co_ticket_nth(i)) != NULL; i++)
        if (co->state != CO_ENDED)
            fn(co, arg);
}

static void on_sleep_over(struct timer *t)
{
    struct co *co = CONTAINER_OF(t, struct co, timer);

    co_wake(co, co->timer_wait);
}

/* Gives a task a coroutine of the machine that is open. */
static void attach(struct co *co)
{
    lua_State *L = vm_main();

    co->L = lua_newthread(L);
    co->anchor = luaL_ref(L, LUA_REGISTRYINDEX);
    co->cancel_ref = co->locals = LUA_NOREF;
}

static struct co *make_task(void)
{
    struct co *co = mem_new(struct co);

    co->id = co_ticket_number(co);
    list_init(&co->node);
    list_init(&co->children);
    list_init(&co->sibling);
    timer_init(&co->timer, on_sleep_over);
    return co;
}

/* A cancel that has not reached the parent yet is meant for what it still starts, too. */
static void join(struct co *co, struct co *parent)
{
    lua_State *L = vm_main();

    list_append(&parent->children, &co->sibling);
    if (!parent->has_cancel)
        return;
    lua_rawgeti(L, LUA_REGISTRYINDEX, parent->cancel_ref);
    co->cancel_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    co->has_cancel = true;
}

struct co *co_new(void *user, void (*on_end)(struct co *co, enum co_result result, int n))
{
    struct co *co = co_cache_take();

    if (!co)
        co = make_task();
    if (!co->L)
        attach(co);
    co->state = CO_NEW;
    co->is_woken = co->wants_exit = co->has_cancel = co->is_cancel_late = false;
    co->waits_in_c = false;
    co->finish = NULL;
    co->what = NULL;
    co->queued_args = 0;
    co->user = user;
    co->log = NULL;
    co->doing = NULL;
    co->on_end = on_end;
    if (current)
        join(co, current);
    n_tasks++;
    return co;
}

static void run_defers(struct co *co)
{
    lua_State *L = vm_main();

    if (vm_push_function("perilune.task", "_run_defers")) {
        lua_rawgeti(L, LUA_REGISTRYINDEX, co->locals);
        vm_call(1, 0, "task.defer");
    }
    luaL_unref(L, LUA_REGISTRYINDEX, co->locals);
    co->locals = LUA_NOREF;
}

static void recycle(struct co *co, enum co_result result)
{
    if (co->cancel_ref != LUA_NOREF) {
        luaL_unref(vm_main(), LUA_REGISTRYINDEX, co->cancel_ref);
        co->cancel_ref = LUA_NOREF;
    }
    co_cache_put(co, result == CO_OK);
}

static void log_failure(struct co *co, enum co_result result)
{
    if (result == CO_FAILED)
        log_write(co->log, LOG_ERROR, "task failed: %s", co_traceback(co));
}

/* Who set on_end looks after the task himself. */
static void orphan_unwatched(struct co *co)
{
    if (!co->on_end)
        co_orphan(co);
}

void co_orphan(struct co *co)
{
    co->user = NULL;
    co->log = NULL;
    LIST_FOR (n, &co->children)
        orphan_unwatched(CONTAINER_OF(n, struct co, sibling));
}

/* The children of a task that ends become its parent's, so that a cancel still reaches them. */
static void give_children_away(struct co *co)
{
    bool has_parent = !list_is_empty(&co->sibling);
    struct list *n;

    if (has_parent)
        list_splice(&co->sibling, &co->children);
    while ((n = list_pop(&co->children)) != NULL)
        orphan_unwatched(CONTAINER_OF(n, struct co, sibling));
    list_remove(&co->sibling);
}

static void end_task(struct co *co, enum co_result result, int n)
{
    co->state = CO_ENDED;
    co->wait += 2; /* neither the number of its last wait nor of its wake: the object is reused */
    timer_stop(&co->timer);
    list_remove(&co->node);
    give_children_away(co);
    n_tasks--;
    if (co->on_end)
        co->on_end(co, result, n);
    else
        log_failure(co, result);
    if (co->locals != LUA_NOREF)
        run_defers(co);
    recycle(co, result);
}

static void on_drain(struct loop_call *call);

static void expect_drain(void)
{
    if (!drain_call.fn)
        loop_call_init(&drain_call, on_drain);
    if (!loop_call_is_queued(&drain_call))
        loop_next(&drain_call);
}

static void enqueue(struct co *co)
{
    co->state = CO_QUEUED;
    list_append(&run_queue, &co->node);
    expect_drain();
}

/* Has the task yielded because it waits? The token is on top of its stack; anything else gives way.
 */
static void after_yield(struct co *co)
{
    bool is_wait = lua_gettop(co->L) > 0 && lua_touserdata(co->L, -1) == &wait_token;

    lua_settop(co->L, 0);
    if (co->wants_exit) {
        end_task(co, CO_EXITED, 0);
        return;
    }
    co->state = CO_WAITING;
    if (!is_wait || co->is_woken || co->has_cancel)
        enqueue(co);
}

void co_before_resume(void (*fn)(void))
{
    before_resume = fn;
}

static void resume(struct co *co, int nargs)
{
    struct co *before = current;
    int rc;

    CHECK(co->state != CO_RUNNING);
    co->state = CO_RUNNING;
    co->is_woken = false;
    current = co;
    if (UNLIKELY(before_resume != NULL))
        before_resume();
    if (UNLIKELY(co->doing != NULL))
        log_set_doing(co->doing);
    rc = lua_resume(co->L, nargs);
    if (UNLIKELY(co->doing != NULL))
        log_set_doing(NULL);
    current = before;
    if (rc == LUA_YIELD)
        after_yield(co);
    else if (rc == 0)
        end_task(co, CO_OK, lua_gettop(co->L));
    else
        end_task(co, CO_FAILED, 1);
}

/* Pushes the error of a cancel, which is delivered by that. */
static void push_cancel(struct co *co)
{
    co->has_cancel = false;
    lua_rawgeti(co->L, LUA_REGISTRYINDEX, co->cancel_ref);
    luaL_unref(co->L, LUA_REGISTRYINDEX, co->cancel_ref);
    co->cancel_ref = LUA_NOREF;
}

/* The results of co_wait_for, or CO_WAIT_ON. */
static int finish_wait(struct co *co)
{
    struct co *before = current;
    int n;

    if (co->has_cancel) {
        lua_pushnil(co->L);
        lua_pushlightuserdata(co->L, &wait_token);
        push_cancel(co);
        return 3;
    }
    co->state = CO_RUNNING;
    current = co;
    n = co->finish(co->L, co->what);
    current = before;
    co->state = n == CO_WAIT_ON ? CO_WAITING : CO_QUEUED;
    return n;
}

static void resume_in_c(struct co *co)
{
    int n = 1;

    if (!co->finish && co->has_cancel) {
        co->waits_in_c = false;
        end_task(co, CO_EXITED, 0);
        return;
    }
    if (co->finish)
        n = finish_wait(co);
    else
        lua_pushinteger(co->L, 1);
    if (n == CO_WAIT_ON) {
        if (co->is_woken)
            enqueue(co);
        return;
    }
    co->waits_in_c = false;
    co->finish = NULL;
    co->what = NULL;
    resume(co, n);
}

/* What a wait returns: nothing, or the error of a cancel and whether it came too late. */
static void resume_waiting(struct co *co)
{
    timer_stop(&co->timer);
    if (UNLIKELY(co->waits_in_c)) {
        resume_in_c(co);
        return;
    }
    if (!co->has_cancel) {
        resume(co, 0);
        return;
    }
    push_cancel(co);
    lua_pushboolean(co->L, co->is_cancel_late);
    resume(co, 2);
}

static void run_task(struct co *co)
{
    int nargs = co->queued_args;

    if (nargs < 0) {
        resume_waiting(co);
        return;
    }
    co->queued_args = -1;
    resume(co, nargs);
}

static void on_drain(struct loop_call *call)
{
    for (unsigned i = 0; i < RUNS_PER_TURN; i++) {
        struct list *n = list_pop(&run_queue);

        if (!n)
            return;
        if (n == &turn.node)
            turn.fn();
        else
            run_task(CONTAINER_OF(n, struct co, node));
    }
    if (!list_is_empty(&run_queue))
        loop_next(call);
}

void co_set_turn(void (*fn)(void))
{
    turn.fn = fn;
}

void co_ask_turn(void)
{
    if (!list_is_empty(&turn.node))
        return;
    list_append(&run_queue, &turn.node);
    expect_drain();
}

void co_start(struct co *co, int nargs)
{
    co->queued_args = -1;
    resume(co, nargs);
}

void co_queue(struct co *co, int nargs)
{
    co->queued_args = nargs;
    enqueue(co);
}

void co_queue_first(struct co *co, int nargs)
{
    co->queued_args = nargs;
    co->state = CO_QUEUED;
    list_prepend(&run_queue, &co->node);
    expect_drain();
}

uint32_t co_begin_wait(struct co *co)
{
    co->is_woken = false;
    return ++co->wait;
}

uint32_t co_begin_sleep(struct co *co, uint64_t ms)
{
    co->timer_wait = co_begin_wait(co);
    timer_start(&co->timer, ms);
    return co->timer_wait;
}

bool co_wake(struct co *co, uint32_t wait)
{
    if (co->wait != wait)
        return false;
    if (co->state == CO_WAITING) {
        co->wait++;
        enqueue(co);
        return true;
    }
    if (co->state == CO_RUNNING)
        co->is_woken = true;
    return co->state == CO_RUNNING;
}

void co_wake_ticket(double ticket)
{
    uint32_t wait;
    struct co *co = co_ticket_task(ticket, &wait);

    if (co)
        co_wake(co, wait);
}

bool co_is_waiting(double ticket)
{
    uint32_t wait;
    struct co *co = co_ticket_task(ticket, &wait);

    return co && co->wait == wait;
}

void co_detach(struct co *co)
{
    list_remove(&co->sibling);
    co->user = NULL;
    co->log = NULL;
    if (!co->has_cancel)
        return;
    luaL_unref(co->L, LUA_REGISTRYINDEX, co->cancel_ref);
    co->cancel_ref = LUA_NOREF;
    co->has_cancel = false;
}

void co_stand_beside(struct co *co, struct co *other)
{
    list_remove(&co->sibling);
    if (!list_is_empty(&other->sibling))
        list_append(&other->sibling, &co->sibling);
}

int co_wait_in_c(lua_State *L)
{
    current->waits_in_c = true;
    lua_pushlightuserdata(L, &wait_token);
    return lua_yield(L, 1);
}

int co_wait_for(lua_State *L, co_finish_fn finish, void *what)
{
    if (!lua_isyieldable(L))
        return luaL_error(L, "attempt to yield across C-call boundary");
    current->finish = finish;
    current->what = what;
    return co_wait_in_c(L);
}

void co_forget(struct co *co, const void *what)
{
    if (co && co->what == what)
        co->what = NULL;
}

void co_request_exit(struct co *co)
{
    co->wants_exit = true;
}

void co_shutdown(void)
{
    struct co *co;

    if (drain_call.fn)
        loop_cancel(&drain_call);
    list_remove(&turn.node);
    co_cache_forget();
    /* somebody may still hold an old ticket: the tasks stay, ended, for the next machine */
    for (uint32_t i = 0; (co = co_ticket_nth(i)) != NULL; i++) {
        timer_stop(&co->timer);
        list_remove(&co->node);
        list_remove(&co->sibling);
        list_init(&co->children);
        co->state = CO_ENDED;
        co_cache_put_bare(co);
    }
    n_tasks = 0;
}
