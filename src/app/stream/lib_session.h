/* The connection of a session as Lua has it. */
#ifndef APP_STREAM_LIB_SESSION_H
#define APP_STREAM_LIB_SESSION_H

#include <lua.h>

#include "app/stream/session.h"

struct lib_stream;

/* Pushes the session's connection as a stream, the same one each time; NULL: it is closed, and
 * nothing is pushed. It is closed when the session ends. */
struct lib_stream *lib_session_push(lua_State *L, struct session *s);

/* "perilune.core.session" */
int lib_session(lua_State *L);

#endif
