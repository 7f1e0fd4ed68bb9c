/* "perilune.core.process": child processes. */
#ifndef BIND_LIB_PROCESS_H
#define BIND_LIB_PROCESS_H

#include <lua.h>

#include "bind/owned.h"

/* The module. */
int lib_process(lua_State *L);

/* What makes the process at `arg` end with its owner: it is killed then. Raises an error when there
 * is no process. */
struct owned *lib_process_owned(lua_State *L, int arg);

#endif
