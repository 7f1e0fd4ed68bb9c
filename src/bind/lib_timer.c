/* "perilune.core.timer": timers that Lua names by a number: what a deferred, a stream or a task's
 * clock waits for. One costs 48 bytes and no garbage; which object a number belongs to is kept by
 * lua/perilune/timers.lua.
 *
 * Slots are never given back; those of stopped and fired timers are used again. */
#include <lauxlib.h>
#include <math.h>

#include "base/mem.h"
#include "bind/lib.h"
#include "bind/vm.h"
#include "loop/timer.h"

enum { CHUNK = 512 };

struct slot {
    struct timer timer;
    uint32_t id; /* of a running timer; while free: the next free slot's, 0 at the end */
};

static struct {
    struct slot **chunks;
    uint32_t n_chunks, free;  /* free: id of a slot, 0: none */
    int fn;                   /* registry reference of what is called with the id when one fires */
} timers = {.fn = LUA_NOREF}; /* process-wide: the one machine's timers */

static struct slot *slot_of(uint32_t id)
{
    return &timers.chunks[(id - 1) / CHUNK][(id - 1) % CHUNK];
}

static void release(struct slot *slot, uint32_t id)
{
    slot->id = timers.free;
    timers.free = id;
}

static void on_timer(struct timer *t)
{
    struct slot *slot = CONTAINER_OF(t, struct slot, timer);
    uint32_t id = slot->id;
    lua_State *L = vm_main();

    release(slot, id);
    lua_rawgeti(L, LUA_REGISTRYINDEX, timers.fn);
    lua_pushnumber(L, id);
    vm_call(1, 0, "timer");
}

static void add_chunk(void)
{
    struct slot *chunk = mem_alloc(CHUNK * sizeof(*chunk));
    uint32_t first = timers.n_chunks * CHUNK + 1;

    timers.chunks = mem_realloc(timers.chunks, (timers.n_chunks + 1) * sizeof(*timers.chunks));
    timers.chunks[timers.n_chunks++] = chunk;
    for (uint32_t i = CHUNK; i > 0; i--) {
        timer_init(&chunk[i - 1].timer, on_timer);
        release(&chunk[i - 1], first + i - 1);
    }
}

/* start(seconds, is_background) → id, not 0; the process does not wait for a background timer */
static int l_start(lua_State *L)
{
    double s = luaL_checknumber(L, 1);
    uint32_t id;
    struct slot *slot;

    if (!(s >= 0) || s > 1e9)
        return luaL_argerror(L, 1, "seconds between 0 and 1e9 expected");
    if (timers.free == 0)
        add_chunk();
    id = timers.free;
    slot = slot_of(id);
    timers.free = slot->id;
    slot->id = id;
    timer_init(&slot->timer, on_timer);
    if (lua_toboolean(L, 2))
        timer_set_background(&slot->timer);
    timer_start(&slot->timer, (uint64_t)ceil(s * 1000));
    lua_pushnumber(L, id);
    return 1;
}

/* NULL when it does not run, or the machine is being closed. */
static struct slot *running_slot(lua_State *L)
{
    double id = lua_tonumber(L, 1);
    struct slot *slot;

    if (!(id >= 1) || id > (double)timers.n_chunks * CHUNK)
        return NULL;
    slot = slot_of((uint32_t)id);
    return timer_is_active(&slot->timer) ? slot : NULL;
}

/* stop(id): of a timer that has not fired */
static int l_stop(lua_State *L)
{
    struct slot *slot = running_slot(L);

    if (slot) {
        timer_stop(&slot->timer);
        release(slot, slot->id);
    }
    return 0;
}

/* left(id) → seconds until it fires, 0 when it does not run */
static int l_left(lua_State *L)
{
    struct slot *slot = running_slot(L);
    uint64_t left = slot ? timer_left(&slot->timer) : 0;

    lua_pushnumber(L, (double)left / 1e3);
    return 1;
}

/* on_fire(fn): fn(id) is called for each timer that fires, outside of any task */
static int l_on_fire(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_settop(L, 1);
    timers.fn = luaL_ref(L, LUA_REGISTRYINDEX);
    return 0;
}

void lib_timer_close(void)
{
    for (uint32_t i = 0; i < timers.n_chunks; i++) {
        for (uint32_t k = 0; k < CHUNK; k++)
            timer_stop(&timers.chunks[i][k].timer);
        mem_free(timers.chunks[i]);
    }
    mem_free(timers.chunks);
    timers.chunks = NULL;
    timers.n_chunks = timers.free = 0;
    timers.fn = LUA_NOREF;
}

int lib_timer(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"start", l_start},     {"stop", l_stop}, {"left", l_left},
        {"on_fire", l_on_fire}, {NULL, NULL},
    };

    lua_newtable(L);
    luaL_register(L, NULL, functions);
    return 1;
}
