/* Lua machines for threads. */
#ifndef BIND_THREAD_MACHINE_H
#define BIND_THREAD_MACHINE_H

#include <lua.h>

/* Opens one: standard libraries, the package paths of the machine, json, and what
 * perilune.thread_boot sets up; no loop, so nothing that waits. To be called by the loop's thread.
 * NULL: the text is in the log. Closed with lua_close. */
lua_State *thread_machine_open(void);

#endif
