/* A function that does not wait has ended when co_start returns, so the messages of one read are
 * given in a loop, without a turn of the event loop or of the run queue between them. */
#include "bind/ws_consumer.h"

#include <lauxlib.h>

#include "bind/co.h"
#include "bind/vm.h"

void ws_consumer_init(struct ws_consumer *k)
{
    *k = (struct ws_consumer){.call = {LUA_NOREF, LUA_NOREF}};
}

bool ws_consumer_is_on(const struct ws_consumer *k)
{
    return k->call.fn != LUA_NOREF;
}

/* The task has ended; a failure is told to the log and to the peer. */
static struct ws_consumer *ended(struct co *co, enum co_result result)
{
    struct ws_consumer *k = co->owner;

    k->busy = NULL;
    if (result == CO_FAILED) {
        log_write(co->log, LOG_ERROR, "WebSocket handler failed: %s", co_traceback(co));
        ws_conn_close(k->c, WS_CODE_INTERNAL, SLICE_EMPTY);
    }
    return k;
}

static void on_message_end(struct co *co, enum co_result result, int n)
{
    struct ws_consumer *k = ended(co, result);

    UNUSED(n);
    if (!k->is_starting)
        ws_consumer_run(k);
}

static void on_talk_end(struct co *co, enum co_result result, int n)
{
    struct ws_consumer *k = ended(co, result);

    UNUSED(n);
    ws_conn_close(k->c, WS_CODE_NORMAL, SLICE_EMPTY);
    handle_drop(vm_main(), &k->call);
}

/* A task that outlives the running one. */
static struct co *begin(struct ws_consumer *k, void (*on_end)(struct co *, enum co_result, int))
{
    struct co *co = co_new(NULL, on_end);

    co_detach(co);
    co->owner = k;
    k->busy = co;
    return co;
}

static void give(struct ws_consumer *k, const struct ws_taken_message *m)
{
    struct co *co = begin(k, on_message_end);
    lua_State *L = co->L;

    lua_rawgeti(L, LUA_REGISTRYINDEX, k->call.fn);
    lua_rawgeti(L, LUA_REGISTRYINDEX, k->call.self);
    lua_pushlstring(L, m->data.p ? m->data.p : "", m->data.n);
    lua_pushboolean(L, m->is_binary);
    lua_pushboolean(L, m->is_last);
    if (co_current()) {
        co_queue(co, 4);
        return;
    }
    k->is_starting = true;
    co_start(co, 4);
    k->is_starting = false;
}

void ws_consumer_run(struct ws_consumer *k)
{
    struct ws_taken_message m;

    while (!k->busy && ws_consumer_is_on(k)) {
        switch (ws_conn_take(k->c, &m)) {
        case WS_TAKEN_MESSAGE:
            give(k, &m);
            break;
        case WS_TAKEN_WAIT:
            return;
        case WS_TAKEN_END:
            handle_drop(vm_main(), &k->call);
        }
    }
}

void ws_consumer_begin(lua_State *L, struct ws_consumer *k, struct ws_conn *c, int self, int fn)
{
    k->c = c;
    lua_pushvalue(L, self);
    handle_hold(L, &k->call, fn);
    lua_pop(L, 1);
    ws_consumer_run(k);
}

void ws_consumer_talk(lua_State *L, struct ws_consumer *k, struct ws_conn *c, int self, int nargs)
{
    struct co *co = begin(k, on_talk_end);

    k->c = c;
    lua_pushvalue(L, self);
    k->call.self = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_xmove(L, co->L, nargs + 1);
    co_queue(co, nargs);
}
