/* The connection of a session as Lua has it. */
#ifndef APP_STREAM_LIB_SESSION_H
#define APP_STREAM_LIB_SESSION_H

#include <lua.h>

#include "app/stream/session.h"

struct lib_stream;

/* "perilune.core.session" */
int lib_session(lua_State *L);

#endif
