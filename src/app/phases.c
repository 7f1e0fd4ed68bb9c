/* The loop over a route's steps. To add a phase: the enum in location.h, next_phase here. To add a
 * kind of step: a function of type step.run, put into a list by a directive.
 *
 * A visit ends when its exchange is over and no handler runs for it: then the log phase runs and
 * the hold is given up. */
#include "app/phases.h"

#include "app/access/access.h"
#include "app/access/limit_lease.h"
#include "app/access_log.h"
#include "app/conf.h"
#include "app/error_page.h"
#include "app/filters/addition.h"
#include "app/filters/compress.h"
#include "app/filters/echo_filter.h"
#include "app/filters/header_filter.h"
#include "app/filters/more_headers.h"
#include "app/filters/sub_filter.h"
#include "app/lua/lua_filter.h"
#include "app/lua/lua_visit.h"
#include "app/pause.h"
#include "app/real_ip.h"
#include "app/router.h"
#include "app/variables/captures.h"
#include "app/variables/regex.h"
#include "base/check.h"
#include "http/body_decoder.h"
#include "http/ws/ws_upgrade.h"
#include "proto/status.h"

enum { STATUS_CLOSE = 444, STATUS_CLIENT_CLOSED = 499 };

static void run(struct visit *v);

static void on_cancel(struct exchange *x, const struct err *why)
{
    if (why == &err_closed)
        log_write(&x->log, LOG_INFO, "%sclient prematurely closed connection",
                  visit_of(x)->session ? "stream " : "");
    if (visit_of(x)->on_cancel)
        visit_of(x)->on_cancel(visit_of(x));
    lua_visit_cancel(visit_of(x));
}

void phases_hold(struct visit *v)
{
    exchange_hold(v->x);
    v->conf->users->n++;
}

void phases_let_go(struct visit *v)
{
    struct conf_users *users = v->conf->users;

    exchange_release(v->x);
    if (--users->n == 0 && users->on_none)
        users->on_none(users->arg);
}

static void log_visit(struct visit *v)
{
    bool is_logged = !v->parent || (v->loc && v->loc->does_log_subrequest);

    lua_filter_log(v, is_logged);
    if (is_logged)
        access_log_write(v);
}

static void end_visit(struct visit *v)
{
    log_visit(v);
    if (v->leases)
        limit_lease_end(v);
    phases_let_go(v);
}

static void on_done(struct exchange *x)
{
    struct visit *v = visit_of(x);

    v->is_answered = true;
    if (v->on_answered)
        v->on_answered(v);
    if (!v->is_running && !lua_visit_is_running(v))
        end_visit(v);
}

void phases_handler_ended(struct visit *v)
{
    if (v->is_answered && !v->is_running && !lua_visit_is_running(v))
        end_visit(v);
}

/* The more_ directives come before Lua's filters, these before add_header, and gunzip before what
 * changes bodies, as in OpenResty; compression is the last. */
void phases_use_location(struct visit *v, const struct location *loc)
{
    v->loc = loc;
    v->x->settings = &loc->http;
    v->x->log.sink = loc->error_log;
    v->x->filters = NULL;
    more_headers_filter_add(v);
    lua_filter_add(v);
    echo_filter_add(v);
    header_filter_add(v);
    compress_add_gunzip(v);
    addition_filter_add(v);
    sub_filter_add(v);
    compress_add(v);
}

/* Does limit_except leave it alone? A WebSocket is asked for by GET, or what stands for it. */
static bool is_excepted(const struct location *l, const struct exchange *x)
{
    uint64_t methods = l->excepted_methods;

    if (ws_upgrade_is_extended(x) && methods >> METHOD_GET & 1)
        return true;
    return methods >> x->req.method & 1;
}

static bool enter_location(struct visit *v)
{
    struct exchange *x = v->x;

    if (v->loc->except && !is_excepted(v->loc, x))
        v->loc = v->loc->except;
    phases_use_location(v, v->loc);
    if (v->loc->is_internal && !v->is_internal) {
        phases_finish_status(v, 404);
        return false;
    }
    if (!v->is_in_error_page && exchange_refuses_size(x, x->req.content_length)) {
        phases_finish_status(v, 413);
        return false;
    }
    return true;
}

/* Before anybody looks at the head for the sake of the body. False: the visit has been answered. */
static bool decode_body(struct visit *v)
{
    if (v->is_in_error_page || body_decoder_start(v->x, v->loc->http.decoded) != &err_unsupported)
        return true;
    /* RFC 9110 section 15.5.16 */
    header_set_id(&v->x->res.headers, visit_pool(v), HEADER_ACCEPT_ENCODING,
                  SLICE("gzip, deflate, br, zstd"));
    phases_finish_status(v, 415);
    return false;
}

static const struct step_list *current_steps(const struct visit *v)
{
    const struct location *l = v->phase == PHASE_SERVER_REWRITE ? v->vhost->base : v->loc;

    return &l->steps[v->phase];
}

static bool count_restart(struct visit *v, const char *what)
{
    struct slice path;

    if (++v->restarts <= VISIT_RESTARTS_MOST)
        return true;
    path = exchange_shown(v->x, v->x->req.path);
    log_write(&v->x->log, LOG_ERROR, "%s cycle while processing \"" SLICE_FMT "\"", what,
              SLICE_ARG(path));
    v->restarts = 0;
    v->has_cycled = true;
    phases_finish_status(v, 500);
    return false;
}

static bool find_location(struct visit *v)
{
    bool is_found;

    v->is_uri_changed = false;
    is_found = router_find_location(v);
    v->located_path = v->x->req.path;
    v->phase = PHASE_REWRITE;
    v->step = 0;
    if (LIKELY(is_found))
        return enter_location(v);
    phases_use_location(v, v->loc);
    phases_finish_status(v, 500);
    return false;
}

/* Somebody may have refused and nobody granted, see access.c. False: the visit has been answered,
 * or will be. */
static bool end_access(struct visit *v)
{
    int status = v->refused_status;

    if (LIKELY(status == 0))
        return true;
    v->refused_status = 0;
    if (status == 403)
        log_write(&v->x->log, LOG_ERROR, "access forbidden by rule");
    phases_refuse(v, status);
    return false;
}

/* A subrequest is not asked: the main request was let in. */
static enum phase phase_of_access(const struct visit *v)
{
    return v->parent ? PHASE_PRECONTENT : PHASE_ACCESS;
}

/* After the last step of a phase. False: the visit has been answered. */
static bool next_phase(struct visit *v)
{
    v->step = 0;
    switch (v->phase) {
    case PHASE_SERVER_REWRITE:
        return find_location(v);
    case PHASE_REWRITE:
        if (v->is_uri_changed)
            return count_restart(v, "rewrite or internal redirection") && find_location(v);
        v->phase = v->loc->steps[PHASE_PREACCESS].n ? PHASE_PREACCESS : phase_of_access(v);
        return LIKELY(!v->loc->http.decodes_body) || decode_body(v);
    case PHASE_PREACCESS:
        v->phase = phase_of_access(v);
        return true;
    case PHASE_ACCESS:
        v->phase = PHASE_PRECONTENT;
        return end_access(v);
    case PHASE_PRECONTENT:
        v->phase = PHASE_CONTENT;
        if (v->loc->steps[PHASE_CONTENT].n > 0)
            return true;
        break;
    case PHASE_CONTENT:
    case PHASE_COUNT:
        phases_finish_status(v, 404);
        return false;
    }
    return v->loc->default_content(v, NULL) == STEP_RESTART;
}

/* What follows from a step's answer. False: the loop ends. */
static bool apply(struct visit *v, enum step_result r)
{
    switch (r) {
    case STEP_NEXT:
        v->step++;
        return true;
    case STEP_SKIP_PHASE:
        v->step = current_steps(v)->n;
        return true;
    case STEP_RESTART:
        if (v->has_jumped)
            return true;
        v->is_uri_changed = true;
        v->phase = PHASE_REWRITE;
        v->step = current_steps(v)->n;
        return true;
    case STEP_DONE:
    case STEP_WAIT:
        break;
    }
    return false;
}

static void run(struct visit *v)
{
    bool goes_on = true;

    v->is_running = true;
    while ((goes_on || v->has_jumped) && !v->is_answered) {
        const struct step_list *l = current_steps(v);

        v->has_jumped = false;
        if (v->step >= l->n)
            goes_on = next_phase(v);
        else
            goes_on = apply(v, l->steps[v->step].run(v, &l->steps[v->step]));
    }
    v->is_running = false;
    phases_handler_ended(v);
}

static void attach(struct visit *v)
{
    struct exchange *x = v->x;

    phases_hold(v);
    x->app = v;
    v->first_path = x->req.path;
    v->first_query = x->req.query;
    x->user.on_cancel = on_cancel;
    x->user.on_done = on_done;
    phases_use_location(v, v->vhost->base);
    v->phase = v->session ? PHASE_REWRITE : PHASE_SERVER_REWRITE;
}

void phases_begin(struct visit *v)
{
    attach(v);
    if (v->loc->real_ip)
        real_ip_learn(v, v->loc->real_ip);
    run(v);
}

void phases_begin_content(struct visit *v)
{
    const struct visit *parent = v->parent;

    attach(v);
    phases_use_location(v, parent->loc);
    v->x->filters = NULL;
    v->phase = PHASE_CONTENT;
    v->first_path = parent->first_path;
    v->first_query = parent->first_query;
    v->located_path = parent->located_path;
    v->path_prefix = parent->path_prefix;
    captures_copy(v, parent);
    run(v);
}

void phases_begin_bad(struct visit *v, int status)
{
    attach(v);
    v->is_running = true;
    v->phase = PHASE_CONTENT;
    phases_finish_status(v, status);
    v->is_running = false;
    if (v->has_jumped)
        run(v);
    else
        phases_handler_ended(v);
}

void phases_resume(struct visit *v, enum step_result r)
{
    bool goes_on;

    CHECK(!v->is_running);
    v->is_running = true;
    goes_on = apply(v, r);
    v->is_running = false;
    if ((goes_on || v->has_jumped) && !v->is_answered)
        run(v);
    else
        phases_handler_ended(v);
}

static const struct error_page *find_error_page(const struct visit *v, int status)
{
    if (status < 300 || v->is_captured || !v->loc || v->has_cycled ||
        (v->is_in_error_page && !v->loc->has_recursive_error_pages))
        return NULL;
    for (const struct error_page *p = v->loc->error_pages; p; p = p->next)
        if (p->status == status)
            return p;
    return NULL;
}

bool phases_has_error_page(const struct visit *v, int status)
{
    return find_error_page(v, status) != NULL;
}

static enum step_result answer_url(struct visit *v, const struct error_page *p, struct slice url,
                                   int status)
{
    int answer = p->answer > 0 ? p->answer : status;

    if (!status_is_redirect(answer))
        answer = 302;
    header_set_id(&v->x->res.headers, visit_pool(v), HEADER_LOCATION, url);
    error_page_answer(v, answer);
    return STEP_DONE;
}

static enum step_result show_error_page(struct visit *v, const struct error_page *p, int status)
{
    struct slice target = script_eval(p->target, v), query = p->query;

    v->is_in_error_page = true;
    v->error_status = status;
    v->x->res.status = p->answer > 0 ? p->answer : p->answer == 0 ? error_page_sent(status) : 0;
    if (p->is_url)
        return answer_url(v, p, target, status);
    if (!p->is_named && !query.p && slice_find(target, '?') >= 0) {
        query = target;
        target = slice_cut(&query, '?');
    }
    return phases_redirect_as_get(v, target, query);
}

/* A session has nobody to tell but the log. */
static enum step_result finish_session(struct visit *v, int status)
{
    log_write(&v->x->log, LOG_DEBUG, "finalize stream session: %d", status);
    v->x->res.status = status;
    exchange_end(v->x);
    return STEP_DONE;
}

enum step_result phases_finish_status(struct visit *v, int status)
{
    const struct error_page *p;
    struct exchange *x = v->x;

    if (v->session)
        return finish_session(v, status);
    if (exchange_has_started(x)) {
        exchange_abort(x, &err_cancelled);
        return STEP_DONE;
    }
    if (status == STATUS_CLOSE || status == STATUS_CLIENT_CLOSED) {
        x->res.status = status; /* for the log */
        exchange_abort(x, &err_closed);
        return STEP_DONE;
    }
    p = find_error_page(v, status);
    if (p)
        return show_error_page(v, p, status);
    error_page_answer(v, status);
    return STEP_DONE;
}

static void refuse_late(struct visit *v)
{
    phases_finish_status(v, 401);
}

enum step_result phases_refuse(struct visit *v, int status)
{
    uint64_t delay = v->loc->access ? v->loc->access->delay_ms : 0;

    if (status != 401 || delay == 0)
        return phases_finish_status(v, status);
    log_write(&v->x->log, LOG_INFO, "delaying unauthorized request");
    return pause_visit(v, delay, refuse_late);
}

static void jump_to_path(struct visit *v, struct slice path, struct slice query)
{
    struct request *req = &v->x->req;

    req->path = pool_dup(visit_pool(v), path);
    req->query = query.p ? pool_dup(visit_pool(v), query) : query;
    v->phase = PHASE_SERVER_REWRITE;
    phases_use_location(v, v->vhost->base);
}

static bool jump_to_named(struct visit *v, struct slice name)
{
    const struct location *l = router_find_named(v->vhost, slice_from(name, 1));

    if (!l) {
        struct slice shown = exchange_shown(v->x, name);

        log_write(&v->x->log, LOG_ERROR, "could not find named location \"" SLICE_FMT "\"",
                  SLICE_ARG(shown));
        v->has_cycled = true;
        phases_finish_status(v, 500);
        return false;
    }
    v->loc = l;
    v->phase = PHASE_REWRITE;
    return enter_location(v);
}

enum step_result phases_redirect_as_get(struct visit *v, struct slice path, struct slice query)
{
    struct request *req = &v->x->req;

    if (!(path.n > 0 && path.p[0] == '@') && req->method != METHOD_HEAD) {
        req->method = METHOD_GET;
        req->method_token = method_name(METHOD_GET);
    }
    return phases_redirect(v, path, query);
}

enum step_result phases_redirect(struct visit *v, struct slice path, struct slice query)
{
    bool is_named = path.n > 0 && path.p[0] == '@';

    v->is_internal = true;
    v->is_uri_changed = v->is_path_in_alias = false;
    if (!v->parent) /* another location has parts of its own */
        v->slices = NULL;
    if (!count_restart(v, "internal redirection"))
        return STEP_DONE;
    v->step = 0;
    if (!is_named)
        jump_to_path(v, path, query);
    else if (!jump_to_named(v, path))
        return STEP_DONE;
    if (v->is_running) {
        v->has_jumped = true;
        return STEP_RESTART;
    }
    run(v);
    return STEP_DONE;
}
