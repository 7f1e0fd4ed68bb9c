/* A subrequest as a userdata that holds it. The task that made it waits, takes the response, and
 * lets go; a userdata that is collected earlier lets go too, and the subrequest ends by itself. */
#include "app/lua/lib_subrequest.h"

#include <lauxlib.h>

#include "app/conf.h"
#include "app/location_path.h"
#include "app/lua/ffi_ngx.h"
#include "app/lua/lib_ngx_visit.h"
#include "app/lua/lua_ctx.h"
#include "app/subrequest.h"
#include "app/variables/script.h"
#include "bind/arg.h"
#include "bind/handle.h"

struct handle {
    struct subrequest *sub; /* NULL: taken */
    struct co *co;          /* who waits */
    uint32_t wait;
    bool is_pending; /* counted in the parent's pending_subrequests */
};

static struct handle *check_handle(lua_State *L)
{
    return luaL_checkudata(L, 1, "perilune.subrequest");
}

static void settle(struct handle *h)
{
    if (h->is_pending)
        ngx_visit_of(h->sub->parent)->pending_subrequests--;
    h->is_pending = false;
}

static void on_done(struct subrequest *s)
{
    struct handle *h = s->user;

    settle(h);
    if (h->co)
        co_wake(h->co, h->wait);
}

/* "path?query" as a program gives it. */
static void read_uri(lua_State *L, struct visit *v, struct subrequest_options *o)
{
    struct slice uri, rest;

    uri = arg_slice(L, 1);
    rest = pool_dup(visit_pool(v), uri);
    o->path = slice_cut(&rest, '?');
    o->query = rest;
    if (!location_path_read(v, o->path, &o->path)) {
        lua_pushfstring(L, "unsafe uri in argument #1: %s", uri.p);
        lua_error(L);
    }
}

static void add_query(lua_State *L, struct visit *v, struct subrequest_options *o)
{
    struct slice more;

    if (lua_isnil(L, 2))
        return;
    more.p = lua_tolstring(L, 2, &more.n);
    if (o->query.p && o->query.n && more.n)
        o->query = pool_printf(visit_pool(v), SLICE_FMT "&" SLICE_FMT, SLICE_ARG(o->query),
                               SLICE_ARG(more));
    else if (more.n || !o->query.p)
        o->query = pool_dup(visit_pool(v), more);
}

static struct subrequest_options read_options(lua_State *L, struct visit *v)
{
    struct subrequest_options o = {.vars = (enum subrequest_vars)lua_tointeger(L, 6)};
    struct slice name;

    read_uri(L, v, &o);
    add_query(L, v, &o);
    name.p = lua_tolstring(L, 3, &name.n);
    o.method = name.p ? method_parse(name) : METHOD_GET;
    o.has_body = !lua_isnil(L, 4);
    if (o.has_body) {
        o.body.p = lua_tolstring(L, 4, &o.body.n);
        o.body = pool_dup(visit_pool(v), o.body);
    }
    o.forwards_body = lua_toboolean(L, 5);
    return o;
}

/* Sets the variable whose name and value are on top. NULL, or what is wrong with it, pushed. */
static const char *set_variable(lua_State *L, struct visit *v)
{
    struct slice name, value;
    const struct variable *var;

    if (!lua_isstring(L, -2) || lua_type(L, -2) != LUA_TSTRING)
        return lua_pushfstring(L, "attempt to use a non-string key in the \"vars\" option table");
    if (!lua_isstring(L, -1))
        return lua_pushfstring(L, "attempt to use bad variable value type %s",
                               luaL_typename(L, -1));
    name.p = lua_tolstring(L, -2, &name.n);
    value.p = lua_tolstring(L, -1, &value.n);
    var = variable_find_at_run(v, name);
    if (!var)
        return lua_pushfstring(L,
                               "variable \"%s\" cannot be assigned a value (maybe you forgot to "
                               "define it first?)",
                               name.p);
    if (!var->set)
        return lua_pushfstring(L, "variable \"%s\" not changeable", name.p);
    var->set(v, var, pool_dup(visit_pool(v), value));
    return NULL;
}

/* Sets the variables of the table at `i`; raises an error when one cannot be. */
static void set_variables(lua_State *L, struct subrequest *s, int i)
{
    lua_pushnil(L);
    while (lua_next(L, i)) {
        if (set_variable(L, subrequest_visit(s))) {
            exchange_abort(s->x, &err_cancelled); /* it will not be begun */
            lua_error(L);
        }
        lua_pop(L, 1);
    }
}

/* Sets the fields of the table at `i` in the request. */
static void set_fields(lua_State *L, struct subrequest *s, int i)
{
    struct pool *pool = &s->x->pool;

    lua_pushnil(L);
    while (lua_next(L, i)) {
        struct slice name, value;

        lua_pushvalue(L, -2);
        name.p = lua_tolstring(L, -1, &name.n);
        value.p = lua_tolstring(L, -2, &value.n);
        if (name.p && value.p && header_is_name(name) && header_is_value(value))
            header_set(&s->x->req.headers, pool, pool_dup(pool, name), pool_dup(pool, value));
        lua_pop(L, 2);
    }
}

/* start(uri, query, method, body, forwards_body, vars, variables, ctx, fields) → subrequest; vars:
 * enum subrequest_vars */
static int l_start(lua_State *L)
{
    struct visit *v = ngx_visit_check_request(L, NGX_IN_YIELDABLE);
    struct subrequest_options o;
    struct handle *h;

    lua_settop(L, 9);
    o = read_options(L, v);
    h = lua_newuserdata(L, sizeof(*h));
    *h = (struct handle){.sub = subrequest_new(v, &o)};
    luaL_getmetatable(L, "perilune.subrequest");
    lua_setmetatable(L, -2);
    if (!h->sub) {
        lua_pushliteral(L, "failed to issue subrequest: -1");
        return lua_error(L);
    }
    log_write(&v->x->log, LOG_DEBUG, "lua http subrequest \"" SLICE_FMT "?" SLICE_FMT "\"",
              SLICE_ARG(o.path), SLICE_ARG(o.query));
    subrequest_visit(h->sub)->is_captured = true;
    h->sub->on_done = on_done;
    h->sub->user = h;
    if (lua_istable(L, 7))
        set_variables(L, h->sub, 7);
    if (lua_istable(L, 9))
        set_fields(L, h->sub, 9);
    if (lua_istable(L, 8)) {
        lua_pushvalue(L, 8);
        lua_ctx_set(L, &lua_visit_of(subrequest_visit(h->sub))->ctx_ref);
    }
    ngx_visit_of(v)->pending_subrequests++;
    h->is_pending = true;
    subrequest_start(h->sub);
    return 1;
}

/* wait(subrequest) → true: it is done; or WAIT */
static int l_wait(lua_State *L)
{
    struct handle *h = check_handle(L);

    if (!h->sub || h->sub->is_done) {
        lua_pushboolean(L, 1);
        return 1;
    }
    h->co = co_current();
    h->wait = co_begin_wait(h->co);
    lua_pushlightuserdata(L, co_wait_token());
    return 1;
}

/* Adds a field to the table on top; repeats make a list. */
static void add_field(lua_State *L, const struct header *f)
{
    lua_pushlstring(L, f->name.p, f->name.n);
    lua_pushvalue(L, -1);
    lua_rawget(L, -3);
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        lua_pushlstring(L, f->value.p, f->value.n);
        lua_rawset(L, -3);
        return;
    }
    if (!lua_istable(L, -1)) {
        lua_createtable(L, 2, 0);
        lua_insert(L, -2);
        lua_rawseti(L, -2, 1);
    }
    lua_pushlstring(L, f->value.p, f->value.n);
    lua_rawseti(L, -2, (int)lua_objlen(L, -2) + 1);
    lua_rawset(L, -3);
}

static void push_fields(lua_State *L, const struct response *r)
{
    lua_createtable(L, 0, (int)r->headers.n + 1);
    for (unsigned i = 0; i < r->headers.n; i++)
        if (r->headers.fields[i].value.n)
            add_field(L, &r->headers.fields[i]);
    if (r->content_length >= 0) {
        lua_pushnumber(L, (lua_Number)r->content_length);
        lua_setfield(L, -2, "Content-Length");
    }
}

/* take(subrequest) → {status, header, body, truncated}; once */
static int l_take(lua_State *L)
{
    struct handle *h = check_handle(L);
    const struct subrequest *s = h->sub;

    if (!s)
        return 0;
    lua_createtable(L, 0, 4);
    lua_pushinteger(L, s->x->res.status ? s->x->res.status : 200);
    lua_setfield(L, -2, "status");
    lua_pushlstring(L, s->body.p ? s->body.p : "", s->body.n);
    lua_setfield(L, -2, "body");
    lua_pushboolean(L, s->is_truncated);
    lua_setfield(L, -2, "truncated");
    push_fields(L, &s->x->res);
    lua_setfield(L, -2, "header");
    settle(h);
    subrequest_release(&h->sub);
    return 1;
}

static int l_gc(lua_State *L)
{
    struct handle *h = check_handle(L);

    if (h->sub) {
        settle(h);
        subrequest_release(&h->sub);
    }
    return 0;
}

int lib_subrequest(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"start", l_start},
        {"wait", l_wait},
        {"take", l_take},
        {NULL, NULL},
    };

    handle_type(L, "perilune.subrequest", "subrequest", l_gc);
    lua_newtable(L);
    luaL_register(L, NULL, functions);
    return 1;
}
