/* A small table from visits to what ngx.* keeps of them. Only visits that use light threads, wait
 * for a body or watch for an abort have an entry. */
#include "app/lua/lib_ngx_visit.h"

#include <lauxlib.h>

#include "app/lua/body_stream.h"
#include "app/lua/lua_output.h"
#include "base/check.h"

enum { CHAINS = 256 };

static struct ngx_visit *chains[CHAINS]; /* process-wide: visits with light threads and the like */

static struct ngx_visit **chain_of(const struct visit *v)
{
    return &chains[((uintptr_t)v >> 6) % CHAINS];
}

static void forget(void *arg)
{
    struct ngx_visit *nv = arg, **at = chain_of(nv->visit);

    while (*at != nv)
        at = &(*at)->next;
    *at = nv->next;
}

static struct ngx_visit *find(const struct visit *v)
{
    struct ngx_visit *nv = *chain_of(v);

    while (nv && nv->visit != v)
        nv = nv->next;
    return nv;
}

struct ngx_visit *ngx_visit_of(struct visit *v)
{
    struct ngx_visit **chain = chain_of(v), *nv = find(v);

    if (nv)
        return nv;
    nv = pool_new(visit_pool(v), struct ngx_visit);
    nv->visit = v;
    nv->abort_ref = LUA_NOREF;
    nv->next = *chain;
    *chain = nv;
    pool_on_reset(visit_pool(v), forget, nv);
    return nv;
}

static const char *context_name(enum lua_context context)
{
    static const char *const names[] = {
        [LUA_CONTEXT_NONE] = "(unknown)",
        [LUA_CONTEXT_INIT] = "init_by_lua*",
        [LUA_CONTEXT_INIT_WORKER] = "init_worker_by_lua*",
        [LUA_CONTEXT_SET] = "set_by_lua*",
        [LUA_CONTEXT_REWRITE] = "rewrite_by_lua*",
        [LUA_CONTEXT_ACCESS] = "access_by_lua*",
        [LUA_CONTEXT_CONTENT] = "content_by_lua*",
        [LUA_CONTEXT_HEADER_FILTER] = "header_filter_by_lua*",
        [LUA_CONTEXT_BODY_FILTER] = "body_filter_by_lua*",
        [LUA_CONTEXT_LOG] = "log_by_lua*",
        [LUA_CONTEXT_TIMER] = "ngx.timer",
        [LUA_CONTEXT_EXIT_WORKER] = "exit_worker_by_lua*",
        [LUA_CONTEXT_HANDLER] = "handler",
        [LUA_CONTEXT_SERVER_REWRITE] = "server_rewrite_by_lua*",
        [LUA_CONTEXT_CLIENT_HELLO] = "ssl_client_hello_by_lua*",
        [LUA_CONTEXT_CERTIFICATE] = "ssl_certificate_by_lua*",
        [LUA_CONTEXT_PREREAD] = "preread_by_lua*",
        [LUA_CONTEXT_SESSION] = "content_by_lua*",
        [LUA_CONTEXT_PRECONTENT] = "precontent_by_lua*",
        [LUA_CONTEXT_BALANCER] = "balancer_by_lua*",
        [LUA_CONTEXT_SESSION_FETCH] = "ssl_session_fetch_by_lua*",
        [LUA_CONTEXT_SESSION_STORE] = "ssl_session_store_by_lua*",
        [LUA_CONTEXT_PROXY_CERTIFICATE] = "proxy_ssl_certificate_by_lua*",
        [LUA_CONTEXT_PROXY_VERIFY] = "proxy_ssl_verify_by_lua*",
    };

    return (size_t)context < ARRAY_LEN(names) ? names[context] : "(unknown)";
}

void ngx_visit_check_context(lua_State *L, unsigned contexts)
{
    enum lua_context context = lua_current_context();

    if (context == LUA_CONTEXT_NONE || context == LUA_CONTEXT_INIT)
        luaL_error(L, "no request found");
    if (!(contexts & 1u << context))
        luaL_error(L, "API disabled in the context of %s", context_name(context));
}

struct visit *ngx_visit_check(lua_State *L, unsigned contexts)
{
    struct visit *v;

    ngx_visit_check_context(L, contexts);
    v = lua_current_visit();
    if (!v)
        luaL_error(L, "no request found");
    return v;
}

struct visit *ngx_visit_check_request(lua_State *L, unsigned contexts)
{
    if (lua_current_context() > LUA_CONTEXT_INIT && !lua_current_visit())
        luaL_error(L, "API disabled in the current context");
    return ngx_visit_check(L, contexts);
}

bool ngx_visit_is_head_sent(const struct visit *v)
{
    const struct exchange *x = v->x;

    if (lua_current_context() == LUA_CONTEXT_HEADER_FILTER)
        return false;
    if (x->state == EXCHANGE_ABORTED)
        return x->send_since > 0;
    return exchange_has_started(x) || lua_output_is_unwanted(v);
}

void ngx_visit_check_abortable(lua_State *L, struct visit *v)
{
    if (ngx_visit_of(v)->pending_subrequests)
        luaL_error(L, "attempt to abort with pending subrequests");
}

void ngx_visit_wake_readers(struct ngx_visit *nv)
{
    struct ngx_body_waiter *w = nv->body_waiters;

    nv->body_waiters = NULL;
    for (; w; w = w->next)
        co_wake(w->co, w->wait);
}

static void on_cancel(struct exchange *x, const struct err *why)
{
    struct visit *v = visit_of(x);
    struct ngx_visit *nv = ngx_visit_of(v);
    struct lua_visit *lv = lua_visit_of(v);

    ngx_visit_wake_readers(nv);
    body_stream_wake(v);
    if (nv->abort_ref == LUA_NOREF) {
        if (nv->cancelled)
            nv->cancelled(x, why);
        for (unsigned i = 0; lv->is_cancelled && i < nv->n_threads; i++)
            co_cancel_err(nv->threads[i], why);
        return;
    }
    if (why == &err_closed)
        log_write(&x->log, LOG_INFO, "%sclient prematurely closed connection",
                  v->session ? "stream " : "");
    lua_visit_wake_drained(v);
    nv->on_abort(nv);
}

void ngx_visit_watch_cancel(struct visit *v)
{
    struct exchange *x = v->x;

    if (x->user.on_cancel == on_cancel)
        return;
    ngx_visit_of(v)->cancelled = x->user.on_cancel;
    x->user.on_cancel = on_cancel;
}
