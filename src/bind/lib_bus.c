/* "perilune.core.bus": messages between processes, see shm/bus.h. What lua/perilune/bus.lua makes
 * topics and subscriptions from.
 *
 * A process listens with one function for each channel; messages of channels that nobody listens to
 * never become Lua values. In a server the functions may be given before the workers are forked;
 * each of them listens from its start on. */
#include "bind/lib_bus.h"

#include <lauxlib.h>

#include "base/log.h"
#include "bind/arg.h"
#include "bind/lerr.h"
#include "bind/lib.h"
#include "bind/vm.h"
#include "loop/io.h"
#include "loop/loop.h"
#include "loop/timer.h"

enum { SCRIPT_SEATS = 4, SCRIPT_SIZE = 1 << 20, BATCH = 256, LOOK_AGAIN_MS = 1000 };

static struct {
    struct bus *bus;
    bool is_held_back; /* this process is going to be forked */
    bool is_listening;
    int fns[LIB_BUS_CHANNELS]; /* registry references; 0: none */
    struct io io;
    struct loop_call more;
    struct timer look;
} state; /* process-wide: this process's ear */

static struct bus *the_bus(void)
{
    if (!state.bus)
        state.bus = bus_new(SCRIPT_SEATS, SCRIPT_SIZE);
    return state.bus;
}

static void deliver(const struct bus_message *m)
{
    lua_State *L = vm_main();

    if (m->channel >= LIB_BUS_CHANNELS || !state.fns[m->channel])
        return;
    lua_rawgeti(L, LUA_REGISTRYINDEX, state.fns[m->channel]);
    lua_pushlstring(L, m->topic.p, m->topic.n);
    lua_pushlstring(L, m->data.p, m->data.n);
    lua_pushinteger(L, m->pid);
    vm_call(3, 0, "a message of the bus");
}

/* Others get their turn after a batch. */
static void drain(void)
{
    struct bus_message m;

    for (int i = 0; i < BATCH; i++) {
        if (!state.is_listening || !bus_next(state.bus, &m))
            return;
        deliver(&m);
    }
    loop_next(&state.more);
}

static void on_readable(struct io *io, int events)
{
    UNUSED(io);
    UNUSED(events);
    drain();
}

static void on_more(struct loop_call *call)
{
    UNUSED(call);
    drain();
}

/* A publisher that is killed between its message and the wake-up leaves a message that nobody was
 * told of. */
static void on_look(struct timer *t)
{
    drain();
    timer_start(t, LOOK_AGAIN_MS);
}

static bool start(void)
{
    int fd = bus_listen(the_bus());

    if (fd < 0) {
        log_write(NULL, LOG_ALERT, "the bus has no seat left for this process");
        return false;
    }
    state.is_listening = true;
    io_init(&state.io, fd, on_readable);
    io_watch(&state.io, IO_READ | IO_BACKGROUND);
    loop_call_init(&state.more, on_more);
    timer_init(&state.look, on_look);
    timer_set_background(&state.look);
    timer_start(&state.look, LOOK_AGAIN_MS);
    return true;
}

static void stop(void)
{
    if (!state.is_listening)
        return;
    state.is_listening = false;
    io_watch(&state.io, 0);
    loop_cancel(&state.more);
    timer_stop(&state.look);
    bus_leave(state.bus);
}

static bool is_wanted(void)
{
    for (int i = 0; i < LIB_BUS_CHANNELS; i++)
        if (state.fns[i])
            return true;
    return false;
}

void lib_bus_use(struct bus *b)
{
    state.bus = b;
    state.is_held_back = true;
}

void lib_bus_start(void)
{
    state.is_held_back = false;
    if (is_wanted())
        (void)start();
}

void lib_bus_close(void)
{
    stop();
    memset(state.fns, 0, sizeof(state.fns));
}

/* The descriptor does not keep a script going, what it has published itself does. */
static bool publish(uint32_t channel, struct slice topic, struct slice data)
{
    if (!bus_publish(the_bus(), channel, topic, data))
        return false;
    if (state.is_listening)
        loop_next(&state.more);
    return true;
}

void lib_bus_publish(uint32_t channel, struct slice topic, struct slice data)
{
    if (!publish(channel, topic, data))
        log_write(NULL, LOG_ERROR, "a message is too large for the bus");
}

static int check_channel(lua_State *L, int arg)
{
    int channel = (int)luaL_optinteger(L, arg, 0);

    luaL_argcheck(L, channel >= 0 && channel < LIB_BUS_CHANNELS, arg, "no such channel");
    return channel;
}

static void forget(lua_State *L, int channel)
{
    if (state.fns[channel])
        luaL_unref(L, LUA_REGISTRYINDEX, state.fns[channel]);
    state.fns[channel] = 0;
}

/* publish(topic, data [, channel]) → true; nil, error */
static int l_publish(lua_State *L)
{
    struct slice topic, data;

    topic = arg_slice(L, 1);
    data = arg_slice(L, 2);
    if (publish((uint32_t)check_channel(L, 3), topic, data)) {
        lua_pushboolean(L, true);
        return 1;
    }
    return lerr_return(L, &err_too_large, "a message of the bus");
}

/* listen(fn [, channel]) → true; nil, error. fn(topic, data, pid) for every message of the
 * channel (default 0) from now on; replaces an earlier function. It must not wait. */
static int l_listen(lua_State *L)
{
    int channel = check_channel(L, 2);

    luaL_checktype(L, 1, LUA_TFUNCTION);
    if (!state.is_listening && !state.is_held_back && !start())
        return lerr_return(L, &err_no_resources, "the bus");
    forget(L, channel);
    lua_pushvalue(L, 1);
    state.fns[channel] = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_pushboolean(L, true);
    return 1;
}

/* unlisten([channel]) */
static int l_unlisten(lua_State *L)
{
    forget(L, check_channel(L, 1));
    if (!is_wanted())
        stop();
    return 0;
}

/* stats() → {lost=, seats=, size=}: messages this process has lost because it lagged behind; how
 * many may listen; bytes of the ring */
static int l_stats(lua_State *L)
{
    lua_createtable(L, 0, 3);
    lua_pushnumber(L, (double)bus_lost(the_bus()));
    lua_setfield(L, -2, "lost");
    lua_pushnumber(L, bus_seats(the_bus()));
    lua_setfield(L, -2, "seats");
    lua_pushnumber(L, (double)bus_size(the_bus()));
    lua_setfield(L, -2, "size");
    return 1;
}

int lib_bus(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"publish", l_publish}, {"listen", l_listen}, {"unlisten", l_unlisten},
        {"stats", l_stats},     {NULL, NULL},
    };

    lua_newtable(L);
    luaL_register(L, NULL, functions);
    return 1;
}
