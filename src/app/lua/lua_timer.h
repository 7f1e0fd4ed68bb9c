/* What is known of a timer's task: whom it logs for, what ends with it. */
#ifndef APP_LUA_LUA_TIMER_H
#define APP_LUA_LUA_TIMER_H

#include "base/list.h"
#include "base/slice.h"

struct co;

/* Gives a task its log: lines tell the context ngx.timer and `subject`. `is_of_stream`: a session
 * of `stream` has asked for it. To be freed by lua_timer_free_log. */
void lua_timer_make_log(struct co *co, struct slice subject, bool is_of_stream);

/* Takes it away. */
void lua_timer_free_log(struct co *co);

/* The subject; empty for what is no task of a timer (NULL is none). */
const char *lua_timer_subject(const struct co *co);

/* What ends with the task; NULL: it is no task of a timer. */
struct list *lua_timer_sockets(const struct co *co);

/* Registry reference of its ngx.ctx, LUA_NOREF: not asked for yet; NULL: it is no task of a timer.
 */
int *lua_timer_ctx_ref(const struct co *co);

/* Has a session of `stream` asked for the timer? */
bool lua_timer_is_of_stream(const struct co *co);

/* The same of the running task. */
bool lua_timer_runs_for_stream(void);

#endif
