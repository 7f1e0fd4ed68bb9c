/* Handlers in Lua as steps of a route. A step starts a task with the compiled function and either
 * has its outcome at once (STEP_NEXT, STEP_DONE…) or answers STEP_WAIT and resumes the route when
 * the task ends.
 *
 * To add a phase that may wait: a step function that calls start() and a branch in
 * outcome_of_return(). Filters and the log phase, which must not wait, are in lua_filter.c. */
#include "app/lua_step.h"

#include <lauxlib.h>

#include "app/conf.h"
#include "app/lua_answer.h"
#include "app/lua_filter.h"
#include "app/phases.h"
#include "bind/co.h"
#include "bind/vm.h"
#include "http/body_spool.h"

static enum lua_context
    plain_context; /* process-wide: of init_by_lua and its kind, which have no visit */

struct visit *lua_current_visit(void)
{
    struct co *co = co_current();

    return co ? co->user : lua_filter_visit();
}

enum lua_context lua_current_context(void)
{
    struct visit *v = lua_filter_visit();
    struct co *co = co_current();

    if (v)
        return lua_visit_of(v)->context;
    if (co && co->user)
        return lua_visit_of(co->user)->context;
    return co ? LUA_CONTEXT_TIMER : plain_context;
}

/* ngx.exit, ngx.redirect, ngx.exec: what was asked before the task left. */
static enum step_result outcome_of_exit(struct visit *v, struct lua_visit *lv)
{
    int status = lv->exit_status;
    bool is_content = lv->context == LUA_CONTEXT_CONTENT || lv->context == LUA_CONTEXT_HANDLER;

    if (lv->has_exec) {
        lv->has_exec = false;
        return phases_redirect(v, lv->exec_path, lv->exec_query);
    }
    if (lv->has_redirect_uri) {
        lv->has_redirect_uri = false;
        return STEP_RESTART;
    }
    if (exchange_has_started(v->x)) {
        exchange_end(v->x);
        return STEP_DONE;
    }
    if (status < 0) {
        exchange_abort(v->x, &err_cancelled);
        return STEP_DONE;
    }
    if (status < 100 && !is_content)
        return STEP_NEXT;
    if (status < 300) {
        if (status >= 100 && v->x->res.status == 0)
            v->x->res.status = status;
        exchange_end(v->x);
        return STEP_DONE;
    }
    return phases_finish_status(v, status);
}

/* A handler that lets the failure of a body read pass was right: the request was wrong. */
static int status_of_body_error(const struct err *e)
{
    return e == &err_too_large ? 413 : e == &err_timeout ? 408 : 400;
}

static enum step_result outcome_of_failure(struct visit *v, struct lua_visit *lv, struct co *co)
{
    bool is_native = lv->context == LUA_CONTEXT_HANDLER;
    const struct err *body_err = v->x->body_err;

    if (lv->is_cancelled) {
        log_write(&v->x->log, LOG_INFO, "handler was cancelled: the client is gone");
        return STEP_DONE;
    }
    if (is_native && body_err && !exchange_has_started(v->x)) {
        log_write(&v->x->log, LOG_INFO, "request body could not be read: %s", body_err->message);
        return phases_finish_status(v, status_of_body_error(body_err));
    }
    log_write(&v->x->log, LOG_ERROR, "%s: %s",
              is_native ? "handler failed" : "lua entry thread aborted: runtime error",
              co_traceback(co));
    return v->is_answered ? STEP_DONE : phases_finish_status(v, 500);
}

static enum step_result outcome_of_return(struct visit *v, struct lua_visit *lv, struct co *co,
                                          int n)
{
    struct exchange *x = v->x;

    switch (lv->context) {
    case LUA_CONTEXT_HANDLER:
        return lua_answer(v, co->L, n);
    case LUA_CONTEXT_REWRITE:
    case LUA_CONTEXT_ACCESS:
        if (exchange_has_started(x)) {
            exchange_end(x);
            return STEP_DONE;
        }
        return STEP_NEXT;
    default:
        exchange_end(x);
        return STEP_DONE;
    }
}

static void on_end(struct co *co, enum co_result result, int n)
{
    struct visit *v = co->user;
    struct lua_visit *lv = v->lua;
    enum step_result r;

    v->is_running = true;
    if (result == CO_OK)
        r = v->is_answered ? STEP_DONE : outcome_of_return(v, lv, co, n);
    else if (result == CO_EXITED)
        r = v->is_answered ? STEP_DONE : outcome_of_exit(v, lv);
    else
        r = outcome_of_failure(v, lv, co);
    lv->exit_status = LUA_EXIT_NONE;
    lv->context = LUA_CONTEXT_NONE;
    lv->co = NULL;
    if (lv->is_starting) {
        lv->result = r;
        return;
    }
    v->is_running = false;
    phases_resume(v, r);
}

static enum step_result run_task(struct visit *v, const struct lua_code *code,
                                 enum lua_context context)
{
    struct lua_visit *lv = lua_visit_of(v);
    lua_State *L = vm_main();
    struct co *co;
    int nargs = 0, status;

    status = lua_code_push((struct lua_code *)code, v);
    if (status) {
        log_write(&v->x->log, LOG_ERROR, "%s", lua_tostring(L, -1));
        lua_pop(L, 1);
        return phases_finish_status(v, status);
    }
    co = co_new(v, on_end);
    co->log = &v->x->log;
    if (context == LUA_CONTEXT_HANDLER) {
        lua_pushnumber(L, lua_visit_handle(v));
        nargs = 1;
    }
    lua_xmove(L, co->L, nargs + 1);
    lv->co = co;
    lv->context = context;
    lv->is_starting = true;
    co_start(co, nargs);
    lv->is_starting = false;
    return lv->co ? STEP_WAIT : lv->result;
}

/* lua_need_request_body: the step runs again once the body is there. */
static void on_body_complete(struct exchange *x, struct body_spool *s)
{
    struct visit *v = visit_of(x);
    const struct location *l = v->phase == PHASE_SERVER_REWRITE ? v->vhost->base : v->loc;
    const struct step *step = &l->steps[v->phase].steps[v->step];

    UNUSED(s);
    if (!v->is_answered)
        phases_resume(v, step->run(v, step));
}

static bool must_wait_for_body(struct visit *v)
{
    struct body_spool *spool;

    if (!v->loc->lua_need_request_body || (v->x->spool && v->x->spool->state != BODY_WAIT))
        return false;
    spool = body_spool_start(v->x, on_body_complete, NULL);
    return spool->state == BODY_WAIT;
}

static enum step_result start(struct visit *v, const struct step *s, enum lua_context context)
{
    if (must_wait_for_body(v))
        return STEP_WAIT;
    return run_task(v, s->arg, context);
}

enum step_result lua_step_rewrite(struct visit *v, const struct step *s)
{
    return start(v, s, LUA_CONTEXT_REWRITE);
}

enum step_result lua_step_access(struct visit *v, const struct step *s)
{
    return start(v, s, LUA_CONTEXT_ACCESS);
}

enum step_result lua_step_content(struct visit *v, const struct step *s)
{
    return start(v, s, LUA_CONTEXT_CONTENT);
}

enum step_result lua_step_handler(struct visit *v, const struct step *s)
{
    return run_task(v, s->arg, LUA_CONTEXT_HANDLER);
}

bool lua_step_run_plain(struct lua_code *code, enum lua_context context)
{
    bool ok;

    if (!code)
        return true;
    if (lua_code_push(code, NULL)) {
        log_write(NULL, context == LUA_CONTEXT_INIT ? LOG_EMERG : LOG_ERROR, "%s error: %s",
                  code->directive, lua_tostring(vm_main(), -1));
        lua_pop(vm_main(), 1);
        return false;
    }
    plain_context = context;
    ok = vm_call(0, 0, code->directive);
    plain_context = LUA_CONTEXT_NONE;
    return ok;
}
