/* Headers of the PROXY protocol, read from a stream of Lua and made for one. */
#ifndef BIND_LIB_TCP_PROXY_H
#define BIND_LIB_TCP_PROXY_H

#include <lua.h>

/* read_proxy(stream) → who the client is, see the .c */
int lib_tcp_read_proxy(lua_State *L);

/* proxy_header(version, source, destination) → bytes */
int lib_tcp_proxy_header(lua_State *L);

#endif
