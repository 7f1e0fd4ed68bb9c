/* Lua that takes part in a TLS handshake: ssl_client_hello_by_lua, ssl_certificate_by_lua,
 * ssl_session_fetch_by_lua; and with a server that a request is passed on to
 * proxy_ssl_certificate_by_lua, proxy_ssl_verify_by_lua. It may wait and have light threads; the
 * handshake waits for all of them. What runs for a new session (ssl_session_store_by_lua) may wait,
 * too, but nobody waits for it. */
#ifndef APP_TLS_LUA_TLS_H
#define APP_TLS_LUA_TLS_H

#include "app/lua/lua_code.h"
#include "app/lua/lua_visit.h"
#include "net/tls/tls_ctx.h"

struct co;

/* Runs `code` for a handshake, or asks how it has gone on: to be called by a hook, again after
 * TLS_WAIT. `v`: the request on whose behalf a server is connected to; NULL: a client's handshake.
 * `code` NULL: TLS_GO_ON. A failure of it, or ngx.exit(ngx.ERROR), refuses the handshake. */
enum tls_answer lua_tls_run(struct stream *s, struct visit *v, const struct lua_code *code,
                            enum lua_context context);

/* Does code of that context run, or has it run and not been asked about, for a handshake? */
bool lua_tls_is_running(struct stream *s, enum lua_context context);

/* Runs `code` for a session that was made. The handshake goes on meanwhile, and nothing asks how it
 * has ended. */
void lua_tls_store(struct stream *s, const struct lua_code *code, struct slice id,
                   struct slice der);

/* The session that the running Lua was started for; false: none. */
bool lua_tls_session(struct slice *id, struct slice *der);

/* The stream has gone: what runs for it is cancelled, or ended where it works for a visit. For
 * tls_hooks. */
void lua_tls_gone(struct stream *s);

/* The handshake that the running Lua takes part in; NULL: none, or it has gone. */
struct stream *lua_tls_stream(void);

/* Is it the handshake of a client of `stream`? */
bool lua_tls_is_of_stream(void);

/* Then: a visit whose variables can be read; NULL: as above. */
struct visit *lua_tls_visit(void);

/* Its context; LUA_CONTEXT_NONE: the running Lua does not take part in any. */
enum lua_context lua_tls_context(void);

/* Where the ngx.ctx of the client's handshake that the running Lua takes part in is kept, a
 * reference of the registry; NULL: as above. */
int *lua_tls_ctx(void);

/* That of a client's TLS stream; LUA_NOREF: none. */
int lua_tls_ctx_of(const struct stream *s);

/* A task for a light thread of it, with everything but its function; NULL: as above. */
struct co *lua_tls_new_thread(void);

/* What the Lua that a handshake with a server waits for is doing, for the log; NULL: nothing. */
const char *lua_tls_doing(const struct stream *s);

/* What ngx.exit has been called with there. */
void lua_tls_set_exit(int status);

#endif
