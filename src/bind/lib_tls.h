/* "perilune.core.tls": TLS contexts as userdata, and certificates made on the spot. */
#ifndef BIND_LIB_TLS_H
#define BIND_LIB_TLS_H

#include <lua.h>
#include <stdbool.h>

struct tls_ctx;

/* The module's open function. */
int lib_tls(lua_State *L);

/* The context in a "perilune.tls.context" at `index`, borrowed as long as that lives; raises when
 * there is something else. */
struct tls_ctx *lib_tls_check(lua_State *L, int index);

/* Is there one at `index`? */
bool lib_tls_is(lua_State *L, int index);

#endif
