/* What ends a handler: exit, exec, redirect, set_uri with a jump; and ngx.ctx. For lib_ngx.c.
 *
 * Each raises an error on misuse; otherwise it does not return to the handler. */
#ifndef APP_LUA_LIB_NGX_CONTROL_H
#define APP_LUA_LIB_NGX_CONTROL_H

#include <lua.h>

/* exit(status) */
int lib_ngx_control_exit(lua_State *L);

/* exec(uri, query or nil) */
int lib_ngx_control_exec(lua_State *L);

/* redirect(uri, status or nil) */
int lib_ngx_control_redirect(lua_State *L);

/* set_uri(uri, jump, binary) */
int lib_ngx_control_set_uri(lua_State *L);

/* ctx_tables(): the table of all that ngx.ctx stands for, by reference */
int lib_ngx_control_ctx_tables(lua_State *L);

/* set_ctx(table): the new value of ngx.ctx */
int lib_ngx_control_set_ctx(lua_State *L);

#endif
