/* What sends or logs: ngx.say and its kin. For lib_ngx.c. */
#ifndef APP_LUA_LIB_NGX_OUTPUT_H
#define APP_LUA_LIB_NGX_OUTPUT_H

#include <lua.h>

/* print(...) → 1; or nil, error */
int lib_ngx_output_print(lua_State *L);

/* say(...): print with an end of line */
int lib_ngx_output_say(lua_State *L);

/* script_print(...) → 1; or nil, error: as print, to standard output */
int lib_ngx_output_script_print(lua_State *L);

/* script_say(...): the same with an end of line */
int lib_ngx_output_script_say(lua_State *L);

/* flush(wait) → 1; false: the caller is to yield until output has drained; nil, error */
int lib_ngx_output_flush(lua_State *L);

/* after_flush() → 1, or nil, error: how the wait of flush came out */
int lib_ngx_output_after_flush(lua_State *L);

/* eof() → 1; or nil, error */
int lib_ngx_output_eof(lua_State *L);

/* send_headers() → 1; or nil, error */
int lib_ngx_output_send_headers(lua_State *L);

/* log(level, ...): the error log, with the place of the caller */
int lib_ngx_output_log(lua_State *L);

/* print_log(...): log at the level notice */
int lib_ngx_output_print_log(lua_State *L);

/* set_arg(i, value): ngx.arg of a body filter */
int lib_ngx_output_set_arg(lua_State *L);

/* is_logged(level) → would a line of this level be written? */
int lib_ngx_output_is_logged(lua_State *L);

#endif
