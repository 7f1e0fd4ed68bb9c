/* From what a handler returns to a response. The common forms (string, table with a string body)
 * are read here with the plain C API; everything that takes time (deferreds, streams, iterators,
 * files) is driven by lua/perilune/http/handler.lua through the functions of lib_http.c, and the
 * handler then returns `true`. */
#include "app/lua/lua_answer.h"

#include <lauxlib.h>
#include <stdio.h>
#include <unistd.h>

#include "app/lua/lua_handle.h"
#include "app/lua/lua_step.h"
#include "app/phases.h"
#include "base/num.h"
#include "bind/kept_string.h"

struct visit *lua_answer_visit(lua_State *L, int index)
{
    struct visit *v;

    if (!lua_istable(L, index))
        return NULL;
    lua_rawgeti(L, index, 1);
    v = lua_handle_get(lua_tonumber(L, -1));
    lua_pop(L, 1);
    return v;
}

struct visit *lua_answer_open_visit(lua_State *L, int index)
{
    struct visit *v = lua_answer_visit(L, index);

    return v && !v->is_answered ? v : NULL;
}

/* One allocation for both; terminated, as everything in a pool that came from Lua. */
static void keep_header(struct visit *v, struct header h)
{
    char *p = pool_alloc(visit_pool(v), h.name.n + h.value.n + 2);
    char *at = p + h.name.n + 1;

    memcpy(p, h.name.p, h.name.n + 1);
    memcpy(at, h.value.p, h.value.n + 1);
    h.name.p = p;
    h.value.p = at;
    header_append(&v->x->res.headers, visit_pool(v), h);
}

static bool add_header(struct visit *v, lua_State *L, struct slice name, int value_index)
{
    int kind = lua_type(L, value_index);
    struct header h = {.name = name, .id = header_id(name)};

    if (kind != LUA_TSTRING && kind != LUA_TNUMBER) {
        lua_pushfstring(L, "header \"%s\": value must be a string or a number, not a %s", name.p,
                        luaL_typename(L, value_index));
        return false;
    }
    h.value.p = lua_tolstring(L, value_index, &h.value.n);
    h.marks = header_check(&h) ? HEADER_CHECKED : 0;
    if (!h.marks) {
        lua_pushfstring(L, "header \"%s\": %s", name.p,
                        header_is_name(name) ? "a value must not hold control characters"
                                             : "not a valid name");
        return false;
    }
    keep_header(v, h);
    return true;
}

/* {"Set-Cookie", "a=1"}: a pair in array form keeps order and repeats. The pair is on top. */
static bool add_pair(struct visit *v, lua_State *L)
{
    struct slice name;

    if (!lua_istable(L, -1)) {
        lua_pushliteral(L, "headers: array elements must be {name, value}");
        return false;
    }
    lua_rawgeti(L, -1, 1);
    lua_rawgeti(L, -2, 2);
    if (lua_type(L, -2) != LUA_TSTRING) {
        lua_pushliteral(L, "headers: a name must be a string");
        return false;
    }
    name.p = lua_tolstring(L, -2, &name.n);
    if (!add_header(v, L, name, lua_gettop(L)))
        return false;
    lua_pop(L, 2);
    return true;
}

/* A name with a value or an array of values. The value is on top, the name below. */
static bool add_named(struct visit *v, lua_State *L)
{
    struct slice name;
    int value = lua_gettop(L);

    name.p = lua_tolstring(L, -2, &name.n);
    if (LIKELY(!lua_istable(L, -1)))
        return add_header(v, L, name, value);
    for (int i = 1, n = (int)lua_objlen(L, value); i <= n; i++) {
        lua_rawgeti(L, value, i);
        if (!add_header(v, L, name, lua_gettop(L)))
            return false;
        lua_pop(L, 1);
    }
    return true;
}

bool lua_answer_apply_headers(struct visit *v, lua_State *L, int index)
{
    lua_pushnil(L);
    while (lua_next(L, index)) {
        int kind = lua_type(L, -2);

        if (kind != LUA_TSTRING && kind != LUA_TNUMBER) {
            lua_pushliteral(L, "headers: a name must be a string");
            return false;
        }
        if (!(kind == LUA_TNUMBER ? add_pair(v, L) : add_named(v, L)))
            return false;
        lua_pop(L, 1);
    }
    return true;
}

bool lua_answer_apply_trailers(struct visit *v, lua_State *L, int index)
{
    struct header_list headers = v->x->res.headers;
    bool ok;

    v->x->res.headers = v->x->res.trailers;
    ok = lua_answer_apply_headers(v, L, index);
    v->x->res.trailers = v->x->res.headers;
    v->x->res.headers = headers;
    return ok;
}

static bool apply_status(struct visit *v, lua_State *L, int index)
{
    double status;
    int kind = lua_type(L, index);

    if (kind <= LUA_TNIL)
        return true;
    status = kind == LUA_TNUMBER ? lua_tonumber(L, index) : 0;
    if (status < 200 || status > 999 || status != (int)status) {
        lua_pushliteral(L, "status: an integer from 200 to 999 expected");
        return false;
    }
    v->x->res.status = (int)status;
    return true;
}

bool lua_answer_apply_head(struct visit *v, lua_State *L, int status, int headers)
{
    int top = lua_gettop(L), kind = lua_type(L, headers);

    if (!apply_status(v, L, status))
        return false;
    if (LIKELY(kind == LUA_TTABLE)) {
        if (!lua_answer_apply_headers(v, L, headers))
            return false;
    } else if (kind > LUA_TNIL) {
        lua_pushfstring(L, "headers: a table expected, got a %s", luaL_typename(L, headers));
        return false;
    }
    lua_settop(L, top);
    return true;
}

static enum step_result refuse(struct visit *v, const char *why)
{
    log_write(&v->x->log, LOG_ERROR, "handler returned a bad response: %s", why);
    v->x->res.headers.n = 0;
    v->x->res.status = 0;
    return phases_finish_status(v, 500);
}

/* The body may be the string at `index` of Lua's stack. */
static enum step_result respond(struct visit *v, struct slice body, lua_State *L, int index)
{
    struct exchange *x = v->x;
    struct keeper *keeper = kept_string(L, index, body.n);

    if (x->res.status == 0)
        x->res.status = 200;
    if (body.n > 0 && !header_find_id(&x->res.headers, HEADER_CONTENT_TYPE))
        header_add_id(&x->res.headers, visit_pool(v), HEADER_CONTENT_TYPE, SLICE("text/plain"));
    exchange_respond_kept(x, body, keeper);
    keeper_release(&keeper);
    return STEP_DONE;
}

/* status, headers, body: what handler.lua makes of a table. */
static enum step_result answer_parts(struct visit *v, lua_State *L, int index)
{
    struct slice body = SLICE_EMPTY;
    int kind = lua_type(L, index + 2);

    if (!lua_answer_apply_head(v, L, index, index + 1))
        return refuse(v, lua_tostring(L, -1));
    if (kind == LUA_TSTRING || kind == LUA_TNUMBER)
        body.p = lua_tolstring(L, index + 2, &body.n);
    else if (kind != LUA_TNIL)
        return refuse(v, "body of an unknown type");
    return respond(v, body, L, index + 2);
}

enum step_result lua_answer(struct visit *v, lua_State *L, int n)
{
    int index = lua_gettop(L) - n + 1;
    struct slice body;

    if (exchange_has_started(v->x)) {
        if (!v->x->has_ended)
            exchange_end(v->x);
        return STEP_DONE;
    }
    if (n == 3)
        return answer_parts(v, L, index);
    switch (n > 0 ? lua_type(L, index) : LUA_TNIL) {
    case LUA_TSTRING:
        body.p = lua_tolstring(L, index, &body.n);
        return respond(v, body, L, index);
    case LUA_TNIL:
        v->x->res.status = 204;
        return respond(v, SLICE_EMPTY, L, index);
    default:
        lua_pushfstring(L, "%s; it may return a table, a string, nil or a deferred of one",
                        luaL_typename(L, index));
        return refuse(v, lua_tostring(L, -1));
    }
}
