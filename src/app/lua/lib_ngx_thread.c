/* Light threads: tasks that belong to the same request as its handler (the entry).
 *
 * The first ngx.thread.spawn of a phase puts on_entry_end in the place of the entry's on_end. From
 * then on the request goes on only when the entry and every thread have ended; ngx.exit in any of
 * them ends the others at once: they are cut loose from the visit (orphaned), which may be gone
 * when they are resumed for the last time with the kill token. */
#include "app/lua/lib_ngx_thread.h"

#include <lauxlib.h>

#include "app/conf.h"
#include "app/lua/lib_ngx_visit.h"
#include "app/lua/lua_ctx.h"
#include "app/lua/lua_kill.h"
#include "app/lua/lua_timer.h"
#include "app/tls/lua_tls.h"
#include "base/mem.h"
#include "bind/arg.h"
#include "bind/owned.h"
#include "bind/vm.h"

static void drop_thread(struct ngx_visit *nv, const struct co *co)
{
    for (unsigned i = 0; i < nv->n_threads; i++) {
        if (nv->threads[i] == co) {
            nv->threads[i] = nv->threads[--nv->n_threads];
            return;
        }
    }
}

static void orphan_all(struct ngx_visit *nv)
{
    while (nv->n_threads > 0)
        lua_kill_orphan(nv->threads[--nv->n_threads]);
}

/* Every part of the handler is over; the visit may be gone afterwards. */
static void finish(struct ngx_visit *nv, struct co *co, enum co_result result, int n)
{
    void (*entry_ended)(struct co *, enum co_result, int) = nv->entry_ended;

    nv->entry = NULL;
    nv->is_entry_over = nv->is_exiting = false;
    orphan_all(nv);
    entry_ended(co, result, n);
}

static void on_entry_end(struct co *co, enum co_result result, int n)
{
    struct visit *v = co->user;
    struct ngx_visit *nv = ngx_visit_of(v);
    struct lua_visit *lv = lua_visit_of(v);

    if (result == CO_OK && nv->n_threads > 0 && !nv->is_exiting &&
        lv->context != LUA_CONTEXT_HANDLER) {
        nv->is_entry_over = true;
        lv->co = nv->threads[0];
        return;
    }
    if (nv->is_exiting)
        result = CO_EXITED;
    finish(nv, co, result, n);
}

static void on_thread_end(struct co *co, enum co_result result, int n)
{
    struct visit *v = co->user;
    struct ngx_visit *nv = ngx_visit_of(v);
    struct lua_visit *lv = lua_visit_of(v);

    UNUSED(n);
    drop_thread(nv, co);
    if (result == CO_EXITED) {
        nv->is_exiting = true;
        if (!nv->is_entry_over)
            lua_kill_orphan(nv->entry);
        finish(nv, co, CO_EXITED, 0);
        return;
    }
    if (!nv->is_entry_over)
        return;
    if (nv->n_threads > 0)
        lv->co = nv->threads[0];
    else
        finish(nv, co, CO_OK, 0);
}

static void watch_entry(struct ngx_visit *nv)
{
    struct co *entry = lua_visit_of(nv->visit)->co;

    if (nv->entry || !entry)
        return;
    nv->entry = entry;
    nv->entry_ended = entry->on_end;
    entry->on_end = on_entry_end;
}

static struct co *new_thread(struct ngx_visit *nv)
{
    struct co *co = co_new(nv->visit, on_thread_end);

    co->log = &nv->visit->x->log;
    watch_entry(nv);
    ngx_visit_watch_cancel(nv->visit);
    nv->threads = pool_grow(visit_pool(nv->visit), nv->threads, nv->n_threads, &nv->threads_size,
                            sizeof(struct co *));
    nv->threads[nv->n_threads++] = co;
    return co;
}

/* Also of its light threads: they belong together, as those of a request do. */
static void on_timer_end(struct co *co, enum co_result result, int n)
{
    UNUSED(n);
    if (result == CO_FAILED)
        log_write(co->log, LOG_ERROR, "lua entry thread aborted: runtime error: %s",
                  co_traceback(co));
    if (result == CO_EXITED)
        lua_timer_kill_others(co);
    if (!lua_timer_leave(co))
        return;
    owned_lose_all(lua_timer_sockets(co));
    lua_ctx_release(vm_main(), lua_timer_ctx_ref(co), co->log);
    if (lua_timer_is_of_stream(co))
        log_write(co->log, LOG_DEBUG, "stream lua close fake stream connection");
    else
        log_write(co->log, LOG_DEBUG, "http lua close fake http connection");
    lua_timer_end(co);
}

int lib_ngx_thread_spawn(lua_State *L)
{
    struct co *self = co_current(), *co;
    int n = lua_gettop(L);

    luaL_checktype(L, 1, LUA_TFUNCTION);
    ngx_visit_check_context(L,
                            NGX_IN_YIELDABLE | NGX_IN(TIMER) | NGX_IN_SESSION | NGX_IN_HANDSHAKE);
    co = lua_tls_new_thread();
    if (!co && self->user) {
        co = new_thread(ngx_visit_of(self->user));
        if (self->on_end == on_thread_end)
            co_stand_beside(co, self);
    }
    if (!co) {
        co = co_new(NULL, on_timer_end);
        co_detach(co);
        lua_timer_join(co, self);
    }
    lua_checkstack(co->L, n);
    lua_xmove(L, co->L, n);
    co_queue_first(co, n - 1);
    co_wake(self, co_begin_wait(self));
    lua_pushlightuserdata(L, co);
    return 1;
}

int lib_ngx_thread_cancel(lua_State *L)
{
    lua_kill(lua_touserdata(L, 1));
    return 0;
}

struct list *lib_ngx_thread_timer_sockets(void)
{
    return lua_timer_sockets(co_current());
}

int lib_ngx_thread_timer_ctx(lua_State *L)
{
    int *ref = lua_timer_ctx_ref(co_current());

    if (!ref)
        return luaL_error(L, "no request ctx found");
    lua_settop(L, 1);
    if (!lua_istable(L, 1) && *ref == LUA_NOREF)
        lua_newtable(L);
    if (lua_istable(L, -1))
        lua_ctx_set(L, ref);
    lua_ctx_push(L, *ref);
    return 1;
}

int lib_ngx_thread_timer_subject(lua_State *L)
{
    struct visit *v = lua_current_visit();
    struct buf text = BUF_EMPTY;

    if (v && v->x->peer) {
        buf_add_lit(&text, ", client: ");
        addr_format_host(v->x->peer, &text);
        buf_add_lit(&text, ", server: ");
        addr_format(&v->listen->addr, &text);
        lua_pushlstring(L, text.p, text.n);
        buf_free(&text);
        return 1;
    }
    lua_pushstring(L, lua_timer_subject(co_current()));
    return 1;
}

int lib_ngx_thread_spawn_timer(lua_State *L)
{
    int n = lua_gettop(L) - 2;
    struct co *co = co_new(NULL, on_timer_end);
    struct slice subject = arg_slice(L, 1);

    co_detach(co); /* while the process ends a timer may be begun by a task */
    lua_timer_begin(co, subject, lua_toboolean(L, 2));
    lua_checkstack(co->L, n);
    lua_xmove(L, co->L, n);
    co_queue(co, n - 1);
    return 0;
}

int lib_ngx_thread_stop_sleep(lua_State *L)
{
    UNUSED(L);
    if (co_current())
        timer_stop(&co_current()->timer);
    return 0;
}

int lib_ngx_thread_leave(lua_State *L)
{
    UNUSED(L);
    if (co_current())
        co_request_exit(co_current());
    return 0;
}

/* The client is gone: the function of ngx.on_abort runs as a light thread of the request. */
static void run_on_abort(struct ngx_visit *nv)
{
    lua_State *L = vm_main();
    struct co *co;

    if (!lua_visit_of(nv->visit)->co)
        return;
    co = new_thread(nv);
    lua_rawgeti(L, LUA_REGISTRYINDEX, nv->abort_ref);
    luaL_unref(L, LUA_REGISTRYINDEX, nv->abort_ref);
    nv->abort_ref = LUA_NOREF;
    lua_xmove(L, co->L, 1);
    co_queue(co, 0);
}

int lib_ngx_thread_on_abort(lua_State *L)
{
    struct visit *v = ngx_visit_check(L, NGX_IN_YIELDABLE | NGX_IN_SESSION);
    struct ngx_visit *nv = ngx_visit_of(v);

    luaL_checktype(L, 1, LUA_TFUNCTION);
    if (nv->abort_ref != LUA_NOREF) {
        lua_pushnil(L);
        lua_pushliteral(L, "duplicate call");
        return 2;
    }
    if (!v->loc->http.does_check_abort) {
        lua_pushnil(L);
        lua_pushliteral(L, "lua_check_client_abort is off");
        return 2;
    }
    lua_settop(L, 1);
    nv->abort_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    nv->on_abort = run_on_abort;
    ngx_visit_watch_cancel(v);
    lua_pushinteger(L, 1);
    return 1;
}
