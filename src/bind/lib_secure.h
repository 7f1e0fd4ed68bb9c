/* Sessions of TLS as Lua has them. */
#ifndef BIND_LIB_SECURE_H
#define BIND_LIB_SECURE_H

#include <lua.h>

#include "net/tls/tls.h"

/* The session at `arg`, borrowed; NULL for nil. Raises an error on anything else. */
struct tls_session *lib_secure_session(lua_State *L, int arg);

#endif
