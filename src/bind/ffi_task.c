/* The scheduler for LuaJIT's FFI. */
#include "bind/ffi_task.h"

#include <lauxlib.h>
#include <math.h>

#include "base/clock.h"
#include "bind/co.h"

void ffi_task_wake(double ticket)
{
    co_wake_ticket(ticket);
}

bool ffi_task_is_waiting(double ticket)
{
    return co_is_waiting(ticket);
}

double ffi_task_begin_wait(void)
{
    struct co *co = co_current();

    return co ? co_ticket(co, co_begin_wait(co)) : -1;
}

double ffi_task_begin_sleep(double seconds)
{
    struct co *co = co_current();

    return co ? co_ticket(co, co_begin_sleep(co, (uint64_t)ceil(seconds * 1000))) : -1;
}

bool ffi_task_begin_yield(void)
{
    struct co *co = co_current();

    return co && co_wake(co, co_begin_wait(co));
}

bool ffi_task_has_locals(void)
{
    return co_current() && co_current()->locals != LUA_NOREF;
}

double ffi_task_clock(void)
{
    return (double)clock_ms() / 1000;
}

double ffi_task_wall_clock(void)
{
    return (double)clock_wall_ms() / 1000;
}

void ffi_task_ask_turn(void)
{
    co_ask_turn();
}
