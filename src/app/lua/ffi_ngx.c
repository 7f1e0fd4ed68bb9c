/* Each function finds the running visit anew; what it hands out borrows from the exchange's pool or
 * is static. */
#include "app/lua/ffi_ngx.h"

#include <time.h>

#include "app/app.h"
#include "app/fair_share.h"
#include "app/lua/lib_ngx_visit.h"
#include "app/lua/lua_step.h"
#include "app/lua/lua_timer.h"
#include "app/tls/lua_tls.h"
#include "app/variables/script.h"
#include "base/clock.h"
#include "base/product.h"
#include "proto/date.h"

static const struct {
    int id;
    enum method method;
} methods[] = {
    {0x0002, METHOD_GET},      {0x0004, METHOD_HEAD},      {0x0008, METHOD_POST},
    {0x0010, METHOD_PUT},      {0x0020, METHOD_DELETE},    {0x0040, METHOD_MKCOL},
    {0x0080, METHOD_COPY},     {0x0100, METHOD_MOVE},      {0x0200, METHOD_OPTIONS},
    {0x0400, METHOD_PROPFIND}, {0x0800, METHOD_PROPPATCH}, {0x1000, METHOD_LOCK},
    {0x2000, METHOD_UNLOCK},   {0x4000, METHOD_PATCH},     {0x8000, METHOD_TRACE},
};

static int put(struct ffi_str *out, struct slice s)
{
    out->p = s.p;
    out->n = s.n;
    return s.p ? FFI_NGX_OK : FFI_NGX_NONE;
}

/* What is answered by HTTP/1.0 and 1.1 alike is told by both digits. */
static double version_of(const struct request *r)
{
    return r->version_major + r->version_minor / 10.0;
}

static int method_id(enum method m)
{
    for (size_t i = 0; i < ARRAY_LEN(methods); i++)
        if (methods[i].method == m)
            return methods[i].id;
    return 0;
}

static double number_of(const struct visit *v, enum ffi_ngx_number what)
{
    switch (what) {
    case FFI_NGX_STATUS:
        return v->x->res.status ? v->x->res.status : v->error_status;
    case FFI_NGX_HEADERS_SENT:
        return ngx_visit_is_head_sent(v);
    case FFI_NGX_IS_INTERNAL:
        return v->is_internal;
    case FFI_NGX_HTTP_VERSION:
        return version_of(&v->x->req);
    case FFI_NGX_START_TIME:
        return (double)v->x->start_wall_ms / 1000;
    case FFI_NGX_METHOD:
        return method_id(v->x->req.method);
    case FFI_NGX_CTX_REF:
        return v->lua ? v->lua->ctx_ref : -2;
    case FFI_NGX_IS_SUBREQUEST:
        return v->parent != NULL;
    }
    return 0;
}

int ffi_ngx_handshake_ctx(void)
{
    const struct visit *v = lua_current_visit();
    const int *own = v ? NULL : lua_tls_ctx();

    if (own)
        return *own;
    return v && v->x->req.tls ? lua_tls_ctx_of(v->x->req.tls) : FFI_NGX_NO_REQUEST;
}

int ffi_ngx_number(int what, double *out)
{
    const struct visit *v = lua_current_visit();

    if (!v)
        return FFI_NGX_NO_REQUEST;
    *out = number_of(v, (enum ffi_ngx_number)what);
    return FFI_NGX_OK;
}

int ffi_ngx_context(void)
{
    return (int)lua_current_context();
}

int ffi_ngx_is_session(void)
{
    return lua_current_is_of_stream();
}

int ffi_ngx_set_status(int status)
{
    struct visit *v = lua_current_visit();

    if (!v)
        return FFI_NGX_NO_REQUEST;
    if (ngx_visit_is_head_sent(v)) {
        log_write(&v->x->log, LOG_ERROR,
                  "attempt to set ngx.status after sending out response headers");
        return FFI_NGX_SENT;
    }
    if (status < 100 || status > 999) {
        log_write(&v->x->log, LOG_ERROR, "invalid HTTP status code %d", status);
        return FFI_NGX_BAD_CONTEXT;
    }
    v->x->res.status = status;
    return FFI_NGX_OK;
}

int ffi_ngx_set_status_reason(int status, const char *reason, size_t n)
{
    int rc = ffi_ngx_set_status(status);
    struct visit *v = lua_current_visit();

    if (rc == FFI_NGX_OK)
        v->x->res.reason = pool_dup(visit_pool(v), slice_of(reason, n));
    return rc;
}

int ffi_ngx_bypass_conditions(void)
{
    struct visit *v = lua_current_visit();

    if (!v)
        return FFI_NGX_NO_REQUEST;
    lua_visit_of(v)->bypasses_conditions = true;
    return FFI_NGX_OK;
}

/* In `stream` variables can be read in handshakes, too. */
int ffi_ngx_var_get(const char *name, size_t n, struct ffi_str *out)
{
    struct visit *running = lua_current_visit(), *v = running ? running : lua_tls_visit();
    const struct variable *var;

    if (!v)
        return FFI_NGX_NO_REQUEST;
    var = variable_find_at_run(v, slice_of(name, n));
    return var ? put(out, var->get(v, var)) : FFI_NGX_NONE;
}

int ffi_ngx_var_capture(int i, struct ffi_str *out)
{
    const struct visit *v = lua_current_visit();
    const int *at;

    if (!v)
        return FFI_NGX_NO_REQUEST;
    if (i < 1 || i >= v->n_captures || v->captures[2 * i] < 0)
        return FFI_NGX_NONE;
    at = &v->captures[2 * i];
    return put(out, slice_of(v->capture_subject.p + at[0], (size_t)(at[1] - at[0])));
}

int ffi_ngx_var_set(const char *name, size_t n, const char *value, size_t value_n)
{
    struct visit *v = lua_current_visit();
    const struct variable *var;

    if (!v)
        return FFI_NGX_NO_REQUEST;
    var = variable_find_at_run(v, slice_of(name, n));
    if (!var || (!var->set && var->suffix.p))
        return FFI_NGX_NONE;
    if (!var->set)
        return FFI_NGX_READ_ONLY;
    if (value || !variable_unset(v, var))
        var->set(v, var,
                 value ? pool_dup(visit_pool(v), slice_of(value, value_n))
                       : (struct slice){NULL, 0});
    return FFI_NGX_OK;
}

/* Text of no bytes is text, too. */
static int put_arg(struct ffi_str *out, struct slice s)
{
    return put(out, s.n ? s : SLICE(""));
}

int ffi_ngx_arg(int i, struct ffi_str *out)
{
    struct visit *v = lua_current_visit();
    const struct lua_visit *lv = v ? lua_visit_of(v) : NULL;

    if (!lv)
        return FFI_NGX_NO_REQUEST;
    if (lv->context == LUA_CONTEXT_BODY_FILTER && i == 1)
        return put_arg(out, lv->filter_data);
    if (lv->context == LUA_CONTEXT_SET && i >= 1 && i <= (int)lv->n_set_args)
        return put_arg(out, lv->set_args[i - 1]);
    return FFI_NGX_NONE;
}

int ffi_ngx_is_last_piece(void)
{
    struct visit *v = lua_current_visit();

    return v && lua_visit_of(v)->filter_is_last;
}

int ffi_ngx_text(int what, struct ffi_str *out)
{
    const struct visit *v = lua_current_visit();
    const struct app_conf *conf = app_conf_current();

    if (what == FFI_NGX_PREFIX)
        return put(out, conf ? conf->prefix : SLICE_EMPTY);
    if (what == FFI_NGX_CONFIGURE)
        return put(out, SLICE(NGINX_ARGUMENTS));
    if (!v)
        return FFI_NGX_NO_REQUEST;
    switch ((enum ffi_ngx_text)what) {
    case FFI_NGX_METHOD_NAME:
        return put(out, v->x->req.method_token);
    case FFI_NGX_ARGS:
        return put(out, v->x->req.query);
    case FFI_NGX_PATH:
        return put(out, v->x->req.path);
    case FFI_NGX_PREFIX:
    case FFI_NGX_CONFIGURE:
        break;
    }
    return FFI_NGX_NONE;
}

int ffi_ngx_set_args(const char *p, size_t n)
{
    struct visit *v = lua_current_visit();

    if (!v)
        return FFI_NGX_NO_REQUEST;
    v->x->req.query = n > 0 ? pool_dup(visit_pool(v), slice_of(p, n)) : (struct slice){NULL, 0};
    return FFI_NGX_OK;
}

int ffi_ngx_set_method(int id)
{
    struct visit *v = lua_current_visit();

    if (!v)
        return FFI_NGX_NO_REQUEST;
    for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
        if (methods[i].id == id) {
            v->x->req.method = methods[i].method;
            v->x->req.method_token = method_name(methods[i].method);
            return FFI_NGX_OK;
        }
    }
    return FFI_NGX_NONE;
}

int ffi_ngx_raw_header(int without_line, struct ffi_str *out)
{
    static struct buf text; /* process-wide: valid until the next call */
    const struct visit *v = lua_current_visit();

    if (!v)
        return FFI_NGX_NO_REQUEST;
    text.n = 0;
    if (!without_line)
        buf_printf(&text, SLICE_FMT "\r\n", SLICE_ARG(v->x->req.line));
    for (unsigned i = 0; i < v->x->req.headers.n; i++) {
        const struct header *h = &v->x->req.headers.fields[i];

        buf_printf(&text, SLICE_FMT ": " SLICE_FMT "\r\n", SLICE_ARG(h->name), SLICE_ARG(h->value));
    }
    buf_add_lit(&text, "\r\n");
    return put(out, buf_slice(&text));
}

double ffi_ngx_now(void)
{
    return (double)clock_wall_ms() / 1000;
}

void ffi_ngx_update_time(void)
{
    clock_update();
}

void ffi_ngx_date(int is_utc, char out[19])
{
    time_t now = (time_t)(clock_wall_ms() / 1000);
    char text[24];
    struct tm tm;

    if (is_utc)
        gmtime_r(&now, &tm);
    else
        localtime_r(&now, &tm);
    strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &tm);
    memcpy(out, text, 19);
}

int ffi_ngx_http_time(double seconds, int is_cookie, char out[32])
{
    date_format(out, (int64_t)seconds);
    if (!is_cookie)
        return DATE_SIZE;
    /* Thu, 18-Nov-10 11:27:35 GMT: dashes, and two digits of the year before 2038. */
    out[7] = out[11] = '-';
    if ((int64_t)seconds > 2147483647)
        return DATE_SIZE;
    memmove(out + 12, out + 14, DATE_SIZE - 14);
    return DATE_SIZE - 2;
}

double ffi_ngx_parse_http_time(const char *p, size_t n)
{
    int64_t seconds;

    return date_parse(slice_of(p, n), &seconds) ? (double)seconds : -1;
}

int ffi_ngx_worker_id(void)
{
    return app_worker_count() > 0 ? app_worker_id() : -1;
}

int ffi_ngx_worker_count(void)
{
    const struct app_conf *conf = app_conf_current();

    if (app_worker_count() > 0)
        return app_worker_count();
    return conf && conf->worker_processes > 0 ? conf->worker_processes : 1;
}

int ffi_ngx_worker_pid(int id)
{
    return fair_share_pid(id);
}

int ffi_ngx_has_master(void)
{
    const struct app_conf *conf = app_conf_current();

    return conf && conf->has_master;
}

void ffi_ngx_enable_agent(void)
{
    struct app_conf *conf = app_conf_current();

    if (conf)
        conf->has_agent = true;
}

int ffi_ngx_is_agent(void)
{
    return app_worker_count() > 0 && app_worker_id() == APP_AGENT;
}

int ffi_ngx_most_pending_timers(void)
{
    const struct app_conf *conf = app_conf_current();

    return conf && conf->max_pending_timers ? (int)conf->max_pending_timers : 1024;
}

unsigned ffi_ngx_running_timers(void)
{
    return lua_timer_count();
}

int ffi_ngx_most_running_timers(void)
{
    const struct app_conf *conf = app_conf_current();

    return conf && conf->max_running_timers ? (int)conf->max_running_timers : 256;
}

int ffi_ngx_is_exiting(void)
{
    return app_is_exiting();
}
