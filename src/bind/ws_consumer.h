/* Who works for a WebSocket in Lua: one task that talks and takes the messages itself, or a
 * function that is given each message in a task of its own, so that an idle connection has no
 * coroutine. While such a task waits for something no message is taken, and the peer is slowed
 * down. */
#ifndef BIND_WS_CONSUMER_H
#define BIND_WS_CONSUMER_H

#include <lua.h>

#include "bind/handle.h"
#include "http/ws/ws_conn.h"

struct ws_consumer {
    struct ws_conn *c;
    struct handle_call call; /* what the function gets first, and the function */
    struct co *busy;         /* the task that talks or has the last message; NULL: it has ended */
    bool is_starting;        /* that task runs for the first time */
};

/* One that is off. */
void ws_consumer_init(struct ws_consumer *k);

/* Has it begun to give messages, and not come to their end? */
bool ws_consumer_is_on(const struct ws_consumer *k);

/* From now on `fn` is called as fn(self, message, is_binary, is_last); both are stack indices. The
 * value at `self` is kept alive until the last message has been given. When the function fails the
 * connection is closed with 1011. The first call may be made before this returns, but not from
 * inside Lua. */
void ws_consumer_begin(lua_State *L, struct ws_consumer *k, struct ws_conn *c, int self, int fn);

/* Starts a task of `fn`, which is on top of the stack of `L` with `nargs` arguments, all popped;
 * the value at `self` is kept alive until that has ended. The connection is closed then (1000, or
 * 1011 when it failed). */
void ws_consumer_talk(lua_State *L, struct ws_consumer *k, struct ws_conn *c, int self, int nargs);

/* Goes on with what can be taken; harmless when it is off or busy. */
void ws_consumer_run(struct ws_consumer *k);

#endif
