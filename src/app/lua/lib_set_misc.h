/* What is behind `ndk.set_var`. */
#ifndef APP_LUA_LIB_SET_MISC_H
#define APP_LUA_LIB_SET_MISC_H

#include <lua.h>

/* set_misc(name) → is there a directive of that name that takes one value or none?
 * set_misc(name, text) → what it makes of the text; nil: nothing */
int lib_set_misc(lua_State *L);

#endif
