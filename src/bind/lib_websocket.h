/* WebSocket connections as Lua sees them: the module "perilune.core.websocket", and how upper
 * layers make such values. */
#ifndef BIND_LIB_WEBSOCKET_H
#define BIND_LIB_WEBSOCKET_H

#include <lua.h>

#include "http/ws/ws_conn.h"
#include "proto/ws_handshake.h"

/* "perilune.core.websocket" */
int lib_websocket(lua_State *L);

/* Pushes a value for `c`, which it owns. */
void lib_websocket_push(lua_State *L, struct ws_conn *c);

/* The connection of the value at `arg`; raises an error when it is none. NULL: it was closed by its
 * owner. */
struct ws_conn *lib_websocket_check(lua_State *L, int arg);

/* The same of a value whose address (lua_touserdata) was kept, as the value itself was. */
struct ws_conn *lib_websocket_of(void *value);

/* Is that one in the middle of a message that it sends in pieces? No other may go out then. */
bool lib_websocket_is_sending(const void *value);

/* The message at `arg`; raises at whoever called the method that called us when it is no string. */
struct slice lib_websocket_message(lua_State *L, int arg);

/* Raises in the same way when `data` may not be sent as text. */
void lib_websocket_text(lua_State *L, struct slice data);

/* Reads the table of options at `arg`, whose names and types the Lua side has checked. */
void lib_websocket_options(lua_State *L, int arg, struct ws_options *o,
                           struct ws_deflate_wish *wish);

#endif
