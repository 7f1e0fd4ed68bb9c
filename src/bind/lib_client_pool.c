/* Pools of "perilune.core.client". */
#include "bind/lib_client_pool.h"

#include <lauxlib.h>

#include "bind/handle.h"
#include "bind/lib_usage.h"
#include "bind/opts.h"
#include "http/client/client_reach.h"

void lib_client_pool_timeouts(lua_State *L, int table, struct client_timeouts *t)
{
    if (!lua_istable(L, table))
        return;
    opts_amount(L, table, "pool_timeout", 1000, &t->pool);
    opts_amount(L, table, "connection_timeout", 1000, &t->connect);
    opts_amount(L, table, "request_timeout", 1000, &t->request);
    opts_amount(L, table, "read_timeout", 1000, &t->read);
    opts_amount(L, table, "total_timeout", 1000, &t->total);
}

static void read_http2(lua_State *L, int table, struct client_h2_options *o)
{
    struct h2_options *s = &o->session;

    lua_getfield(L, table, "http2");
    if (lua_istable(L, -1)) {
        int t = lua_gettop(L);

        s->max_streams = (uint32_t)opts_number(L, t, "max_streams", s->max_streams);
        s->stream_window = (uint32_t)opts_number(L, t, "stream_window", s->stream_window);
        s->connection_window =
            (uint32_t)opts_number(L, t, "connection_window", s->connection_window);
        s->header_list = (uint32_t)opts_number(L, t, "header_list", s->header_list);
        opts_amount(L, t, "ping_interval", 1000, &o->ping_interval);
        opts_amount(L, t, "ping_timeout", 1000, &o->ping_timeout);
    }
    lua_pop(L, 1);
}

/* pool(options) → pool */
static int l_pool(lua_State *L)
{
    struct client_pool_options o = client_pool_defaults;
    uint64_t per_host = o.connections_per_host, total = o.total_connections;
    uint64_t queue = o.max_queue_size, requests = 0;
    struct lib_client_pool *p;

    luaL_checktype(L, 1, LUA_TTABLE);
    opts_amount(L, 1, "connections_per_host", 1, &per_host);
    opts_amount(L, 1, "total_connections", 1, &total);
    opts_amount(L, 1, "max_queue_size", 1, &queue);
    opts_amount(L, 1, "max_requests", 1, &requests);
    opts_amount(L, 1, "idle_timeout", 1000, &o.idle_timeout);
    opts_amount(L, 1, "max_age", 1000, &o.max_age);
    read_http2(L, 1, &o.http2);
    o.connections_per_host = (unsigned)per_host;
    o.total_connections = (unsigned)total;
    o.max_queue_size = (unsigned)queue;
    o.max_requests = (unsigned)requests;
    p = lua_newuserdata(L, sizeof(*p));
    memset(p, 0, sizeof(*p));
    luaL_getmetatable(L, "perilune.client.pool");
    lua_setmetatable(L, -2);
    p->timeouts.connect = 30000;
    lib_client_pool_timeouts(L, 1, &p->timeouts);
    o.measures = true;
    p->pool = client_pool_new(&o, &client_reach);
    return 1;
}

struct lib_client_pool *lib_client_pool_check(lua_State *L, int index)
{
    return luaL_checkudata(L, index, "perilune.client.pool");
}

/* pool:close() */
static int l_pool_close(lua_State *L)
{
    client_pool_close(&lib_client_pool_check(L, 1)->pool);
    return 0;
}

static void push_stats(void *user, struct client_origin *o)
{
    lua_State *L = user;
    struct client_pool_stats s = client_origin_stats(o);
    struct slice key = client_origin_key(o);
    const struct {
        const char *name;
        double value;
    } fields[] = {
        {"connections", s.connections},   {"idle", s.idle},
        {"dialling", s.dialling},         {"queue", s.queue},
        {"requests", (double)s.requests}, {"opened", (double)s.opened},
        {"reused", (double)s.reused},     {"retried", (double)s.retried},
        {"failed", (double)s.failed},
    };

    lua_pushlstring(L, key.p, key.n);
    lua_createtable(L, 0, (int)ARRAY_LEN(fields) + 4);
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        lua_pushnumber(L, fields[i].value);
        lua_setfield(L, -2, fields[i].name);
    }
    lib_usage_report(L, client_origin_usage(o), "latency");
    lua_rawset(L, -3);
}

/* pool:stats() → origin → counts */
static int l_pool_stats(lua_State *L)
{
    struct lib_client_pool *p = lib_client_pool_check(L, 1);

    lua_newtable(L);
    if (p->pool)
        client_pool_each(p->pool, push_stats, L);
    return 1;
}

/* pool_fit(pool, target): a control period is over */
static int l_pool_fit(lua_State *L)
{
    struct lib_client_pool *p = lib_client_pool_check(L, 1);

    if (p->pool)
        client_pool_fit(p->pool, luaL_checknumber(L, 2));
    return 0;
}

void lib_client_pool_register(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"pool", l_pool},
        {"pool_close", l_pool_close},
        {"pool_stats", l_pool_stats},
        {"pool_fit", l_pool_fit},
        {NULL, NULL},
    };

    handle_type(L, "perilune.client.pool", "connection pool", l_pool_close);
    luaL_register(L, NULL, functions);
}
