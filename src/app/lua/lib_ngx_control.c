/* The functions only note what is wanted in struct lua_visit; lua_step.c does it once the task has
 * left. */
#include "app/lua/lib_ngx_control.h"

#include <lauxlib.h>

#include "app/location_path.h"
#include "app/lua/lib_ngx_visit.h"
#include "app/lua/lua_ctx.h"
#include "app/tls/lua_tls.h"
#include "base/encode.h"
#include "bind/arg.h"
#include "proto/status.h"

enum {
    STATUS_REQUEST_TIME_OUT = 408,
    STATUS_CLOSE = 444,
    STATUS_CLIENT_CLOSED = 499,
};

/* The running task ends here: nothing is resumed after this yield. */
static int leave(lua_State *L)
{
    co_request_exit(co_current());
    lua_pushlightuserdata(L, co_wait_token());
    return lua_yield(L, 1);
}

static bool is_abort(int status)
{
    return status == -1 || status == STATUS_CLOSE || status == STATUS_CLIENT_CLOSED ||
           status == STATUS_REQUEST_TIME_OUT;
}

/* A status that can no longer be sent is not an error of the client's: the answer ends as it began.
 */
static int settle_status(struct visit *v, int status)
{
    struct exchange *x = v->x;

    if (!ngx_visit_is_head_sent(v) || status < 300 || is_abort(status))
        return status;
    if (status != x->res.status)
        log_write(&x->log, LOG_ERROR,
                  "attempt to set status %d via ngx.exit after sending out the response status %d",
                  status, x->res.status);
    return 200;
}

int lib_ngx_control_exit(lua_State *L)
{
    int status = (int)luaL_checkinteger(L, 1);
    struct visit *v;

    ngx_visit_check_context(L, NGX_IN_YIELDABLE | NGX_IN(TIMER) | NGX_IN(HEADER_FILTER) |
                                   NGX_IN(BALANCER) | NGX_IN_HANDSHAKE | NGX_IN_SESSION);
    v = lua_current_visit();
    if (status == -2 || status == -4)
        return luaL_error(L, "bad argument to 'ngx.exit': does not accept NGX_AGAIN or NGX_DONE");
    log_write(lua_current_log(), LOG_DEBUG, "lua exit with code %d", status);
    if (!v || lua_tls_context()) {
        lua_tls_set_exit(status);
        return leave(L);
    }
    if (lua_current_context() == LUA_CONTEXT_BALANCER) {
        lua_visit_of(v)->exit_status = status;
        return 0;
    }
    if (v->session) {
        lua_visit_of(v)->exit_status = status;
        return leave(L);
    }
    status = settle_status(v, status);
    if (!is_abort(status))
        ngx_visit_check_abortable(L, v);
    if (lua_current_context() == LUA_CONTEXT_HEADER_FILTER) {
        if (status >= 200 || status == -1)
            lua_visit_of(v)->filter_exit = status;
        return 0;
    }
    lua_visit_of(v)->exit_status = status;
    if (is_abort(status) && status != -1 && v->x->res.status == 0)
        v->x->res.status = status;
    if (is_abort(status) && (exchange_has_started(v->x) || status == STATUS_CLIENT_CLOSED))
        exchange_abort(v->x, &err_cancelled);
    return leave(L);
}

static bool read_target(struct visit *v, struct slice raw, struct slice *out)
{
    if (raw.n == 0 || raw.p[0] != '@')
        return location_path_read(v, raw, out);
    *out = pool_dup(visit_pool(v), raw);
    return true;
}

static struct slice join_query(struct visit *v, struct slice a, struct slice b)
{
    if (!b.p || (a.p && a.n > 0 && b.n == 0))
        return a.p ? pool_dup(visit_pool(v), a) : a;
    if (!a.p || a.n == 0)
        return pool_dup(visit_pool(v), b);
    return pool_printf(visit_pool(v), SLICE_FMT "&" SLICE_FMT, SLICE_ARG(a), SLICE_ARG(b));
}

int lib_ngx_control_exec(lua_State *L)
{
    struct visit *v = ngx_visit_check(L, NGX_IN_YIELDABLE);
    struct lua_visit *lv = lua_visit_of(v);
    struct slice uri, path, query = {NULL, 0}, more = {NULL, 0};

    uri = arg_slice(L, 1);
    if (uri.n == 0)
        return luaL_error(L, "The uri argument is empty");
    if (!lua_isnoneornil(L, 2))
        more = arg_slice(L, 2);
    query = uri;
    uri = slice_cut(&query, '?');
    if (!read_target(v, uri, &path))
        return luaL_error(L, "unsafe uri");
    ngx_visit_check_abortable(L, v);
    if (exchange_has_started(v->x) || ngx_visit_is_head_sent(v))
        return luaL_error(L, "attempt to call ngx.exec after sending out response headers");
    query = join_query(v, query, more);
    if (uri.p[0] == '@' && query.n > 0)
        log_write(&v->x->log, LOG_WARN,
                  "query strings " SLICE_FMT " ignored when exec'ing named location " SLICE_FMT,
                  SLICE_ARG(query), SLICE_ARG(uri));
    lv->has_exec = true;
    lv->exec_path = path;
    lv->exec_query = query;
    lua_visit_leave_ctx(v);
    return leave(L);
}

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

/* `s` as logs show it, in the visit's pool. */
static const char *printable(struct visit *v, struct slice s)
{
    struct buf shown = BUF_EMPTY;
    const char *copy;

    encode_log(&shown, s);
    copy = pool_strdup(visit_pool(v), buf_slice(&shown));
    buf_free(&shown);
    return copy;
}

/* Raises an error about the first control byte of `s` but TAB, if there is one. */
static void check_bytes(lua_State *L, struct visit *v, struct slice s, const char *what,
                        const char *hint)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        char hex[3] = "";

        if (!is_control(s.p[i]) || c == '\t')
            continue;
        encode_hex_digits(hex, c);
        luaL_error(L, "unsafe byte \"0x%s\" in %s \"%s\"%s", hex, what, printable(v, s), hint);
    }
}

int lib_ngx_control_redirect(lua_State *L)
{
    int n = lua_gettop(L), status = 302;
    struct visit *v;
    struct slice uri;

    if (n != 1 && n != 2)
        return luaL_error(L, "expecting one or two arguments");
    uri = arg_slice(L, 1);
    if (n == 2)
        status = (int)luaL_checkinteger(L, 2);
    if (!status_is_redirect(status))
        return luaL_error(L, "only ngx.HTTP_MOVED_TEMPORARILY, ngx.HTTP_MOVED_PERMANENTLY, "
                             "ngx.HTTP_PERMANENT_REDIRECT, ngx.HTTP_SEE_OTHER, and "
                             "ngx.HTTP_TEMPORARY_REDIRECT are allowed");
    v = ngx_visit_check(L, NGX_IN_YIELDABLE);
    ngx_visit_check_abortable(L, v);
    if (exchange_has_started(v->x) || ngx_visit_is_head_sent(v))
        return luaL_error(L, "attempt to call ngx.redirect after sending out the headers");
    check_bytes(L, v, uri, "redirect uri", "");
    header_set_id(&v->x->res.headers, visit_pool(v), HEADER_LOCATION, pool_dup(visit_pool(v), uri));
    lua_visit_of(v)->exit_status = status;
    return leave(L);
}

int lib_ngx_control_set_uri(lua_State *L)
{
    int n = lua_gettop(L);
    struct visit *v;
    struct slice uri;

    if (n < 1 || n > 3)
        return luaL_error(L, "expecting 1, 2 or 3 arguments but seen %d", n);
    v = ngx_visit_check_request(L, NGX_IN_REQUEST);
    uri = arg_slice(L, 1);
    if (uri.n == 0)
        return luaL_error(L, "attempt to use zero-length uri");
    if (!lua_toboolean(L, 3))
        check_bytes(L, v, uri, "uri", " (maybe you want to set the 'binary' argument?)");
    if (n >= 2 && !lua_isnil(L, 2))
        luaL_checktype(L, 2, LUA_TBOOLEAN);
    if (lua_toboolean(L, 2)) {
        ngx_visit_check_context(L, NGX_IN_REWRITES);
        ngx_visit_check_abortable(L, v);
    }
    v->x->req.path = pool_dup(visit_pool(v), uri);
    if (!lua_toboolean(L, 2))
        return 0;
    log_write(&v->x->log, LOG_DEBUG, "lua set uri jump to \"" SLICE_FMT "\"", SLICE_ARG(uri));
    lua_visit_of(v)->has_redirect_uri = true;
    lua_visit_leave_ctx(v);
    return leave(L);
}

int lib_ngx_control_ctx_tables(lua_State *L)
{
    lua_ctx_push_all(L);
    return 1;
}

int lib_ngx_control_set_ctx(lua_State *L)
{
    struct visit *v = lua_current_visit();
    int *ref = v ? &lua_visit_of(v)->ctx_ref : lua_tls_ctx();

    if (!ref)
        return luaL_error(L, "no request ctx found");
    lua_settop(L, 1);
    lua_ctx_set(L, ref);
    return 0;
}
