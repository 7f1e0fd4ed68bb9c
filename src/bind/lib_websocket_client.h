/* The module "perilune.core.websocket_client": handshakes that we begin. */
#ifndef BIND_LIB_WEBSOCKET_CLIENT_H
#define BIND_LIB_WEBSOCKET_CLIENT_H

#include <lua.h>

/* "perilune.core.websocket_client" */
int lib_websocket_client(lua_State *L);

#endif
