/* Lua that must not wait: header_filter_by_lua, body_filter_by_lua, log_by_lua, set_by_lua. It runs
 * on the main state, inside whatever sends the response or walks the phases; the visit it works for
 * is remembered while it runs. */
#include "app/lua/lua_filter.h"

#include <lauxlib.h>
#include <malloc.h>

#include "app/app.h"
#include "app/conf.h"
#include "app/error_page.h"
#include "app/lua/lua_code.h"
#include "app/lua/lua_handle.h"
#include "app/lua/lua_visit.h"
#include "bind/co.h"
#include "bind/vm.h"
#include "http/filter_file.h"

enum { STATUS_CLOSE = 444, EXIT_ERROR = -1 };

static struct visit *filtered; /* process-wide: the visit whose filter or log code runs now */

struct visit *lua_filter_visit(void)
{
    return filtered;
}

/* Calls the function on top of the main state, which leaves `n` results there; a failure goes to
 * the visit's log with a traceback. */
static bool call(struct visit *v, const char *what, int n)
{
    lua_State *L = vm_main();
    int base = lua_gettop(L);

    lua_pushcfunction(L, vm_add_traceback);
    lua_insert(L, base);
    if (lua_pcall(L, 0, n, base) == 0) {
        lua_remove(L, base);
        return true;
    }
    log_write(&v->x->log, LOG_ERROR, "failed to run %s*: %s", what, lua_tostring(L, -1));
    lua_settop(L, base - 1);
    return false;
}

/* Runs `code` for `v` in `context` and leaves `n` results on the main state; false when it failed.
 * Restores what ran before: a filter may run inside ngx.print. */
static bool run_for(struct visit *v, const struct lua_code *code, enum lua_context context, int n)
{
    struct lua_visit *lv = lua_visit_of(v);
    struct visit *before = filtered;
    enum lua_context context_before = lv->context;
    bool ok;

    if (lua_code_push((struct lua_code *)code, v)) {
        log_write(&v->x->log, LOG_ERROR, "%s", lua_tostring(vm_main(), -1));
        lua_pop(vm_main(), 1);
        return false;
    }
    filtered = v;
    lv->context = context;
    ok = call(v, code->directive, n);
    filtered = before;
    lv->context = context_before;
    return ok;
}

static bool run(struct visit *v, const struct lua_code *code, enum lua_context context)
{
    return run_for(v, code, context, 0);
}

bool lua_filter_set(struct visit *v, const struct lua_code *code, struct slice *value_out)
{
    lua_State *L = vm_main();
    const char *text;
    size_t n = 0;

    if (!run_for(v, code, LUA_CONTEXT_SET, 1))
        return false;
    text = lua_tolstring(L, -1, &n);
    *value_out = pool_dup(visit_pool(v), slice_of(text ? text : "", n));
    lua_pop(L, 1);
    return true;
}

int lua_filter_balance(struct visit *v, const struct lua_code *code)
{
    struct lua_visit *lv = lua_visit_of(v);
    int before = lv->exit_status, status;
    bool ok;

    lv->exit_status = LUA_EXIT_NONE;
    ok = run(v, code, LUA_CONTEXT_BALANCER);
    status = lv->exit_status;
    lv->exit_status = before;
    if (!ok || status == -1)
        return 500;
    return status >= 300 ? status : 0;
}

/* ngx.exit in a header filter: another status, and its page or nothing in place of the body. */
static void replace_answer(struct visit *v, struct lua_visit *lv)
{
    struct response *res = &v->x->res;
    bool has_page = lv->filter_exit >= 300 && lv->filter_exit != STATUS_CLOSE;

    res->status = lv->filter_exit;
    res->reason = SLICE_EMPTY;
    lv->replacement = has_page ? error_page_body(v, lv->filter_exit) : SLICE_EMPTY;
    res->content_length = (int64_t)lv->replacement.n;
    if (lv->replacement.n > 0)
        header_set_id(&res->headers, visit_pool(v), HEADER_CONTENT_TYPE, SLICE("text/html"));
}

static void trace(const struct visit *v, const char *what)
{
    if (log_is_on(&v->x->log, LOG_DEBUG))
        log_write(&v->x->log, LOG_DEBUG, "lua %s filter for user lua code, uri \"" SLICE_FMT "\"",
                  what, SLICE_ARG(v->x->req.path));
}

static void on_head(struct filter *f, struct exchange *x)
{
    struct visit *v = visit_of(x);

    trace(v, "header");
    if ((v->loc->header_filter && !run(v, v->loc->header_filter, LUA_CONTEXT_HEADER_FILTER)) ||
        lua_visit_of(v)->filter_exit == EXIT_ERROR) {
        exchange_abort(x, &err_cancelled);
        return;
    }
    if (lua_visit_of(v)->filter_exit)
        replace_answer(v, lua_visit_of(v));
    if (v->loc->body_filter) {
        x->res.content_length = -1;
        filter_file_add(x);
    }
    exchange_pass_head(x, f->next);
}

/* Runs the body filter. False: it failed, or returned ngx.ERROR or the status of an error. */
static bool run_body_filter(struct visit *v)
{
    lua_State *L = vm_main();
    lua_Integer said;

    if (!run_for(v, v->loc->body_filter, LUA_CONTEXT_BODY_FILTER, 1))
        return false;
    said = lua_tointeger(L, -1);
    lua_pop(L, 1);
    return said != EXIT_ERROR && said < 300;
}

static void filter_piece(struct filter *f, struct exchange *x, const struct chunk *c)
{
    struct visit *v = visit_of(x);
    struct lua_visit *lv = lua_visit_of(v);
    struct chunk out;

    lv->filter_data = c->bytes;
    lv->filter_is_last = c->is_last;
    if (!run_body_filter(v)) {
        exchange_abort(x, &err_cancelled);
        return;
    }
    out = CHUNK_BYTES(lv->filter_data);
    out.is_flush = c->is_flush;
    out.is_last = lv->filter_is_last || (c->is_last && !v->parent);
    exchange_pass_body(x, f->next, &out);
    if (c->is_last && !out.is_last)
        exchange_abort(x, &err_cancelled); /* a capture whose end was taken away is truncated */
}

/* What the handler writes is dropped; its end brings the replacement. */
static void pass_replacement(struct filter *f, struct exchange *x, const struct chunk *c)
{
    struct chunk out = CHUNK_LAST(lua_visit_of(visit_of(x))->replacement);

    chunk_drop(c);
    if (c->is_last)
        exchange_pass_body(x, f->next, &out);
}

static void on_body(struct filter *f, struct exchange *x, const struct chunk *c)
{
    if (visit_of(x)->loc->body_filter)
        trace(visit_of(x), "body");
    if (lua_visit_of(visit_of(x))->filter_exit)
        pass_replacement(f, x, c);
    else if (!visit_of(x)->loc->body_filter)
        exchange_pass_body(x, f->next, c);
    else
        filter_piece(f, x, c);
}

void lua_filter_add(struct visit *v)
{
    static const struct filter_ops ops = {"lua", on_head, on_body, NULL};

    if (v->loc->header_filter || v->loc->body_filter)
        filter_append(v->x, pool_new(visit_pool(v), struct filter), &ops);
}

/* What Lua still holds of the visit means nothing from now on. */
static void release_refs(struct visit *v)
{
    struct lua_visit *lv = v->lua;

    lua_handle_free(lv->handle);
    lv->handle = 0;
    if (!vm_main())
        return;
    lua_visit_wake_reader(v); /* its next question is answered: the request is over */
    lua_visit_release_ctx(v);
}

/* lua_malloc_trim: this request counts. */
static void give_memory_back(const struct visit *v)
{
    static unsigned n; /* process-wide: requests since the last time */
    unsigned every = v->conf->malloc_trim;

    if (!every && v->loc && v->loc->log_by_lua)
        log_write(&v->x->log, LOG_DEBUG, "malloc_trim() disabled");
    if (!every || ++n < every)
        return;
    n = 0;
    log_write(&v->x->log, LOG_DEBUG, "malloc_trim(1) returned %d", malloc_trim(1));
}

void lua_filter_log(struct visit *v, bool is_logged)
{
    if (is_logged)
        give_memory_back(v);
    if (is_logged && v->loc && v->loc->log_by_lua) {
        log_write(&v->x->log, LOG_DEBUG, "lua log handler, uri:\"" SLICE_FMT "\"",
                  SLICE_ARG(v->x->req.path));
        log_set_doing(v->session ? NULL : "logging request");
        run(v, v->loc->log_by_lua, LUA_CONTEXT_LOG);
        log_set_doing(NULL);
    }
    if (v->lua)
        release_refs(v);
}
