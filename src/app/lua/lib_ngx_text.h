/* Lua values as the text that ngx.print and ngx.log make of them. For lib_ngx*.c. */
#ifndef APP_LUA_LIB_NGX_TEXT_H
#define APP_LUA_LIB_NGX_TEXT_H

#include <lua.h>

#include "base/buf.h"

/* Appends argument `i`: strings, numbers, booleans, nil, ngx.null, arrays of those. Raises "bad
 * argument" for anything else; what was appended stays. */
void lib_ngx_text_add(lua_State *L, int i, struct buf *out);

/* Same for the log: no arrays, but tables with __tostring. Errors name the argument `arg`. */
void lib_ngx_text_add_log(lua_State *L, int i, int arg, struct buf *out);

#endif
