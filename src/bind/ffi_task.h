/* What LuaJIT's FFI calls of the scheduler (lua/perilune/deferred/core.lua and those who use it
 * declare the same), so that code which awaits and settles is compiled without a break: a call of a
 * C function ends a trace, and beginning the next costs more than most of these do. Plain C that
 * never enters Lua. */
#ifndef BIND_FFI_TASK_H
#define BIND_FFI_TASK_H

#include <stdbool.h>

/* co_wake of what a ticket names; any number is harmless. */
void ffi_task_wake(double ticket);

/* co_is_waiting. */
bool ffi_task_is_waiting(double ticket);

/* The ticket of a new wait of the running task; -1 outside of a task. */
double ffi_task_begin_wait(void);

/* Same, of a wait that the task's own timer ends after 0 to 1e9 seconds. */
double ffi_task_begin_sleep(double seconds);

/* Same, of a wait that is over when the other tasks have had their turn; false outside of a task.
 */
bool ffi_task_begin_yield(void);

/* Has the running task a table of its own? */
bool ffi_task_has_locals(void);

/* Seconds of the loop's monotonic clock, cached for the turn. */
double ffi_task_clock(void);

/* Seconds since 1970 UTC, as of this turn. */
double ffi_task_wall_clock(void);

/* co_ask_turn. */
void ffi_task_ask_turn(void);

#endif
