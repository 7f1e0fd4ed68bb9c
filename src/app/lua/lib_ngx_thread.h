/* Light threads, timers' tasks and waits of ngx.*. For lib_ngx*.c. */
#ifndef APP_LUA_LIB_NGX_THREAD_H
#define APP_LUA_LIB_NGX_THREAD_H

#include <lua.h>

/* thread_spawn(fn, ...) → task, must_leave: runs it now until it waits; must_leave: the request was
 * ended meanwhile and the caller is to yield for good */
int lib_ngx_thread_spawn(lua_State *L);

/* thread_cancel(task): it is resumed with KILL where it waits */
int lib_ngx_thread_cancel(lua_State *L);

/* timer_subject() → whom a timer made here is for, as log lines tell it */
int lib_ngx_thread_timer_subject(lua_State *L);

/* spawn_timer(subject, is_of_stream, fn, ...): a task outside of any request */
int lib_ngx_thread_spawn_timer(lua_State *L);

/* timer_ctx([table]) → ngx.ctx of the running timer, made when there is none; a table takes its
 * place
 */
int lib_ngx_thread_timer_ctx(lua_State *L);

/* stop_sleep(): the timer of the running task is stopped */
int lib_ngx_thread_stop_sleep(lua_State *L);

/* leave(): the running task ends with its next yield */
int lib_ngx_thread_leave(lua_State *L);

/* on_abort(fn) → 1; or nil, error */
int lib_ngx_thread_on_abort(lua_State *L);

/* The list of streams that are closed when the running timer's task ends; NULL: no timer runs. */
struct list *lib_ngx_thread_timer_sockets(void);

#endif
