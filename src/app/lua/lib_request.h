/* Request objects and their header lists as Lua sees them: fields are read when they are first
 * asked for. */
#ifndef APP_LUA_LIB_REQUEST_H
#define APP_LUA_LIB_REQUEST_H

#include <lua.h>

/* Adds the functions request_index, header, header_fields, parse_args to the module table on top.
 */
void lib_request_register(lua_State *L);

#endif
