/* Handlers in Lua as steps of a route. A step starts a task with the compiled function and either
 * has its outcome at once (STEP_NEXT, STEP_DONE…) or answers STEP_WAIT and resumes the route when
 * the task ends.
 *
 * To add a phase that may wait: a step function that calls start() and a branch in
 * outcome_of_return(). Filters and the log phase, which must not wait, are in lua_filter.c. */
#include "app/lua/lua_step.h"

#include <lauxlib.h>
#include <stdio.h>

#include "app/access/access.h"
#include "app/conf.h"
#include "app/lua/lua_answer.h"
#include "app/lua/lua_filter.h"
#include "app/lua/lua_output.h"
#include "app/lua/lua_timer.h"
#include "app/phases.h"
#include "app/stream/session.h"
#include "app/tls/lua_tls.h"
#include "bind/co.h"
#include "bind/lerr.h"
#include "bind/vm.h"
#include "http/body_spool.h"

enum { NGX_DECLINED = -5 };

static enum lua_context
    plain_context;              /* process-wide: of init_by_lua and its kind, which have no visit */
static bool plain_is_of_stream; /* process-wide: and whose it is */

struct visit *lua_current_visit(void)
{
    struct co *co = co_current();

    return co ? co->user : lua_filter_visit();
}

bool lua_current_is_of_stream(void)
{
    const struct visit *v = lua_current_visit();

    if (v)
        return v->session != NULL;
    return co_current() ? lua_timer_runs_for_stream() || lua_tls_is_of_stream()
                        : plain_is_of_stream;
}

static void describe_plain(const struct log_ctx *ctx, struct buf *out)
{
    UNUSED(ctx);
    if (plain_context == LUA_CONTEXT_INIT_WORKER)
        buf_add_lit(out, ", context: init_worker_by_lua*");
    else if (plain_context == LUA_CONTEXT_EXIT_WORKER)
        buf_add_lit(out, ", context: exit_worker_by_lua*");
}

const struct log_ctx *lua_current_log(void)
{
    static const struct log_ctx plain_log = {.describe = describe_plain};
    const struct visit *v = lua_current_visit();
    const struct co *co = co_current();

    if (v)
        return &v->x->log;
    return co ? co->log : &plain_log;
}

enum lua_context lua_current_context(void)
{
    struct visit *v = lua_filter_visit();
    struct co *co = co_current();
    enum lua_context of_handshake;

    if (v)
        return lua_visit_of(v)->context;
    of_handshake = co ? lua_tls_context() : LUA_CONTEXT_NONE;
    if (of_handshake)
        return of_handshake;
    if (co && co->user)
        return lua_visit_of(co->user)->context;
    return co ? LUA_CONTEXT_TIMER : plain_context;
}

/* `status` is that of ngx.exit, or of a failure; ngx.OK is success, and below are errors. */
static enum step_result finish_session(struct visit *v, int status)
{
    log_write(&v->x->log, LOG_DEBUG, "finalize stream request: %d", status);
    return phases_finish_status(v, status > 0 ? status : status == 0 ? 200 : 500);
}

/* ngx.exit in a session: ngx.OK goes on in preread, otherwise the session is over. */
static enum step_result outcome_of_session_exit(struct visit *v, const struct lua_visit *lv)
{
    int status = lv->exit_status;

    if (status == 0 && lv->context == LUA_CONTEXT_PREREAD && !v->session->has_eof)
        return STEP_NEXT;
    return finish_session(v, status);
}

/* ngx.exit, ngx.redirect, ngx.exec: what was asked before the task left. */
static enum step_result outcome_of_exit(struct visit *v, struct lua_visit *lv)
{
    int status = lv->exit_status;
    bool is_content = lv->context == LUA_CONTEXT_CONTENT || lv->context == LUA_CONTEXT_HANDLER;

    if (v->session)
        return outcome_of_session_exit(v, lv);
    if (exchange_has_started(v->x) || lua_output_is_unwanted(v))
        return lua_output_finish(v);
    if (lv->has_exec)
        return phases_redirect(v, lv->exec_path, lv->exec_query);
    if (lv->has_redirect_uri)
        return STEP_RESTART;
    if (lua_output_is_held(v) && status >= 0) {
        if (status >= 200 && v->x->res.status == 0)
            v->x->res.status = status;
        return lua_output_finish(v);
    }
    if (status == NGX_DECLINED && !is_content)
        return STEP_NEXT;
    if (status < 0 && v->is_captured)
        return phases_finish_status(v, 500);
    if (status < 0) {
        exchange_abort(v->x, &err_cancelled);
        return STEP_DONE;
    }
    if (status < 100 && !is_content)
        return lv->context == LUA_CONTEXT_ACCESS ? access_weigh(v, ACCESS_GRANTED) : STEP_NEXT;
    if (status < 300) {
        if (status >= 100 && v->x->res.status == 0)
            v->x->res.status = status;
        return lua_output_finish(v);
    }
    lv->exit_error = status;
    if (lv->context == LUA_CONTEXT_ACCESS)
        return access_weigh(v, status);
    return phases_finish_status(v, status);
}

/* The status that a handler's error is the answer to the request with, which is logged; 0: none.
 * Not inlined: it would cost each task's end something. */
static __attribute__((noinline)) int refusal_of(struct visit *v, struct co *co)
{
    const char *text;
    int status = v->is_answered || exchange_has_started(v->x) ? 0 : lerr_refusal(co->L, &text);

    if (status)
        log_write(&v->x->log, LOG_INFO, "handler refused the request: %s", text);
    return status;
}

static enum step_result outcome_of_failure(struct visit *v, struct lua_visit *lv, struct co *co)
{
    bool is_native = lv->context == LUA_CONTEXT_HANDLER;
    const struct err *body_err = v->x->body_err;
    int status;

    if (lv->is_cancelled) {
        log_write(&v->x->log, LOG_INFO, "handler was cancelled: the client is gone");
        return STEP_DONE;
    }
    if (is_native && body_err && !exchange_has_started(v->x)) {
        log_write(&v->x->log, LOG_INFO, "request body could not be read: %s", body_err->message);
        return phases_finish_status(v, exchange_body_status(v->x));
    }
    status = is_native ? refusal_of(v, co) : 0;
    if (status)
        return phases_finish_status(v, status);
    if (is_native)
        log_write(&v->x->log, LOG_ERROR, "handler failed: %s", co_traceback(co));
    else
        log_write(&v->x->log, LOG_ERROR, "lua entry thread aborted: runtime error: %s",
                  co_traceback(co));
    lv->is_unwanted = false;
    if (v->is_answered)
        return STEP_DONE;
    return v->session ? finish_session(v, 500) : phases_finish_status(v, 500);
}

static enum step_result outcome_of_return(struct visit *v, struct lua_visit *lv, struct co *co,
                                          int n)
{
    struct exchange *x = v->x;

    switch (lv->context) {
    case LUA_CONTEXT_HANDLER:
        return lua_answer(v, co->L, n);
    case LUA_CONTEXT_PREREAD:
        return v->session->has_eof ? phases_finish_status(v, 200) : STEP_NEXT;
    case LUA_CONTEXT_SERVER_REWRITE:
    case LUA_CONTEXT_REWRITE:
    case LUA_CONTEXT_ACCESS:
    case LUA_CONTEXT_PRECONTENT:
        if (exchange_has_started(x) || lua_output_is_held(v) || lua_output_is_unwanted(v))
            return lua_output_finish(v);
        return lv->context == LUA_CONTEXT_ACCESS ? access_weigh(v, ACCESS_GRANTED) : STEP_NEXT;
    default:
        return lua_output_finish(v);
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
    lv->has_exec = lv->has_redirect_uri = false;
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
    if (context == LUA_CONTEXT_PREREAD)
        co->doing = "prereading client data";
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
    enum step_result r;

    UNUSED(s);
    if (v->is_answered)
        return;
    v->is_running = true;
    r = step->run(v, step);
    v->is_running = false;
    phases_resume(v, r);
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
    const struct body_spool *spool;

    if (must_wait_for_body(v))
        return STEP_WAIT;
    spool = v->x->spool;
    if (v->loc->lua_need_request_body && spool && spool->state == BODY_FAILED)
        return phases_finish_status(v, exchange_body_status(v->x));
    return run_task(v, s->arg, context);
}

enum step_result lua_step_server_rewrite(struct visit *v, const struct step *s)
{
    return start(v, s, LUA_CONTEXT_SERVER_REWRITE);
}

enum step_result lua_step_rewrite(struct visit *v, const struct step *s)
{
    return start(v, s, LUA_CONTEXT_REWRITE);
}

enum step_result lua_step_access(struct visit *v, const struct step *s)
{
    return start(v, s, LUA_CONTEXT_ACCESS);
}

enum step_result lua_step_precontent(struct visit *v, const struct step *s)
{
    return start(v, s, LUA_CONTEXT_PRECONTENT);
}

enum step_result lua_step_content(struct visit *v, const struct step *s)
{
    return start(v, s, LUA_CONTEXT_CONTENT);
}

enum step_result lua_step_handler(struct visit *v, const struct step *s)
{
    v->x->ends_with_client = EXCHANGE_ENDS_UNANSWERED;
    return run_task(v, s->arg, LUA_CONTEXT_HANDLER);
}

enum step_result lua_step_preread(struct visit *v, const struct step *s)
{
    return run_task(v, s->arg, LUA_CONTEXT_PREREAD);
}

/* perilune.session asks for the connection itself. */
enum step_result lua_step_session(struct visit *v, const struct step *s)
{
    return run_task(v, s->arg, LUA_CONTEXT_SESSION);
}

void lua_step_let_go(struct visit *v)
{
    struct lua_visit *lv = lua_visit_of(v);
    struct co *co = lv->co;

    if (!co || co != co_current() || lv->context != LUA_CONTEXT_HANDLER)
        return;
    co_orphan(co);
    co->on_end = NULL;
    lv->co = NULL;
    lv->context = LUA_CONTEXT_NONE;
    lv->result = STEP_DONE;
    if (!lv->is_starting)
        phases_handler_ended(v);
}

bool lua_step_run_plain(struct lua_code *code, enum lua_context context, bool is_of_stream)
{
    char what[64]; /* "init_by_lua error: …", as nginx's Lua module says it */
    bool ok;

    if (!code)
        return true;
    if (lua_code_push(code, NULL)) {
        log_write(NULL, context == LUA_CONTEXT_INIT ? LOG_EMERG : LOG_ERROR, "%s%s error: %s",
                  code->directive, code->kind == LUA_CODE_FILE ? "_file" : "",
                  lua_tostring(vm_main(), -1));
        lua_pop(vm_main(), 1);
        return false;
    }
    plain_context = context;
    plain_is_of_stream = is_of_stream;
    snprintf(what, sizeof(what), "%s error", code->directive);
    ok = vm_call(0, 0, what);
    plain_context = LUA_CONTEXT_NONE;
    plain_is_of_stream = false;
    return ok;
}
