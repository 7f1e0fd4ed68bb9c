/* "perilune.core.http": what lua/perilune/http needs from C. */
#ifndef APP_LUA_LIB_HTTP_H
#define APP_LUA_LIB_HTTP_H

#include <stdbool.h>

/* Registers the module in the open machine and loads the Lua half. False (logged) when that fails.
 */
bool lib_http_open(void);

#endif
