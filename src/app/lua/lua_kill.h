/* Ending tasks from outside: the wait of a task is told the kill token, and the task leaves there
 * (ngx.api.context in Lua knows it). */
#ifndef APP_LUA_LUA_KILL_H
#define APP_LUA_LUA_KILL_H

struct co;

/* What a wait returns to a task that has been killed. */
void *lua_kill_token(void);

/* Kills the task at its wait, or at the next one; its children too. */
void lua_kill(struct co *co);

/* Kills a task and cuts it loose first: what it worked for may be gone before it runs for the last
 * time. Its on_end is not called. */
void lua_kill_orphan(struct co *co);

#endif
