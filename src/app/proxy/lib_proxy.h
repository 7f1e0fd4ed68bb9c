/* http.proxy: a request of a handler passed on by the engine of proxy_pass. */
#ifndef APP_PROXY_LIB_PROXY_H
#define APP_PROXY_LIB_PROXY_H

#include <lua.h>

/* proxy(req, url, options) → true: the exchange will be answered, and a wait was numbered that ends
 * then; the caller is to yield. nil and an error: nothing has happened. */
int lib_proxy_start(lua_State *L);

#endif
