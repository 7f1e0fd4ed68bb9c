/* The tables of ngx.ctx. They stand in a table of their own, so that Lua reads and replaces them
 * without a call into C, and the references told in the log count them alone. A reference is
 * LUA_NOREF until there is a table. */
#ifndef APP_LUA_LUA_CTX_H
#define APP_LUA_LUA_CTX_H

struct log_ctx;
struct lua_State;

/* Pushes the table of the machine that all references are of. */
void lua_ctx_push_all(struct lua_State *L);

/* Pops a table: what *ref means from now on. */
void lua_ctx_set(struct lua_State *L, int *ref);

/* Pushes the table of a reference, nil for LUA_NOREF. */
void lua_ctx_push(struct lua_State *L, int ref);

/* Forgets the table, if there is one, at the end of what it belongs to, with a debug line; *ref is
 * LUA_NOREF then. */
void lua_ctx_release(struct lua_State *L, int *ref, const struct log_ctx *log);

#endif
