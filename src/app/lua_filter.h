/* Lua that runs inside the sending of a response and must not wait: header and body filters, log.
 */
#ifndef APP_LUA_FILTER_H
#define APP_LUA_FILTER_H

#include "app/visit.h"

/* Puts header_filter_by_lua and body_filter_by_lua of v->loc into the chain. */
void lua_filter_add(struct visit *v);

/* Runs log_by_lua of v->loc, then gives back what Lua holds for the visit. */
void lua_filter_log(struct visit *v);

/* The visit whose filter or log code runs now, or NULL. */
struct visit *lua_filter_visit(void);

#endif
