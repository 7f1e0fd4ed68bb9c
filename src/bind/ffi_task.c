/* The scheduler for LuaJIT's FFI. */
#include "bind/ffi_task.h"

#include "bind/co.h"

void ffi_task_wake(double ticket)
{
    co_wake_ticket(ticket);
}

bool ffi_task_is_waiting(double ticket)
{
    return co_is_waiting(ticket);
}

void ffi_task_ask_turn(void)
{
    co_ask_turn();
}
