/* The request's body as ngx.req has it: whole. For lib_ngx.c. */
#ifndef APP_LUA_LIB_NGX_BODY_H
#define APP_LUA_LIB_NGX_BODY_H

#include <lua.h>

/* read_body() → true; false: the caller is to yield, then ask again; nil: the body failed and the
 * caller is to yield for good */
int lib_ngx_body_read(lua_State *L);

/* is_body_read() → boolean */
int lib_ngx_body_is_read(lua_State *L);

/* discard_body() */
int lib_ngx_body_discard(lua_State *L);

/* get_body_data(most or nil) → string, or nil when there is none or it is in a file */
int lib_ngx_body_get_data(lua_State *L);

/* get_body_file() → path or nil */
int lib_ngx_body_get_file(lua_State *L);

/* set_body_data(string) */
int lib_ngx_body_set_data(lua_State *L);

/* set_body_file(path, auto_clean) */
int lib_ngx_body_set_file(lua_State *L);

/* init_body(size or nil): a new body is put together from here on */
int lib_ngx_body_init(lua_State *L);

/* append_body(string) */
int lib_ngx_body_append(lua_State *L);

/* finish_body() */
int lib_ngx_body_finish(lua_State *L);

#endif
