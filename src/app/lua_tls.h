/* Lua that takes part in a TLS handshake: ssl_client_hello_by_lua, ssl_certificate_by_lua. It may
 * wait; the handshake waits with it. */
#ifndef APP_LUA_TLS_H
#define APP_LUA_TLS_H

#include "app/lua_code.h"
#include "app/lua_visit.h"
#include "net/tls_ctx.h"

/* Runs `code` for a handshake, or asks how it has gone on: to be called by a hook, again after
 * TLS_WAIT. `code` NULL: TLS_GO_ON. A failure of it, or ngx.exit(ngx.ERROR), refuses the handshake.
 */
enum tls_answer lua_tls_run(struct stream *s, const struct lua_code *code,
                            enum lua_context context);

/* The stream has gone: what runs for it is cancelled. For tls_hooks. */
void lua_tls_gone(struct stream *s);

/* The handshake that the running Lua takes part in; NULL: none, or it has gone. */
struct stream *lua_tls_stream(void);

/* Its context; LUA_CONTEXT_NONE: the running Lua does not take part in any. */
enum lua_context lua_tls_context(void);

/* What ngx.exit has been called with there. */
void lua_tls_set_exit(int status);

#endif
