/* Servers made in code: http.start_server. A server is a small configuration of its own whose only
 * location runs a Lua function. */
#ifndef APP_LUA_LIB_SERVER_H
#define APP_LUA_LIB_SERVER_H

#include <lua.h>

/* listen(configuration text, handler, listen_fd or nil, on_closed) → server; or nil, error. See
 * lua/perilune/http/server.lua. */
int lib_server_listen(lua_State *L);

/* Makes the metatable of server objects. */
void lib_server_open(lua_State *L);

#endif
