/* Between a handler in Lua and the exchange: the value it returns, the request object it holds,
 * helpers of the filters. */
#ifndef APP_LUA_LUA_ANSWER_H
#define APP_LUA_LUA_ANSWER_H

#include <lua.h>

#include "app/visit.h"

/* Answers with the `n` values on top of `L`: none or nil (204), a string (200 text/plain), or
 * three: status, headers, body (each may be nil). When the answer has begun it is ended. Anything
 * else, or a bad header, is logged and answered 500. */
enum step_result lua_answer(struct visit *v, lua_State *L, int n);

/* Applies the status and the header table at these indices (either may be nil) to v->x->res. False:
 * what is wrong is on top of the stack. */
bool lua_answer_apply_head(struct visit *v, lua_State *L, int status, int headers);

/* Adds the fields of the table at `index` to the response's headers. False: what is wrong is on top
 * of the stack. */
bool lua_answer_apply_headers(struct visit *v, lua_State *L, int index);

/* Same, for trailers. */
bool lua_answer_apply_trailers(struct visit *v, lua_State *L, int index);

/* The visit of a request object at `index` while it lasts, else NULL. */
struct visit *lua_answer_visit(lua_State *L, int index);

/* The same until the request has been answered, then NULL. */
struct visit *lua_answer_open_visit(lua_State *L, int index);

#endif
