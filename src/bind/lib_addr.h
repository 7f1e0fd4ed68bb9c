/* Socket addresses between Lua and C: a host that is an address as text, and a port. */
#ifndef BIND_LIB_ADDR_H
#define BIND_LIB_ADDR_H

#include <lua.h>

#include "net/addr.h"

/* The address of the literal at `arg` and the port behind it; raises an error on anything else. */
struct addr lib_addr_check(lua_State *L, int arg);

/* Pushes the host: "1.2.3.4", "::1", "unix:/path". */
void lib_addr_push_host(lua_State *L, const struct addr *a);

/* Pushes host and port (for Unix sockets nil); the number of values pushed, 2. */
int lib_addr_push(lua_State *L, const struct addr *a);

/* nil and an error object whose message names `a`: what could not be done with that address. */
int lib_addr_refuse(lua_State *L, const struct err *e, const struct addr *a);

#endif
