/* Steps that run Lua: one coroutine per request, reused by its phases. */
#ifndef APP_LUA_LUA_STEP_H
#define APP_LUA_LUA_STEP_H

#include "app/location.h"
#include "app/lua/lua_code.h"
#include "app/lua/lua_visit.h"

/* The visit that the Lua running right now works for; NULL outside of requests. */
struct visit *lua_current_visit(void);

/* Is the running Lua code of `stream`: of a session or its handshake, a timer of one, or what
 * lua_step_run_plain runs? */
bool lua_current_is_of_stream(void);

/* The context of the Lua running right now. */
enum lua_context lua_current_context(void);

/* Where the running Lua logs to; NULL: the default. */
const struct log_ctx *lua_current_log(void);

/* The steps: arg is a struct lua_code *. */

/* server_rewrite_by_lua */
enum step_result lua_step_server_rewrite(struct visit *v, const struct step *s);

/* rewrite_by_lua */
enum step_result lua_step_rewrite(struct visit *v, const struct step *s);

/* access_by_lua */
enum step_result lua_step_access(struct visit *v, const struct step *s);

/* precontent_by_lua */
enum step_result lua_step_precontent(struct visit *v, const struct step *s);

/* content_by_lua */
enum step_result lua_step_content(struct visit *v, const struct step *s);

/* handler: a function of the native API */
enum step_result lua_step_handler(struct visit *v, const struct step *s);

/* preread_by_lua of a session */
enum step_result lua_step_preread(struct visit *v, const struct step *s);

/* content_by_lua of a session, or `handler` */
enum step_result lua_step_session(struct visit *v, const struct step *s);

/* The running native handler has taken its connection over: it goes on as a task of nobody, and the
 * visit, whose exchange is over, ends now or with the step. `v` must not be used afterwards.
 * Nothing when somebody else than the handler itself runs. */
void lua_step_let_go(struct visit *v);

/* Runs init_by_lua, init_worker_by_lua, exit_worker_by_lua of `http` or `stream`: no visit, no
 * waiting. False (logged) when it fails. */
bool lua_step_run_plain(struct lua_code *code, enum lua_context context, bool is_of_stream);

#endif
