/* Errors of the world as Lua sees them: {code=, message=, cause=} with tostring. */
#ifndef BIND_LERR_H
#define BIND_LERR_H

#include <lua.h>

#include "base/err.h"

/* Pushes an error object for `e`; `detail` (may be NULL) is put before the message, "detail:
 * message", unless it ends with that already. */
void lerr_push(lua_State *L, const struct err *e, const char *detail);

/* nil and the error object, for `return lerr_return(…)`. */
int lerr_return(lua_State *L, const struct err *e, const char *detail);

/* Is the value on top an error object that says what is wrong with the request (its `status`, of
 * 400 to 499)? That, else 0; *message_out, its text, is valid as long as the object. */
int lerr_refusal(lua_State *L, const char **message_out);

/* Makes the metatable; called by machine_open. */
void lerr_open(lua_State *L);

#endif
