/* A closed stream is connected in two calls: connect begins and makes the running task wait,
 * connected tells what came of it. Closing the stream meanwhile gives up. What failed is kept until
 * it was told. */
#include "bind/lib_connect.h"

#include <errno.h>
#include <lauxlib.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "base/mem.h"
#include "bind/arg.h"
#include "bind/lib_dns.h"
#include "bind/lib_stream.h"
#include "net/connect.h"
#include "net/sock.h"
#include "net/tcp.h"

struct dial {
    struct lib_stream *ls;
    struct connect *connect; /* NULL: over */
    const struct err *err;
    char *text;
    bool is_unresolved;
};

static void give_up(struct lib_stream *ls)
{
    struct dial *d = ls->opening;

    ls->opening = NULL;
    ls->stop_opening = NULL;
    connect_cancel(&d->connect);
    mem_free(d->text);
    mem_free(d);
}

static void on_connect(void *user, struct stream *s, const struct connect_failure *failure)
{
    struct dial *d = user;
    struct lib_stream *ls = d->ls;
    struct lib_stream_waiter waiter = ls->writer;

    d->connect = NULL;
    if (s) {
        lib_stream_open(ls, s);
        give_up(ls);
    } else {
        d->err = failure->err;
        d->is_unresolved = failure->stage == CONNECT_RESOLVE;
        d->text = mem_strdup(slice_str(failure->text));
    }
    if (waiter.co)
        co_wake(waiter.co, waiter.wait);
}

static const char unix_prefix[] = "unix:";

static bool is_unix(struct slice host)
{
    return host.n >= 5 && strncasecmp(host.p, unix_prefix, 5) == 0;
}

/* What the arguments ask for; `local` has room for the address to connect from. */
static struct connect_options options_of(lua_State *L, struct addr *local)
{
    struct connect_options o = {.port = (uint16_t)luaL_optinteger(L, 3, 0),
                                .connect_timeout = (unsigned)luaL_checknumber(L, 4),
                                .resolver = lib_dns_chosen()};

    o.host = arg_slice(L, 2);
    o.total_timeout = o.connect_timeout;
    if (is_unix(o.host)) {
        o.unix_path = slice_from(o.host, 5);
        o.host = SLICE_EMPTY;
    }
    if (!lua_isnoneornil(L, 5)) {
        struct slice text = arg_slice(L, 5);

        if (addr_parse(text, 0, local))
            luaL_argerror(L, 5, "address expected");
        o.local = local;
        o.is_transparent = lua_toboolean(L, 6);
    }
    return o;
}

/* connect(s, host, port, ms[, local_address[, is_transparent]]) → WAIT; host may be "unix:/path",
 * then without a port; transparent: the local address may be another machine's */
static int l_connect(lua_State *L)
{
    struct lib_stream *ls = lib_stream_check(L, 1);
    struct addr local;
    struct connect_options o = options_of(L, &local);
    struct dial *d;

    luaL_argcheck(L, !ls->wire.stream && !ls->opening, 1, "stream is open");
    if (!co_current())
        return luaL_error(L, "a connection cannot be waited for outside of a task");
    d = mem_new(struct dial);
    d->ls = ls;
    ls->opening = d;
    ls->stop_opening = give_up;
    log_write(co_current()->log, LOG_DEBUG, "lua tcp socket connect timeout: %u",
              o.connect_timeout);
    d->connect = connect_start(&o, on_connect, d);
    return lib_stream_begin_wait(L, &ls->writer);
}

/* connected(s) → true; or WAIT; or nil, a code and a text; of a name that has no address "resolve"
 * and the code */
static int l_connected(lua_State *L)
{
    struct lib_stream *ls = lib_stream_check(L, 1);
    struct dial *d = ls->opening;

    if (ls->wire.stream) {
        lua_pushboolean(L, 1);
        return 1;
    }
    if (d && d->connect)
        return lib_stream_begin_wait(L, &ls->writer);
    lua_pushnil(L);
    lua_pushstring(L, !d ? err_closed.code : d->is_unresolved ? "resolve" : d->err->code);
    lua_pushstring(L, !d ? err_closed.message : d->is_unresolved ? d->err->code : d->text);
    if (d)
        give_up(ls);
    return 3;
}

/* is_connecting(s) */
static int l_is_connecting(lua_State *L)
{
    const struct lib_stream *ls = lib_stream_check(L, 1);

    lua_pushboolean(L, ls->opening != NULL);
    return 1;
}

/* is_resolving(s): does it wait for the address of a name? */
static int l_is_resolving(lua_State *L)
{
    const struct lib_stream *ls = lib_stream_check(L, 1);
    const struct dial *d = ls->opening;

    lua_pushboolean(L, d && d->connect && connect_is_resolving(d->connect));
    return 1;
}

static const struct option {
    const char *name;
    int level, option;
} options[] = {
    {"keepalive", SOL_SOCKET, SO_KEEPALIVE},   {"reuseaddr", SOL_SOCKET, SO_REUSEADDR},
    {"tcp-nodelay", IPPROTO_TCP, TCP_NODELAY}, {"sndbuf", SOL_SOCKET, SO_SNDBUF},
    {"rcvbuf", SOL_SOCKET, SO_RCVBUF},         {"keepidle", IPPROTO_TCP, TCP_KEEPIDLE},
    {"keepintvl", IPPROTO_TCP, TCP_KEEPINTVL}, {"keepcnt", IPPROTO_TCP, TCP_KEEPCNT},
};

static const struct option *option_named(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(options); i++)
        if (strcmp(options[i].name, name) == 0)
            return &options[i];
    return NULL;
}

static int fail(lua_State *L, const char *what, const char *detail)
{
    lua_pushnil(L);
    lua_pushfstring(L, "%s%s", what, detail);
    return 2;
}

/* set_option(s, name, value) → true; or nil and a text */
static int l_set_option(lua_State *L)
{
    const struct lib_stream *ls = lib_stream_check(L, 1);
    const struct option *o = option_named(luaL_checkstring(L, 2));
    int value = lua_isboolean(L, 3) ? lua_toboolean(L, 3) : (int)luaL_checkinteger(L, 3);

    if (!o)
        return fail(L, "unsupported option ", lua_tostring(L, 2));
    if (!ls->wire.stream || stream_fd(ls->wire.stream) < 0)
        return fail(L, "closed", "");
    if (!sock_set(stream_fd(ls->wire.stream), o->level, o->option, value))
        return fail(L, strerror(errno), "");
    lua_pushboolean(L, 1);
    return 1;
}

/* get_option(s, name) → number; or nil and a text */
static int l_get_option(lua_State *L)
{
    const struct lib_stream *ls = lib_stream_check(L, 1);
    const struct option *o = option_named(luaL_checkstring(L, 2));
    socklen_t size = sizeof(int);
    int value = 0;

    if (!o)
        return fail(L, "unsupported option ", lua_tostring(L, 2));
    if (!ls->wire.stream || stream_fd(ls->wire.stream) < 0)
        return fail(L, "closed", "");
    if (getsockopt(stream_fd(ls->wire.stream), o->level, o->option, &value, &size) < 0)
        return fail(L, strerror(errno), "");
    lua_pushinteger(L, value);
    return 1;
}

int lib_connect(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"connect", l_connect},
        {"connected", l_connected},
        {"is_connecting", l_is_connecting},
        {"is_resolving", l_is_resolving},
        {"set_option", l_set_option},
        {"get_option", l_get_option},
        {NULL, NULL},
    };

    lua_newtable(L);
    luaL_register(L, NULL, functions);
    return 1;
}
