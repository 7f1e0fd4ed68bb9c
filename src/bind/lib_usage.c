/* A value is a struct usage and nothing else. The clock is the caller's, in seconds: perilune.flow
 * has one that tests turn by hand. */
#include "bind/lib_usage.h"

#include <lauxlib.h>

#define TYPE "perilune.usage"

static const double MICROSECONDS = 1e6; /* in a second */

static struct usage *check_usage(lua_State *L)
{
    return luaL_checkudata(L, 1, TYPE);
}

/* Seconds at `arg`; a clock that was set back makes nothing negative. */
static uint64_t check_time(lua_State *L, int arg)
{
    double seconds = luaL_checknumber(L, arg);

    return seconds > 0 ? (uint64_t)(seconds * MICROSECONDS + 0.5) : 0;
}

/* new(now) → usage */
static int l_new(lua_State *L)
{
    uint64_t now = check_time(L, 1);
    struct usage *u = lua_newuserdata(L, sizeof *u);

    usage_reset(u, now);
    luaL_getmetatable(L, TYPE);
    lua_setmetatable(L, -2);
    return 1;
}

/* asked(usage, length): somebody asked while so many waited */
static int l_asked(lua_State *L)
{
    usage_add(&check_usage(L)->queue_length, (uint64_t)luaL_checknumber(L, 2));
    return 0;
}

/* waited(usage, seconds): somebody got one after that */
static int l_waited(lua_State *L)
{
    usage_add(&check_usage(L)->queue_us, check_time(L, 2));
    return 0;
}

/* held(usage, seconds): somebody has had one for that long */
static int l_held(lua_State *L)
{
    usage_add(&check_usage(L)->hold_us, check_time(L, 2));
    return 0;
}

/* pass(usage, now, n_busy, n): before either number changes */
static int l_pass(lua_State *L)
{
    usage_pass(check_usage(L), check_time(L, 2), (unsigned)luaL_checknumber(L, 3),
               (unsigned)luaL_checknumber(L, 4));
    return 0;
}

/* wanted(usage, n, target) → how many are worth keeping */
static int l_wanted(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)usage_wanted(check_usage(L), (unsigned)luaL_checknumber(L, 2),
                                                 luaL_checknumber(L, 3)));
    return 1;
}

/* reset(usage, now): a new period begins */
static int l_reset(lua_State *L)
{
    usage_reset(check_usage(L), check_time(L, 2));
    return 0;
}

/* name = { p50 = …, … } in the table on top, values times `scale`. */
static void set_quantiles(lua_State *L, const char *name, const struct usage_histogram *h,
                          double scale)
{
    static const struct {
        const char *name;
        double q;
    } rows[] = {{"p50", 0.5}, {"p90", 0.9}, {"p95", 0.95}, {"p99", 0.99}, {"p999", 0.999}};

    lua_createtable(L, 0, (int)ARRAY_LEN(rows));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        lua_pushnumber(L, usage_quantile(h, rows[i].q) * scale);
        lua_setfield(L, -2, rows[i].name);
    }
    lua_setfield(L, -2, name);
}

void lib_usage_report(lua_State *L, const struct usage *u, const char *held)
{
    lua_pushnumber(L, usage_share(u));
    lua_setfield(L, -2, "utilisation");
    set_quantiles(L, "queue_length", &u->queue_length, 1);
    set_quantiles(L, "queue_latency", &u->queue_us, 1 / MICROSECONDS);
    set_quantiles(L, held, &u->hold_us, 1 / MICROSECONDS);
}

/* report(usage) → table, with `acquired`: how many got one */
static int l_report(lua_State *L)
{
    const struct usage *u = check_usage(L);

    lua_createtable(L, 0, 9); /* the pool adds its numbers of objects */
    lua_pushnumber(L, (double)u->queue_us.n);
    lua_setfield(L, -2, "acquired");
    lib_usage_report(L, u, "hold_time");
    return 1;
}

int lib_usage(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"new", l_new},     {"asked", l_asked},   {"waited", l_waited},
        {"held", l_held},   {"pass", l_pass},     {"wanted", l_wanted},
        {"reset", l_reset}, {"report", l_report}, {NULL, NULL},
    };

    luaL_newmetatable(L, TYPE);
    lua_newtable(L);
    luaL_register(L, NULL, functions);
    return 1;
}
