/* "perilune.core.task": the few primitives that lua/perilune/{task,deferred,time}.lua are built
 * from.
 *
 * A task is named to Lua by a light userdata; together with the number of a wait it can be woken at
 * any time. */
#include <lauxlib.h>
#include <math.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "bind/co.h"
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

/* wake(task, number) */
static int l_wake(lua_State *L)
{
    co_wake(lua_touserdata(L, 1), (uint32_t)lua_tonumber(L, 2));
    return 0;
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

/* spawn(fn, ...) → task: queued, runs later in this turn */
static int l_spawn(lua_State *L)
{
    struct co *co;
    int n = lua_gettop(L);

    luaL_checktype(L, 1, LUA_TFUNCTION);
    co = co_new(co_current() ? co_current()->user : NULL, NULL);
    if (co_current())
        co->log = co_current()->log;
    lua_checkstack(co->L, n);
    lua_xmove(L, co->L, n);
    co_queue(co, n - 1);
    lua_pushlightuserdata(L, co);
    return 1;
}

/* cancel(task, error) */
static int l_cancel(lua_State *L)
{
    lua_settop(L, 2);
    co_cancel(lua_touserdata(L, 1), L);
    return 0;
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
    int fn; /* registry reference, LUA_NOREF when it does not run */
    int self;
};

static void release_timer(lua_State *L, struct lua_timer *t)
{
    luaL_unref(L, LUA_REGISTRYINDEX, t->fn);
    luaL_unref(L, LUA_REGISTRYINDEX, t->self);
    t->fn = t->self = LUA_NOREF;
}

static void on_lua_timer(struct timer *timer)
{
    struct lua_timer *t = CONTAINER_OF(timer, struct lua_timer, timer);
    lua_State *L = vm_main();

    lua_rawgeti(L, LUA_REGISTRYINDEX, t->fn);
    release_timer(L, t);
    vm_call(0, 0, "timer");
}

/* timer(seconds, fn) → timer: calls fn() once, outside of any task */
static int l_timer(lua_State *L)
{
    double s = check_seconds(L, 1);
    struct lua_timer *t;

    luaL_checktype(L, 2, LUA_TFUNCTION);
    t = lua_newuserdata(L, sizeof *t);
    timer_init(&t->timer, on_lua_timer);
    lua_pushvalue(L, -1);
    t->self = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_pushvalue(L, 2);
    t->fn = luaL_ref(L, LUA_REGISTRYINDEX);
    luaL_getmetatable(L, "perilune.timer");
    lua_setmetatable(L, -2);
    timer_start(&t->timer, (uint64_t)ceil(s * 1000));
    return 1;
}

/* timer:stop() */
static int l_timer_stop(lua_State *L)
{
    struct lua_timer *t = luaL_checkudata(L, 1, "perilune.timer");

    timer_stop(&t->timer);
    release_timer(L, t);
    return 0;
}

/* The machine is being closed while the timer runs. */
static int l_timer_gc(lua_State *L)
{
    struct lua_timer *t = luaL_checkudata(L, 1, "perilune.timer");

    timer_stop(&t->timer);
    return 0;
}

static struct loop_call turn_call; /* process-wide: runs the Lua functions queued by next_turn */
static int turn_fn = LUA_NOREF;    /* process-wide: the Lua function that empties that queue */

static void on_turn(struct loop_call *call)
{
    lua_State *L = vm_main();

    (void)call;
    lua_rawgeti(L, LUA_REGISTRYINDEX, turn_fn);
    vm_call(0, 0, "next turn");
}

/* on_turn(fn): fn is called when a turn was asked for */
static int l_on_turn(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_settop(L, 1);
    turn_fn = luaL_ref(L, LUA_REGISTRYINDEX);
    loop_call_init(&turn_call, on_turn);
    return 0;
}

/* ask_turn() */
static int l_ask_turn(lua_State *L)
{
    (void)L;
    loop_next(&turn_call);
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

void lib_task_close(void)
{
    if (turn_call.fn)
        loop_cancel(&turn_call);
}

int lib_task(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"current", l_current}, {"begin_wait", l_begin_wait}, {"wake", l_wake},
        {"sleep", l_sleep},     {"clock", l_clock},           {"spawn", l_spawn},
        {"cancel", l_cancel},   {"locals", l_locals},         {"request_exit", l_request_exit},
        {"timer", l_timer},     {"on_turn", l_on_turn},       {"ask_turn", l_ask_turn},
        {"hold", l_hold},       {"count", l_count},           {NULL, NULL},
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
