/* "perilune.core.tcp": listening, connecting and what sockets have beside bytes; the bytes are
 * bind/lib_stream's.
 *
 * A listener has its functions in its environment, as a UDP socket does: `accepted(stream)` runs as
 * a task of its own for each connection. It counts connections down by released(). A connect is a
 * userdata that the registry holds until its function has been called or it is cancelled. */
#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bind/co.h"
#include "bind/handle.h"
#include "bind/lerr.h"
#include "bind/lib.h"
#include "bind/lib_addr.h"
#include "bind/lib_dns.h"
#include "bind/lib_secure.h"
#include "bind/lib_stream.h"
#include "bind/lib_tcp_proxy.h"
#include "bind/lib_tls.h"
#include "bind/opts.h"
#include "bind/vm.h"
#include "net/connect.h"
#include "net/listen.h"
#include "net/listener.h"
#include "net/tcp.h"

struct lib_listener {
    struct listener listener;
    int fd;   /* -1: closed */
    int self; /* registry reference while it listens */
    unsigned open, most;
    bool is_inherited; /* who has made the socket takes its file away, if it has one */
};

struct request {
    struct connect *connect;
    struct handle_call call;
};

/* Milliseconds from seconds, at least 1 when there are any. */
static unsigned milliseconds(lua_State *L, const char *name)
{
    double s = opts_number(L, 1, name, 0);

    return s > 0 ? (unsigned)MIN(MAX(s * 1000, 1.0), 2e9) : 0;
}

/* --- listening --- */

static struct lib_listener *check_listener(lua_State *L)
{
    return luaL_checkudata(L, 1, "perilune.listener");
}

/* Lua sees to the rest: what the handler returned, or why it failed. */
static void on_served(struct co *co, enum co_result result, int n)
{
    lua_State *L = vm_main();
    const char *text = result == CO_FAILED ? co_traceback(co) : NULL;

    if (!vm_push_function("perilune.tcp", "_ended"))
        return;
    lua_pushlightuserdata(L, co);
    lua_pushboolean(L, result == CO_OK);
    if (n > 0) {
        lua_pushvalue(co->L, result == CO_OK ? -n : -1);
        lua_xmove(co->L, L, 1);
    } else {
        lua_pushnil(L);
    }
    lua_pushstring(L, text);
    vm_call(4, 0, "tcp");
}

static void on_accept(struct listener *l, int fd, const struct addr *peer)
{
    struct lib_listener *own = CONTAINER_OF(l, struct lib_listener, listener);
    lua_State *L = vm_main();
    struct co *co = co_new(NULL, on_served);
    struct lib_stream *ls;

    own->open++;
    lua_rawgeti(L, LUA_REGISTRYINDEX, own->self);
    lua_getfenv(L, -1);
    lua_getfield(L, -1, "accepted");
    ls = lib_stream_push(L);
    lib_stream_open(ls, tcp_adopt(fd));
    lib_stream_accepted(ls, peer);
    lua_xmove(L, co->L, 2);
    lua_pop(L, 2);
    co_start(co, 1);
}

static unsigned room_of(struct listener *l)
{
    struct lib_listener *own = CONTAINER_OF(l, struct lib_listener, listener);

    return own->most > own->open ? own->most - own->open : 0;
}

/* A listening socket that somebody else has made. */
static const struct err *adopt_listener(int given, int *fd_out)
{
    int is_listening = 0, flags = fcntl(given, F_GETFL);
    socklen_t n = sizeof(is_listening);

    if (flags < 0 || getsockopt(given, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &n) < 0 ||
        !is_listening)
        return &err_invalid;
    *fd_out = fcntl(given, F_DUPFD_CLOEXEC, 0);
    if (*fd_out < 0)
        return err_from_errno(errno);
    (void)fcntl(*fd_out, F_SETFL, flags | O_NONBLOCK);
    return NULL;
}

/* Opens what the table at 1 says: listen_fd, path, or host and port; `a` is left as it is by the
 * first. */
static const struct err *open_listener(lua_State *L, struct addr *a, int *fd_out)
{
    struct listen_options o = {.backlog = (int)opts_number(L, 1, "backlog", 0),
                               .reuseport = opts_flag(L, 1, "reuseport"),
                               .ipv6only = opts_flag(L, 1, "ipv6only")};
    int given = (int)opts_number(L, 1, "listen_fd", -1);
    struct slice path, host;
    const struct err *e = NULL;

    if (given >= 0)
        return adopt_listener(given, fd_out);
    path = opts_slice(L, 1, "path");
    if (path.n) {
        e = addr_of_path(path, a);
    } else {
        host = opts_slice(L, 1, "host");
        e = addr_literal(host, a) ? NULL : &err_invalid;
        addr_set_port(a, (uint16_t)opts_number(L, 1, "port", 0));
    }
    return e ? e : listen_open(a, &o, fd_out);
}

/* listen(options, functions) → listener, or nil and an error */
static int l_listen(lua_State *L)
{
    struct lib_listener *l;
    struct addr a = {0};
    const struct err *e;

    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checktype(L, 2, LUA_TTABLE);
    l = lua_newuserdata(L, sizeof(*l));
    memset(l, 0, sizeof(*l));
    l->fd = -1;
    l->self = LUA_NOREF;
    l->most = (unsigned)opts_number(L, 1, "max_connections", 1e9);
    luaL_getmetatable(L, "perilune.listener");
    lua_setmetatable(L, -2);
    lua_pushvalue(L, 2);
    lua_setfenv(L, -2);
    l->is_inherited = opts_number(L, 1, "listen_fd", -1) >= 0;
    e = open_listener(L, &a, &l->fd);
    if (e)
        return a.len > 0 ? lib_addr_refuse(L, e, &a)
                         : lerr_return(L, e, l->is_inherited ? "listen_fd" : "path");
    lua_settop(L, 3);
    lua_pushvalue(L, 3);
    l->self = luaL_ref(L, LUA_REGISTRYINDEX);
    listener_init(&l->listener, l->fd, on_accept);
    l->listener.room = room_of;
    listener_start(&l->listener);
    return 1;
}

/* released(listener): one of its connections has ended */
static int l_released(lua_State *L)
{
    struct lib_listener *l = check_listener(L);

    l->open--;
    if (l->fd >= 0 && l->open + 1 >= l->most)
        listener_start(&l->listener);
    return 0;
}

/* listener_address(listener) → host, port; nothing when closed */
static int l_listener_address(lua_State *L)
{
    struct lib_listener *l = check_listener(L);
    struct addr a;

    if (l->fd < 0 || addr_of_fd(l->fd, false, &a))
        return 0;
    return lib_addr_push(L, &a);
}

/* stop(listener): no more connections; its own go on */
static int l_stop(lua_State *L)
{
    struct lib_listener *l = check_listener(L);
    struct addr a;

    if (l->fd < 0)
        return 0;
    listener_stop(&l->listener);
    if (!l->is_inherited && !addr_of_fd(l->fd, false, &a))
        listen_remove_file(&a);
    (void)close(l->fd);
    l->fd = -1;
    luaL_unref(L, LUA_REGISTRYINDEX, l->self);
    l->self = LUA_NOREF;
    return 0;
}

/* --- connecting --- */

static void on_connected(void *user, struct stream *s, const struct connect_failure *f)
{
    struct request *q = user;
    lua_State *L = vm_main();

    q->connect = NULL;
    handle_take(L, &q->call);
    if (s) {
        lib_stream_open(lib_stream_push(L), s);
        vm_call(1, 0, "tcp.connect");
        return;
    }
    lua_pushnil(L);
    lua_pushstring(L, f->err->code);
    lua_pushstring(L, f->text);
    lua_pushstring(L, connect_stage_name(f->stage));
    vm_call(4, 0, "tcp.connect");
}

static int push_request(lua_State *L, const struct connect_options *o, int fn)
{
    struct request *q = lua_newuserdata(L, sizeof(*q));

    *q = (struct request){.connect = NULL};
    luaL_getmetatable(L, "perilune.tcp.request");
    lua_setmetatable(L, -2);
    handle_hold(L, &q->call, fn);
    q->connect = connect_start(o, on_connected, q);
    return 1;
}

/* The context is on top of the stack; the rest is in the table at 1. */
static void fill_tls(lua_State *L, struct connect_options *o)
{
    o->tls = lib_tls_check(L, lua_gettop(L));
    o->peer.skips_verify = opts_flag(L, 1, "insecure");
    o->peer.server_name = opts_slice(L, 1, "server_name");
    o->peer.alpn = opts_slice(L, 1, "alpn");
    o->pins = opts_slice(L, 1, "pins");
    lua_getfield(L, 1, "session");
    o->peer.session = lib_secure_session(L, lua_gettop(L));
}

/* connect(options, resolver, family, fn) → request; fn(stream), or fn(nil, code, text, stage). The
 * table must stay until then. options: host, port, path, local_host, local_port, connect_timeout
 * (for each address), timeout (for everything), send_buffer, recv_buffer, preamble; tls, a context,
 * with server_name, alpn, session, pins, insecure */
static int l_connect(lua_State *L)
{
    struct connect_options o = {.host = SLICE_EMPTY};
    struct addr local;

    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checktype(L, 4, LUA_TFUNCTION);
    o.resolver = lib_dns_resolver(L, 2);
    o.family = lib_dns_family(L, 3);
    o.host = opts_slice(L, 1, "host");
    o.unix_path = opts_slice(L, 1, "path");
    o.port = (uint16_t)opts_number(L, 1, "port", 0);
    o.connect_timeout = milliseconds(L, "connect_timeout");
    o.total_timeout = milliseconds(L, "timeout");
    o.sndbuf = (int)opts_number(L, 1, "send_buffer", 0);
    o.rcvbuf = (int)opts_number(L, 1, "recv_buffer", 0);
    o.preamble = opts_slice(L, 1, "preamble");
    lua_getfield(L, 1, "tls");
    if (!lua_isnil(L, -1))
        fill_tls(L, &o);
    lua_getfield(L, 1, "local_host");
    if (!lua_isnil(L, -1)) {
        lua_getfield(L, 1, "local_port");
        local = lib_addr_check(L, lua_gettop(L) - 1);
        o.local = &local;
    }
    return push_request(L, &o, 4);
}

/* cancel(request): its function is not called */
static int l_cancel(lua_State *L)
{
    struct request *q = luaL_checkudata(L, 1, "perilune.tcp.request");

    connect_cancel(&q->connect);
    handle_drop(L, &q->call);
    return 0;
}

/* --- streams --- */

/* try_read(stream, most) → bytes, false: none yet, or nil and a code ("closed": the end) */
static int l_try_read(lua_State *L)
{
    struct lib_stream *s = lib_stream_check(L, 1);
    struct slice data;

    if (!s->wire.stream)
        return lib_stream_fail(L, s);
    switch (wire_take_some(&s->wire, (size_t)luaL_checkinteger(L, 2), &data)) {
    case WIRE_DONE:
        lua_pushlstring(L, data.p, data.n);
        return 1;
    case WIRE_WAIT:
        lua_pushboolean(L, 0);
        return 1;
    default:
        return lib_stream_fail(L, s);
    }
}

/* has_input(stream): bytes that nobody has read, here or in the kernel? */
static int l_has_input(lua_State *L)
{
    struct lib_stream *s = lib_stream_check(L, 1);
    int fd = s->wire.stream ? stream_fd(s->wire.stream) : -1;
    char byte;

    lua_pushboolean(L, wire_input(&s->wire).n > 0 || (fd >= 0 && stream_unread(s->wire.stream)) ||
                           (fd >= 0 && recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0));
    return 1;
}

/* address(stream, of_peer) → host, port; nothing when closed or without a socket */
static int l_address(lua_State *L)
{
    struct lib_stream *s = lib_stream_check(L, 1);
    int fd = s->wire.stream ? stream_fd(s->wire.stream) : -1;
    struct addr a;

    if (fd < 0 || addr_of_fd(fd, lua_toboolean(L, 2), &a))
        return 0;
    return lib_addr_push(L, &a);
}

/* end_of(stream, is_peer) → host, port, also when it is closed, if it was accepted; or nothing */
static int l_end(lua_State *L)
{
    struct addr a;

    return lib_stream_address(lib_stream_check(L, 1), lua_toboolean(L, 2), &a)
               ? lib_addr_push(L, &a)
               : 0;
}

/* set_options(stream, nodelay, keepalive, idle, interval, count): a flag that is nil stays */
static int l_set_options(lua_State *L)
{
    struct lib_stream *s = lib_stream_check(L, 1);

    if (!s->wire.stream)
        return 0;
    if (!lua_isnil(L, 2))
        tcp_set_nodelay(s->wire.stream, lua_toboolean(L, 2));
    if (!lua_isnil(L, 3))
        tcp_set_keepalive(s->wire.stream, lua_toboolean(L, 3), (int)luaL_optinteger(L, 4, 0),
                          (int)luaL_optinteger(L, 5, 0), (int)luaL_optinteger(L, 6, 0));
    return 0;
}

int lib_tcp(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"listen", l_listen},
        {"released", l_released},
        {"listener_address", l_listener_address},
        {"stop", l_stop},
        {"connect", l_connect},
        {"cancel", l_cancel},
        {"try_read", l_try_read},
        {"has_input", l_has_input},
        {"address", l_address},
        {"end_of", l_end},
        {"set_options", l_set_options},
        {"read_proxy", lib_tcp_read_proxy},
        {"proxy_header", lib_tcp_proxy_header},
        {NULL, NULL},
    };

    handle_type(L, "perilune.listener", "perilune.listener", l_stop);
    handle_type(L, "perilune.tcp.request", "perilune.tcp.request", l_cancel);
    lua_newtable(L);
    luaL_register(L, NULL, functions);
    return 1;
}
