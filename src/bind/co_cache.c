/* One list: tasks with a coroutine in front, where they are taken, bare ones behind. */
#include "bind/co_cache.h"

#include <lauxlib.h>
#include <luajit.h>

#include "bind/co.h"
#include "bind/vm.h"

static struct {
    struct list tasks;                                   /* those with a coroutine in front */
    unsigned n, most;                                    /* coroutines */
} cache = {LIST_INIT(cache.tasks), 0, CO_CACHE_DEFAULT}; /* process-wide: what is used again */

static void say(const char *what)
{
    if (UNLIKELY(log_is_on(NULL, LOG_DEBUG)))
        log_write(NULL, LOG_DEBUG, "%s", what);
}

void co_cache_set_most(unsigned n)
{
    cache.most = n;
}

struct co *co_cache_take(void)
{
    struct list *node = list_pop(&cache.tasks);
    struct co *co = node ? CONTAINER_OF(node, struct co, node) : NULL;

    if (co && co->L) {
        cache.n--;
        say("lua reusing cached lua thread");
    }
    return co;
}

void co_cache_put(struct co *co, bool is_at_rest)
{
    lua_State *L = vm_main();

    if (cache.n >= cache.most) {
        luaL_unref(L, LUA_REGISTRYINDEX, co->anchor);
        co_cache_put_bare(co);
        return;
    }
    if (is_at_rest)
        lua_settop(co->L, 0);
    else
        lua_resetthread(L, co->L);
    list_prepend(&cache.tasks, &co->node);
    cache.n++;
    say("lua caching unused lua thread");
}

void co_cache_put_bare(struct co *co)
{
    co->L = NULL;
    list_append(&cache.tasks, &co->node);
}

void co_cache_forget(void)
{
    cache.n = 0;
}
