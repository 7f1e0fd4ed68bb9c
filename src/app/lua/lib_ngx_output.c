/* The body that a handler writes, and the lines it logs. These are C functions and not FFI ones
 * because filters, which are Lua, run inside them.
 *
 * A single string goes to the exchange as it is; several pieces are put together in `text` first.
 */
#include "app/lua/lib_ngx_output.h"

#include <errno.h>
#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "app/lua/lib_ngx_text.h"
#include "app/lua/lib_ngx_visit.h"
#include "app/lua/lua_output.h"
#include "app/stream/lib_session.h"
#include "bind/kept_string.h"
#include "http/exchange_transport.h"
#include "loop/signal.h"

enum { TEXT_KEPT = 65536 };

static struct buf text;     /* process-wide: room to put output together, kept for reuse */
static struct buf filtered; /* process-wide: what a body filter made of the piece at hand */
static struct buf log_line; /* process-wide: room for one log line */

static int refuse(lua_State *L, const char *why)
{
    lua_pushnil(L);
    lua_pushstring(L, why);
    return 2;
}

static int done(lua_State *L)
{
    lua_pushinteger(L, 1);
    return 1;
}

/* Is the client gone, or does it not want this answer? */
static bool has_failed(const struct exchange *x)
{
    const struct visit *v = visit_of(x);
    const struct session *s = v->session;

    return x->state == EXCHANGE_ABORTED || lua_output_is_unwanted(v) ||
           (s && s->wire->stream && s->wire->stream->err);
}

/* Why nothing can be written any more, or NULL. */
static const char *closed(const struct exchange *x)
{
    if (has_failed(x))
        return "nginx output filter error";
    if (x->state == EXCHANGE_DETACHED)
        return "raw request socket acquired";
    if (x->is_head && exchange_has_started(x) && !x->has_ended)
        return "header only";
    if (x->has_ended || x->state >= EXCHANGE_DONE)
        return "seen eof";
    if (visit_of(x)->session && visit_of(x)->session->has_eof)
        return "seen eof";
    return NULL;
}

static void trim(struct buf *b)
{
    if (b->size > TEXT_KEPT)
        buf_free(b);
    b->n = 0;
}

/* Should, and can, who writes wait? Within a callback of C (table.sort, string.gsub) nobody can. */
static bool must_wait(lua_State *L, struct visit *v)
{
    return UNLIKELY(exchange_is_congested(v->x)) && lua_isyieldable(L);
}

/* Numbers the wait. False: there is none, see lib_session_wait_sent. */
static bool begin_wait(lua_State *L, struct visit *v)
{
    if (v->session)
        return lib_session_wait_sent(L, v->session);
    lua_visit_wait_drained(v, false);
    return true;
}

/* The text of all arguments, in `text`. */
static void put_together(lua_State *L, bool has_newline)
{
    int n = lua_gettop(L);

    trim(&text);
    for (int i = 1; i <= n; i++)
        lib_ngx_text_add(L, i, &text);
    if (has_newline)
        buf_add_char(&text, '\n');
}

static int write_out(lua_State *L, bool has_newline)
{
    struct visit *v = ngx_visit_check(L, NGX_IN_YIELDABLE | NGX_IN_SESSION);
    const char *why = closed(v->x);
    struct chunk c = CHUNK_BYTES(SLICE_EMPTY);
    int n = lua_gettop(L);

    if (why)
        return refuse(L, why);
    if (n == 1 && !has_newline && lua_type(L, 1) == LUA_TSTRING) {
        c.bytes.p = lua_tolstring(L, 1, &c.bytes.n);
        c.keeper = kept_string(L, 1, c.bytes.n);
    } else {
        put_together(L, has_newline);
        c.bytes = buf_slice(&text);
    }
    lua_output_write(v, &c);
    keeper_release(&c.keeper);
    if (has_failed(v->x))
        return refuse(L, "nginx output filter error");
    if (LIKELY(!must_wait(L, v)) || !begin_wait(L, v))
        return done(L);
    return co_wait_in_c(L);
}

int lib_ngx_output_print(lua_State *L)
{
    return write_out(L, false);
}

int lib_ngx_output_say(lua_State *L)
{
    return write_out(L, true);
}

static int write_to_stdout(lua_State *L, bool has_newline)
{
    put_together(L, has_newline);
    if (fwrite(text.p, 1, text.n, stdout) < text.n) {
        const char *why = strerror(errno);

        signal_output_failed();
        return refuse(L, why);
    }
    return done(L);
}

int lib_ngx_output_script_print(lua_State *L)
{
    return write_to_stdout(L, false);
}

int lib_ngx_output_script_say(lua_State *L)
{
    return write_to_stdout(L, true);
}

int lib_ngx_output_flush(lua_State *L)
{
    struct chunk c = CHUNK_BYTES(SLICE_EMPTY);
    struct visit *v;
    const char *why;
    bool waits;

    if (lua_gettop(L) > 1)
        return luaL_error(L, "attempt to pass %d arguments, but accepted 0 or 1", lua_gettop(L));
    v = ngx_visit_check(L, NGX_IN_YIELDABLE | NGX_IN_SESSION);
    if (!lua_isnoneornil(L, 1))
        luaL_checktype(L, 1, LUA_TBOOLEAN);
    waits = lua_toboolean(L, 1);
    why = closed(v->x);
    if (why)
        return refuse(L, why);
    if (lua_output_is_held(v)) {
        log_write(&v->x->log, LOG_DEBUG, "lua http 1.0 buffering makes ngx.flush() a no-op");
        return refuse(L, "buffering");
    }
    if (!exchange_has_started(v->x))
        return refuse(L, "nothing to flush");
    c.is_flush = true;
    exchange_write(v->x, &c);
    if (!waits || v->x->state >= EXCHANGE_DONE)
        return done(L);
    lua_visit_wait_drained(v, true);
    log_write(&v->x->log, LOG_DEBUG, "lua flush requires waiting: buffered 0x%zx, delayed:%d",
              v->x->transport->queued(v->x), v->x->send_rate > 0);
    lua_pushboolean(L, 0);
    return 1;
}

int lib_ngx_output_after_flush(lua_State *L)
{
    struct visit *v = ngx_visit_check(L, NGX_IN_YIELDABLE | NGX_IN_SESSION);

    if (v->x->state == EXCHANGE_ABORTED)
        return refuse(L, v->x->abort_err == &err_timeout ? "timeout" : "client aborted");
    return done(L);
}

/* A session ends with its handler, not before. */
static int end_session_output(lua_State *L, struct visit *v)
{
    if (v->session->has_eof)
        return refuse(L, "seen eof");
    v->session->has_eof = true;
    log_write(&v->x->log, LOG_DEBUG, "lua send eof");
    return done(L);
}

int lib_ngx_output_eof(lua_State *L)
{
    struct visit *v;
    struct exchange *x;

    if (lua_gettop(L) > 0)
        return luaL_error(L, "no argument is expected");
    v = ngx_visit_check(L, NGX_IN_YIELDABLE | NGX_IN_SESSION);
    x = v->x;
    if (x->state == EXCHANGE_ABORTED)
        return refuse(L, "nginx output filter error");
    if (x->state == EXCHANGE_DETACHED)
        return refuse(L, "raw request socket acquired");
    if (x->has_ended || x->state >= EXCHANGE_DONE)
        return refuse(L, "seen eof");
    if (v->session)
        return end_session_output(L, v);
    lua_output_release(v);
    lua_output_start(v);
    lua_output_end(v);
    return x->state == EXCHANGE_ABORTED ? refuse(L, "nginx output filter error") : done(L);
}

int lib_ngx_output_send_headers(lua_State *L)
{
    struct visit *v = ngx_visit_check(L, NGX_IN_YIELDABLE);

    lua_output_start(v);
    return v->x->state == EXCHANGE_ABORTED ? refuse(L, "nginx output filter error") : done(L);
}

static bool is_session(void)
{
    const struct visit *v = lua_current_visit();

    return v && v->session;
}

/* "[lua] content_by_lua(nginx.conf:42):2: name(): ": the caller's place. */
static void add_place(lua_State *L)
{
    lua_Debug ar;
    const char *name, *slash;

    if (is_session())
        buf_add_lit(&log_line, "stream ");
    buf_add_lit(&log_line, "[lua] ");
    if (!lua_getstack(L, 1, &ar))
        return;
    lua_getinfo(L, "Snl", &ar);
    name = ar.short_src;
    slash = strrchr(name, '/');
    if (slash)
        name = slash + 1;
    buf_printf(&log_line, "%s:%d: ", name, ar.currentline);
    if (ar.name && *ar.namewhat && *ar.what == 'L')
        buf_printf(&log_line, "%s(): ", ar.name);
}

static int write_log(lua_State *L, enum log_level level, int first)
{
    const struct log_ctx *ctx = lua_current_log();

    if (!log_is_on(ctx, level))
        return 0;
    trim(&log_line);
    add_place(L);
    for (int i = first, n = lua_gettop(L); i <= n; i++)
        lib_ngx_text_add_log(L, i, i - first + 1, &log_line);
    log_text(ctx, level, buf_slice(&log_line));
    return 0;
}

int lib_ngx_output_log(lua_State *L)
{
    lua_Integer level = luaL_checkinteger(L, 1);

    if (level < LOG_STDERR || level > LOG_DEBUG)
        return luaL_argerror(L, 1, lua_pushfstring(L, "bad log level: %d", (int)level));
    return write_log(L, (enum log_level)level, 2);
}

int lib_ngx_output_print_log(lua_State *L)
{
    return write_log(L, LOG_NOTICE, 1);
}

int lib_ngx_output_is_logged(lua_State *L)
{
    lua_pushboolean(L, log_is_on(lua_current_log(), (enum log_level)lua_tointeger(L, 1)));
    return 1;
}

static void set_data(lua_State *L, struct visit *v)
{
    struct lua_visit *lv = lua_visit_of(v);
    struct slice data;

    lv->filter_data = SLICE_EMPTY;
    if (lua_isnil(L, 2))
        return;
    trim(&filtered);
    if (lua_istable(L, 2)) {
        lib_ngx_text_add(L, 2, &filtered);
    } else {
        if (!lua_isstring(L, 2))
            luaL_error(L, "bad chunk data type: %s", luaL_typename(L, 2));
        data.p = lua_tolstring(L, 2, &data.n);
        buf_add_slice(&filtered, data);
    }
    lv->filter_data = buf_slice(&filtered);
}

int lib_ngx_output_set_arg(lua_State *L)
{
    struct visit *v = ngx_visit_check(L, NGX_IN(BODY_FILTER));

    lua_settop(L, 2);
    switch (lua_tointeger(L, 1)) {
    case 1:
        set_data(L, v);
        return 0;
    case 2:
        lua_visit_of(v)->filter_is_last = lua_toboolean(L, 2);
        return 0;
    default:
        return luaL_error(L, "bad index: %d", (int)lua_tointeger(L, 1));
    }
}
