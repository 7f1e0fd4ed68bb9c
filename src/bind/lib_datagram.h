/* "perilune.core.datagram": streams of perilune.core.stream over connected datagram sockets, a
 * message a read and a write. */
#ifndef BIND_LIB_DATAGRAM_H
#define BIND_LIB_DATAGRAM_H

#include <lua.h>

/* The module. */
int lib_datagram(lua_State *L);

#endif
