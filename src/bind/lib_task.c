/* "perilune.core.task": the few primitives that lua/perilune/{task,deferred,time}.lua are built
 * from.
 *
 * A task is named to Lua by a light userdata; together with the number of a wait it can be woken at
 * any time. A ticket is both in one number. Timers of deferreds and streams: lib_timer.c. */
#include <lauxlib.h>
#include <math.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "bind/co.h"
#include "bind/handle.h"
#include "bind/lib.h"
#include "bind/vm.h"
#include "loop/loop.h"
#include "loop/timer.h"

static double check_seconds(lua_State *L, int arg)
{
    double s = luaL_checknumber(L, arg);

    if (!(s >= 0) || s > 1e9)
        luaL_argerror(L, arg, "seconds between 0 and 1e9 expected");
    return s;
}

/* current() → task or nil */
static int l_current(lua_State *L)
{
    if (!co_current())
        return 0;
    lua_pushlightuserdata(L, co_current());
    return 1;
}

/* begin_wait() → task, number; nothing outside of a task */
static int l_begin_wait(lua_State *L)
{
    struct co *co = co_current();

    if (!co)
        return 0;
    lua_pushlightuserdata(L, co);
    lua_pushnumber(L, co_begin_wait(co));
    return 2;
}

/* wake(task, number) → was it waiting for that? */
static int l_wake(lua_State *L)
{
    lua_pushboolean(L, co_wake(lua_touserdata(L, 1), (uint32_t)lua_tonumber(L, 2)));
    return 1;
}

/* sleep(seconds) → task, number: a wait that the task's own timer ends; nothing outside of a task
 */
static int l_sleep(lua_State *L)
{
    double s = check_seconds(L, 1);
    struct co *co = co_current();

    if (!co)
        return 0;
    lua_pushlightuserdata(L, co);
    lua_pushnumber(L, co_begin_sleep(co, (uint64_t)ceil(s * 1000)));
    return 2;
}

/* clock() → seconds of the loop's monotonic clock, cached for the turn */
static int l_clock(lua_State *L)
{
    lua_pushnumber(L, (double)clock_ms() / 1000);
    return 1;
}

static int queue_task(lua_State *L, struct co *co)
{
    int n = lua_gettop(L);

    lua_checkstack(co->L, n);
    lua_xmove(L, co->L, n);
    co_queue(co, n - 1);
    lua_pushlightuserdata(L, co);
    return 1;
}

/* spawn(fn, ...) → task: queued, runs later in this turn */
static int l_spawn(lua_State *L)
{
    struct co *co;

    luaL_checktype(L, 1, LUA_TFUNCTION);
    co = co_new(co_current() ? co_current()->user : NULL, NULL);
    if (co_current())
        co->log = co_current()->log;
    return queue_task(L, co);
}

/* spawn_detached(fn, ...) → task: the same without a parent */
static int l_spawn_detached(lua_State *L)
{
    struct co *co;

    luaL_checktype(L, 1, LUA_TFUNCTION);
    co = co_new(NULL, NULL);
    co_detach(co);
    return queue_task(L, co);
}

/* cancel(task, error) */
static int l_cancel(lua_State *L)
{
    lua_settop(L, 2);
    co_cancel(lua_touserdata(L, 1), L);
    return 0;
}

/* postpone_cancel(error): the running task's next wait raises it */
static int l_postpone_cancel(lua_State *L)
{
    lua_settop(L, 1);
    co_postpone_cancel(L);
    return 0;
}

/* is_quiet() → is no other task ready to run? */
static int l_is_quiet(lua_State *L)
{
    lua_pushboolean(L, co_is_quiet());
    return 1;
}

static void add_task(struct co *co, void *arg)
{
    lua_State *L = arg;

    if (co == co_current())
        return;
    lua_createtable(L, 2, 0);
    lua_rawgeti(L, LUA_REGISTRYINDEX, co->anchor);
    lua_rawseti(L, -2, 1);
    if (co->locals != LUA_NOREF) {
        lua_rawgeti(L, LUA_REGISTRYINDEX, co->locals);
        lua_rawseti(L, -2, 2);
    }
    lua_rawseti(L, -2, (int)lua_objlen(L, -2) + 1);
}

/* tasks() → array of {coroutine, table of its own or nil}: all that have not ended, but the running
 * one */
static int l_tasks(lua_State *L)
{
    lua_newtable(L);
    co_each(add_task, L);
    return 1;
}

/* locals(create) → the running task's own table, or nil */
static int l_locals(lua_State *L)
{
    struct co *co = co_current();

    if (!co)
        return 0;
    if (co->locals == LUA_NOREF) {
        if (!lua_toboolean(L, 1))
            return 0;
        lua_newtable(L);
        lua_pushvalue(L, -1);
        co->locals = luaL_ref(L, LUA_REGISTRYINDEX);
        return 1;
    }
    lua_rawgeti(L, LUA_REGISTRYINDEX, co->locals);
    return 1;
}

/* exit(): the running task ends with its next yield */
static int l_request_exit(lua_State *L)
{
    (void)L;
    if (co_current())
        co_request_exit(co_current());
    return 0;
}

struct lua_timer {
    struct timer timer;
    struct handle_call call; /* while it runs */
};

static void on_lua_timer(struct timer *timer)
{
    struct lua_timer *t = CONTAINER_OF(timer, struct lua_timer, timer);
    lua_State *L = vm_main();

    handle_take(L, &t->call);
    vm_call(0, 0, "timer");
}

static int start_timer(lua_State *L, bool is_background)
{
    double s = check_seconds(L, 1);
    struct lua_timer *t;

    luaL_checktype(L, 2, LUA_TFUNCTION);
    t = lua_newuserdata(L, sizeof *t);
    timer_init(&t->timer, on_lua_timer);
    if (is_background)
        timer_set_background(&t->timer);
    handle_hold(L, &t->call, 2);
    luaL_getmetatable(L, "perilune.timer");
    lua_setmetatable(L, -2);
    timer_start(&t->timer, (uint64_t)ceil(s * 1000));
    return 1;
}

/* timer(seconds, fn) → timer: calls fn() once, outside of any task */
static int l_timer(lua_State *L)
{
    return start_timer(L, false);
}

/* background_timer(seconds, fn) → timer: the same; the process does not wait for it */
static int l_background_timer(lua_State *L)
{
    return start_timer(L, true);
}

/* timer:stop() */
static int l_timer_stop(lua_State *L)
{
    struct lua_timer *t = luaL_checkudata(L, 1, "perilune.timer");

    timer_stop(&t->timer);
    handle_drop(L, &t->call);
    return 0;
}

/* The machine is being closed while the timer runs. */
static int l_timer_gc(lua_State *L)
{
    struct lua_timer *t = luaL_checkudata(L, 1, "perilune.timer");

    timer_stop(&t->timer);
    return 0;
}

static int turn_fn = LUA_NOREF; /* process-wide: the Lua function that works off reactions */

static void on_turn(void)
{
    lua_State *L = vm_main();

    lua_rawgeti(L, LUA_REGISTRYINDEX, turn_fn);
    vm_call(0, 0, "next turn");
}

/* on_turn(fn): fn is called behind the tasks that are ready when a turn was asked for */
static int l_on_turn(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_settop(L, 1);
    turn_fn = luaL_ref(L, LUA_REGISTRYINDEX);
    co_set_turn(on_turn);
    return 0;
}

/* hold(boolean): keeps the loop running for something it does not see */
static int l_hold(lua_State *L)
{
    if (lua_toboolean(L, 1))
        loop_hold();
    else
        loop_release();
    return 0;
}

/* count() → tasks that have not ended */
static int l_count(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)co_count());
    return 1;
}

int lib_task(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"current", l_current},
        {"begin_wait", l_begin_wait},
        {"wake", l_wake},
        {"sleep", l_sleep},
        {"clock", l_clock},
        {"spawn", l_spawn},
        {"spawn_detached", l_spawn_detached},
        {"cancel", l_cancel},
        {"postpone_cancel", l_postpone_cancel},
        {"locals", l_locals},
        {"request_exit", l_request_exit},
        {"timer", l_timer},
        {"background_timer", l_background_timer},
        {"on_turn", l_on_turn},
        {"hold", l_hold},
        {"count", l_count},
        {"is_quiet", l_is_quiet},
        {"tasks", l_tasks},
        {NULL, NULL},
    };
    static const luaL_Reg timer_methods[] = {{"stop", l_timer_stop}, {NULL, NULL}};

    luaL_newmetatable(L, "perilune.timer");
    lua_newtable(L);
    luaL_register(L, NULL, timer_methods);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, l_timer_gc);
    lua_setfield(L, -2, "__gc");
    lua_pushliteral(L, "timer");
    lua_setfield(L, -2, "__name");
    lua_pop(L, 1);
    lua_newtable(L);
    luaL_register(L, NULL, functions);
    lua_pushlightuserdata(L, co_wait_token());
    lua_setfield(L, -2, "WAIT");
    return 1;
}
