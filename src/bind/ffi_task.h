/* What LuaJIT's FFI calls of the scheduler (lua/perilune/deferred/core.lua declares the same), so
 * that code which settles deferreds is compiled without a break. Plain C that never enters Lua. */
#ifndef BIND_FFI_TASK_H
#define BIND_FFI_TASK_H

#include <stdbool.h>

/* co_wake of what a ticket names; any number is harmless. */
void ffi_task_wake(double ticket);

/* co_is_waiting. */
bool ffi_task_is_waiting(double ticket);

/* co_ask_turn. */
void ffi_task_ask_turn(void);

#endif
