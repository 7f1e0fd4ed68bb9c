/* "perilune.core.connect": connections for streams of perilune.core.stream, and the options of
 * their sockets. */
#ifndef BIND_LIB_CONNECT_H
#define BIND_LIB_CONNECT_H

#include <lua.h>

/* The module. */
int lib_connect(lua_State *L);

#endif
