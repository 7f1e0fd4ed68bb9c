/* "perilune.core.tls": TLS contexts as userdata, and certificates made on the spot. */
#ifndef BIND_LIB_TLS_H
#define BIND_LIB_TLS_H

#include <lua.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

struct tls_ctx;

/* The module's open function. */
int lib_tls(lua_State *L);

/* Pushes a context that was made, which it takes over, or nil and an error object when `e` says
 * that it was not; frees `why`. Answers how many values. */
int lib_tls_push(lua_State *L, const struct err *e, struct buf *why, struct tls_ctx *ctx);

/* The context in a "perilune.tls.context" at `index`, borrowed as long as that lives; raises when
 * there is something else. */
struct tls_ctx *lib_tls_check(lua_State *L, int index);

/* Is there one at `index`? */
bool lib_tls_is(lua_State *L, int index);

#endif
