/* The settings are those of the location, with what the options say instead. The handler waits
 * while the engine answers; when the exchange is over its task is woken. */
#include "app/proxy/lib_proxy.h"

#include <lauxlib.h>
#include <math.h>

#include "app/lua/lua_answer.h"
#include "app/lua/lua_visit.h"
#include "app/proxy/proxy.h"
#include "app/variables/script.h"
#include "bind/arg.h"
#include "bind/co.h"
#include "bind/lerr.h"

/* The task that waits; in the exchange's pool. */
struct waiter {
    struct co *co;
    uint32_t wait;
};

static void on_answered(struct visit *v)
{
    struct waiter *w = v->answered_arg;

    co_wake(w->co, w->wait);
}

static void read_time(lua_State *L, const char *name, uint64_t *out)
{
    lua_getfield(L, 3, name);
    if (lua_isnumber(L, -1))
        *out = (uint64_t)ceil(lua_tonumber(L, -1) * 1000);
    lua_pop(L, 1);
}

static void add_field(struct visit *v, struct proxy_field **list, struct slice name,
                      struct slice value)
{
    struct proxy_field *f = pool_new(visit_pool(v), struct proxy_field);

    f->name = pool_dup(visit_pool(v), name);
    f->value = script_literal(visit_pool(v), value);
    f->next = *list;
    *list = f;
}

/* headers = { Name = value }; false takes a field away. False: a bad one. */
static bool read_headers(lua_State *L, struct visit *v, struct proxy_conf *conf)
{
    lua_getfield(L, 3, "headers");
    if (!lua_istable(L, -1))
        return true;
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
        struct slice name, value = SLICE_EMPTY;

        if (lua_type(L, -2) != LUA_TSTRING)
            return false;
        name = arg_slice_or_empty(L, -2);
        if (lua_isstring(L, -1))
            value = arg_slice_or_empty(L, -1);
        else if (lua_toboolean(L, -1))
            return false;
        if (!header_is_name(name) || !header_is_value(value))
            return false;
        add_field(v, &conf->set, name, value);
    }
    return true;
}

static bool read_options(lua_State *L, struct visit *v, struct proxy_conf *conf)
{
    conf->minor = 1;
    conf->ignore |= PROXY_IGNORE_REDIRECT;
    conf->set = NULL;
    add_field(v, &conf->set, SLICE("Connection"), SLICE_EMPTY);
    if (!lua_istable(L, 3))
        return true;
    read_time(L, "connection_timeout", &conf->connect_timeout);
    read_time(L, "read_timeout", &conf->read_timeout);
    read_time(L, "send_timeout", &conf->send_timeout);
    lua_getfield(L, 3, "buffer_request");
    if (!lua_toboolean(L, -1))
        conf->flags &= ~(unsigned)PROXY_REQUEST_BUFFERING;
    lua_getfield(L, 3, "method");
    if (lua_isstring(L, -1))
        conf->method = script_literal(visit_pool(v), arg_slice_or_empty(L, -1));
    return read_headers(L, v, conf);
}

int lib_proxy_start(lua_State *L)
{
    struct visit *v = lua_answer_open_visit(L, 1);
    struct proxy_pass pass = {.uri = {NULL, 0}};
    struct proxy_conf *conf;
    struct waiter *w;

    if (!v || exchange_has_started(v->x) || !co_current())
        return lerr_return(L, &err_closed, NULL);
    conf = pool_alloc(visit_pool(v), sizeof(*conf));
    *conf = v->loc->proxy ? *v->loc->proxy : proxy_defaults;
    if (!proxy_pass_parse(pool_dup(visit_pool(v), arg_slice_or_empty(L, 2)), &pass))
        return lerr_return(L, &err_invalid, "target of http.proxy");
    if (!read_options(L, v, conf))
        return lerr_return(L, &err_invalid, "header field");
    if (pass.uri.p) /* whole: nothing of the request's own path is added */
        pass.target = script_literal(visit_pool(v), pass.url);
    w = pool_new(visit_pool(v), struct waiter);
    w->co = co_current();
    w->wait = co_begin_wait(w->co);
    v->answered_arg = w;
    v->on_answered = on_answered;
    proxy_start(v, conf, &pass);
    lua_pushboolean(L, 1);
    return 1;
}
