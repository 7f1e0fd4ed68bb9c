/* What the tasks of a timer share, its first one and the light threads: whom they log for, what
 * ends with the last of them. */
#ifndef APP_LUA_LUA_TIMER_H
#define APP_LUA_LUA_TIMER_H

#include "base/list.h"
#include "base/slice.h"

struct co;

/* The timer of a new task: lines tell the context ngx.timer and `subject`. `is_of_stream`: a
 * session of `stream` has asked for it. */
void lua_timer_begin(struct co *co, struct slice subject, bool is_of_stream);

/* `co`, a light thread, belongs to the timer of `of`, or to none when that does. */
void lua_timer_join(struct co *co, const struct co *of);

/* A task of a timer has ended. True: it was the last one; the timer is to be ended. */
bool lua_timer_leave(struct co *co);

/* After the last one: frees what is known of it. */
void lua_timer_end(struct co *co);

/* ngx.exit in one of its tasks: the others are killed. Nothing when `co` is none of a timer. */
void lua_timer_kill_others(const struct co *co);

/* Timers that have begun and not ended. */
unsigned lua_timer_count(void);

/* `fn` is called, from within the loop, whenever one has ended; NULL: nobody asks. */
void lua_timer_on_gone(void (*fn)(void));

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
