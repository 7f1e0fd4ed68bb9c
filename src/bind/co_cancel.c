/* Cancelling a task and those below it. The error lies in the registry until the task is where it
 * can be raised: where it waits (co.c resumes it with that), or at its next wait. */
#include <lauxlib.h>

#include "bind/co.h"
#include "bind/lerr.h"
#include "bind/vm.h"

/* The error value is on top of `L` and stays there. */
static void cancel_one(struct co *co, lua_State *L)
{
    LIST_FOR (n, &co->children)
        cancel_one(CONTAINER_OF(n, struct co, sibling), L);
    if (co->state == CO_ENDED || co->has_cancel)
        return;
    lua_pushvalue(L, -1);
    co->cancel_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    co->has_cancel = true;
    co->is_cancel_late = co->state == CO_QUEUED;
    if (co->state == CO_WAITING)
        co_wake(co, co->wait);
}

void co_cancel(struct co *co, lua_State *L)
{
    cancel_one(co, L);
    lua_pop(L, 1);
}

void co_postpone_cancel(lua_State *L)
{
    struct co *co = co_current();

    if (!co || co->has_cancel) {
        lua_pop(L, 1);
        return;
    }
    co->cancel_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    co->has_cancel = true;
    co->is_cancel_late = false;
}

void co_cancel_err(struct co *co, const struct err *why)
{
    lua_State *L = vm_main();

    lerr_push(L, why, NULL);
    lua_pushboolean(L, false);
    lua_setfield(L, -2, "traceback");
    co_cancel(co, L);
}
