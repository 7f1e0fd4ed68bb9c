/* The connection of a session as Lua has it. */
#ifndef APP_STREAM_LIB_SESSION_H
#define APP_STREAM_LIB_SESSION_H

#include <lua.h>

#include "app/stream/session.h"

struct lib_stream;

/* Numbers a wait of the running task that ends when the client has taken most of what is queued,
 * when it is gone, or after lua_socket_send_timeout. False: there is nothing to wait for, or
 * another task does. */
bool lib_session_wait_sent(lua_State *L, struct session *s);

/* "perilune.core.session" */
int lib_session(lua_State *L);

#endif
