/* Connection pools of Lua. */
#ifndef BIND_LIB_CLIENT_POOL_H
#define BIND_LIB_CLIENT_POOL_H

#include <lua.h>

#include "http/client/client_pool.h"

struct lib_client_pool {
    struct client_pool *pool; /* NULL: shut down */
    struct client_timeouts timeouts;
};

/* The pool at `index`; raises when it is something else. */
struct lib_client_pool *lib_client_pool_check(lua_State *L, int index);

/* Timeouts of the table at `table` that it names; the others stay. */
void lib_client_pool_timeouts(lua_State *L, int table, struct client_timeouts *t);

/* Adds the functions to the table on top of `L`. */
void lib_client_pool_register(lua_State *L);

#endif
