/* Lua that must not wait: header and body filters, which run inside the sending of a response, log,
 * and what computes the value of a variable. */
#ifndef APP_LUA_LUA_FILTER_H
#define APP_LUA_LUA_FILTER_H

#include "app/visit.h"

/* Puts header_filter_by_lua and body_filter_by_lua of v->loc into the chain. */
void lua_filter_add(struct visit *v);

/* Runs log_by_lua of v->loc if `is_logged`, then gives back what Lua holds for the visit. */
void lua_filter_log(struct visit *v, bool is_logged);

/* Runs the code of a set_by_lua. Its first result, as a string in the visit's pool ("" when it is
 * none), is in *value_out. False (logged) when it failed. */
bool lua_filter_set(struct visit *v, const struct lua_code *code, struct slice *value_out);

/* Runs a balancer_by_lua. 0, or the status to answer with: of ngx.exit, or 500 (logged) when it
 * failed. */
int lua_filter_balance(struct visit *v, const struct lua_code *code);

/* The visit whose filter or log code runs now, or NULL. */
struct visit *lua_filter_visit(void);

#endif
