/* Groups of WebSocket connections: the module "perilune.core.websocket_group". */
#ifndef BIND_LIB_WEBSOCKET_GROUP_H
#define BIND_LIB_WEBSOCKET_GROUP_H

#include <lua.h>

/* "perilune.core.websocket_group" */
int lib_websocket_group(lua_State *L);

#endif
