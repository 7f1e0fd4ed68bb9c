/* The Lua part of a visit: made on first use, cancelled when the peer goes away. */
#include "app/lua/lua_visit.h"

#include <lauxlib.h>

#include "app/lua/lua_ctx.h"
#include "app/lua/lua_handle.h"
#include "bind/co.h"
#include "bind/vm.h"

struct lua_visit *lua_visit_of(struct visit *v)
{
    struct lua_visit *lv = v->lua;

    if (lv)
        return lv;
    lv = pool_new(visit_pool(v), struct lua_visit);
    lv->ctx_ref = lv->body_ref = LUA_NOREF;
    lv->exit_status = LUA_EXIT_NONE;
    v->lua = lv;
    return lv;
}

double lua_visit_handle(struct visit *v)
{
    struct lua_visit *lv = lua_visit_of(v);

    if (lv->handle == 0)
        lv->handle = lua_handle_new(v);
    return lv->handle;
}

bool lua_visit_is_running(const struct visit *v)
{
    const struct lua_visit *lv = v->lua;

    return lv && lv->co;
}

void lua_visit_wake_drained(struct visit *v)
{
    struct lua_visit *lv = lua_visit_of(v);
    struct lua_waiter *woken = lv->waiters;

    lv->waiters = NULL;
    for (struct lua_waiter *w = woken, *next; w; w = next) {
        next = w->next;
        w->next = lv->spare_waiters;
        lv->spare_waiters = w;
        co_wake(w->co, w->wait);
    }
}

static void on_drained(struct exchange *x)
{
    lua_visit_wake_drained(visit_of(x));
}

static struct lua_waiter *new_waiter(struct visit *v)
{
    struct lua_visit *lv = lua_visit_of(v);
    struct lua_waiter *w = lv->spare_waiters;

    if (!w)
        return pool_new(visit_pool(v), struct lua_waiter);
    lv->spare_waiters = w->next;
    return w;
}

void lua_visit_wait_drained(struct visit *v, bool to_empty)
{
    struct lua_waiter *w = new_waiter(v), **at = &lua_visit_of(v)->waiters;

    w->co = co_current();
    w->wait = co_begin_wait(w->co);
    w->next = NULL;
    while (*at)
        at = &(*at)->next;
    *at = w;
    v->x->user.on_drained = on_drained;
    exchange_wait_drained(v->x, to_empty);
}

void lua_visit_wake_reader(struct visit *v)
{
    struct lua_visit *lv = lua_visit_of(v);
    lua_State *L = vm_main();

    if (lv->body_ref == LUA_NOREF)
        return;
    lua_rawgeti(L, LUA_REGISTRYINDEX, lv->body_ref);
    luaL_unref(L, LUA_REGISTRYINDEX, lv->body_ref);
    lv->body_ref = LUA_NOREF;
    vm_call(0, 0, "request body");
}

/* ngx handlers run on to their end, as they do in OpenResty, unless the location checks for aborts.
 */
void lua_visit_cancel(struct visit *v)
{
    struct lua_visit *lv = v->lua;

    if (!lv || !lv->co)
        return;
    lua_visit_wake_drained(v);
    if (lv->context != LUA_CONTEXT_HANDLER && !v->loc->http.does_check_abort)
        return;
    lv->is_cancelled = true;
    co_cancel_err(lv->co, &err_closed);
}

void lua_visit_leave_ctx(struct visit *v)
{
    struct lua_visit *lv = lua_visit_of(v);
    struct lua_visit_ctx *left;

    if (lv->ctx_ref == LUA_NOREF)
        return;
    left = pool_new(visit_pool(v), struct lua_visit_ctx);
    *left = (struct lua_visit_ctx){lv->ctx_ref, lv->left};
    lv->left = left;
    lv->ctx_ref = LUA_NOREF;
}

void lua_visit_release_ctx(struct visit *v)
{
    struct lua_visit *lv = v->lua;

    lua_ctx_release(vm_main(), &lv->ctx_ref, &v->x->log);
    for (; lv->left; lv->left = lv->left->next)
        lua_ctx_release(vm_main(), &lv->left->ref, &v->x->log);
}
