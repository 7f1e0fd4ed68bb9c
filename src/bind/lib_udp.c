/* "perilune.core.udp": a UDP socket as lua/perilune/udp.lua needs it.
 *
 * Nothing here waits. A socket has two functions in its environment, made by its owner: `readable`
 * is called once after watch(), `sent` with how many messages have gone or one error, in the order
 * of send(). While either may still be called the registry holds the userdata; a socket that nobody
 * uses is collected. Messages sent in a turn leave together at its end. */
#include <lauxlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "bind/arg.h"
#include "bind/handle.h"
#include "bind/lerr.h"
#include "bind/lib.h"
#include "bind/lib_addr.h"
#include "bind/opts.h"
#include "bind/vm.h"
#include "loop/io.h"
#include "loop/loop.h"
#include "net/dns/dns.h"
#include "net/udp.h"

struct lib_udp {
    int fd; /* -1: closed */
    int family;
    int self; /* registry reference while a function may be called */
    size_t size;
    struct io io;
    struct udp_queue queue;
    struct loop_call flush;
    bool is_reading, is_blocked;
    struct addr peer; /* of the last message, and as Lua has it */
    int peer_host;
};

static struct lib_udp *check_socket(lua_State *L)
{
    return luaL_checkudata(L, 1, "perilune.udp");
}

/* Holds the userdata as long as something may call back. */
static void keep_self(lua_State *L, struct lib_udp *s, int index)
{
    if (s->self != LUA_NOREF)
        return;
    lua_pushvalue(L, index);
    s->self = luaL_ref(L, LUA_REGISTRYINDEX);
}

static void drop_self(lua_State *L, struct lib_udp *s)
{
    if (s->is_reading || s->queue.n || s->self == LUA_NOREF)
        return;
    luaL_unref(L, LUA_REGISTRYINDEX, s->self);
    s->self = LUA_NOREF;
}

static void watch(struct lib_udp *s)
{
    io_watch(&s->io, (s->is_reading ? IO_READ : 0) | (s->is_blocked ? IO_WRITE : 0));
}

/* Pushes function `name` of the socket, which the registry holds. */
static void push_function(lua_State *L, const struct lib_udp *s, const char *name)
{
    lua_rawgeti(L, LUA_REGISTRYINDEX, s->self);
    lua_getfenv(L, -1);
    lua_getfield(L, -1, name);
    lua_replace(L, -3);
    lua_pop(L, 1);
}

/* What a flush has done, told to Lua behind it: the queue must be left alone until then. */
struct report {
    lua_State *L;
    int n;
};

static void note_sent(void *user, unsigned n, const struct err *e)
{
    struct report *r = user;

    r->n++;
    if (e) {
        lerr_push(r->L, e, "udp");
    } else {
        lua_pushinteger(r->L, (lua_Integer)n);
    }
    lua_rawseti(r->L, -2, r->n);
}

static void flush_queue(struct lib_udp *s)
{
    lua_State *L = vm_main();
    struct report r = {.L = L};

    push_function(L, s, "sent");
    lua_newtable(L);
    s->is_blocked = !udp_queue_flush(&s->queue, s->fd, note_sent, &r);
    watch(s);
    drop_self(L, s);
    vm_call(1, 0, "udp socket");
}

static void on_flush(struct loop_call *call)
{
    flush_queue(CONTAINER_OF(call, struct lib_udp, flush));
}

static void on_ready(struct io *io, int events)
{
    struct lib_udp *s = CONTAINER_OF(io, struct lib_udp, io);
    lua_State *L = vm_main();

    if (events & IO_WRITE && s->is_blocked) {
        s->is_blocked = false;
        watch(s);
        loop_at_end(&s->flush);
    }
    if (!(events & IO_READ) || !s->is_reading)
        return;
    s->is_reading = false;
    watch(s);
    push_function(L, s, "readable");
    drop_self(L, s);
    vm_call(0, 0, "udp socket");
}

static struct udp_options options_at(lua_State *L, int index)
{
    return (struct udp_options){
        .reuseaddr = opts_flag(L, index, "reuseaddr"),
        .reuseport = opts_flag(L, index, "reuseport"),
        .broadcast = opts_flag(L, index, "broadcast"),
        .ipv6only = opts_flag(L, index, "ipv6only"),
        .has_no_loop = opts_flag(L, index, "no_loop"),
        .rcvbuf = (int)opts_number(L, index, "recv_buffer", 0),
        .sndbuf = (int)opts_number(L, index, "send_buffer", 0),
        .multicast_ttl = (int)opts_number(L, index, "ttl", 0),
    };
}

/* open(host, port, options, functions) → socket; options: reuseaddr, reuseport, broadcast,
 * ipv6only, no_loop, recv_buffer, send_buffer, ttl, max_size; functions: readable, sent */
static int l_open(lua_State *L)
{
    struct lib_udp *s;
    struct addr local = lib_addr_check(L, 1);
    struct udp_options o;
    const struct err *e;

    luaL_checktype(L, 3, LUA_TTABLE);
    luaL_checktype(L, 4, LUA_TTABLE);
    o = options_at(L, 3);
    s = lua_newuserdata(L, sizeof(*s));
    memset(s, 0, sizeof(*s));
    s->fd = -1;
    s->self = s->peer_host = LUA_NOREF;
    s->size = (size_t)opts_number(L, 3, "max_size", UDP_MESSAGE_MAX);
    udp_queue_init(&s->queue);
    loop_call_init(&s->flush, on_flush);
    luaL_getmetatable(L, "perilune.udp");
    lua_setmetatable(L, -2);
    lua_pushvalue(L, 4);
    lua_setfenv(L, -2);
    e = udp_open(&local, &o, &s->fd);
    if (e)
        return lib_addr_refuse(L, e, &local);
    s->family = local.sa.sa_family;
    io_init(&s->io, s->fd, on_ready);
    return 1;
}

/* The host of the last peer as text; made anew when it is another one. */
static void push_host(lua_State *L, struct lib_udp *s, const struct addr *peer)
{
    struct addr bare = *peer;

    addr_set_port(&bare, 0);
    if (s->peer_host != LUA_NOREF && addr_eq(&bare, &s->peer)) {
        lua_rawgeti(L, LUA_REGISTRYINDEX, s->peer_host);
        return;
    }
    s->peer = bare;
    lib_addr_push_host(L, peer);
    lua_pushvalue(L, -1);
    luaL_unref(L, LUA_REGISTRYINDEX, s->peer_host);
    s->peer_host = luaL_ref(L, LUA_REGISTRYINDEX);
}

static void push_message(lua_State *L, struct lib_udp *s, const struct udp_message *m)
{
    lua_createtable(L, 0, 3);
    push_host(L, s, &m->peer);
    lua_setfield(L, -2, "host");
    lua_pushinteger(L, addr_port(&m->peer));
    lua_setfield(L, -2, "port");
    lua_pushlstring(L, m->bytes.p, m->bytes.n);
    lua_setfield(L, -2, "message");
    if (m->is_truncated) {
        lua_pushboolean(L, 1);
        lua_setfield(L, -2, "is_truncated");
    }
}

/* receive(socket, into) → how many messages were put into the table, from 1 on; nil and an error */
static int l_receive(lua_State *L)
{
    struct lib_udp *s = check_socket(L);
    struct udp_message messages[UDP_BATCH];
    const struct err *e;
    unsigned n;

    luaL_checktype(L, 2, LUA_TTABLE);
    if (s->fd < 0)
        return lerr_return(L, &err_closed, NULL);
    n = udp_receive(s->fd, messages, s->size, &e);
    if (e)
        return lerr_return(L, e, "udp");
    for (unsigned i = 0; i < n; i++) {
        push_message(L, s, &messages[i]);
        lua_rawseti(L, 2, (int)i + 1);
    }
    lua_pushinteger(L, (lua_Integer)n);
    return 1;
}

/* watch(socket): `readable` is called once there is something to receive */
static int l_watch(lua_State *L)
{
    struct lib_udp *s = check_socket(L);

    if (s->fd < 0)
        return 0;
    s->is_reading = true;
    keep_self(L, s, 1);
    watch(s);
    return 0;
}

/* unwatch(socket): `readable` is not called */
static int l_unwatch(lua_State *L)
{
    struct lib_udp *s = check_socket(L);

    if (s->fd < 0)
        return 0;
    s->is_reading = false;
    watch(s);
    drop_self(L, s);
    return 0;
}

/* send(socket, message[, host, port]) → true: queued, `sent` will tell; nil and an error; false:
 * the host is a name */
static int l_send(lua_State *L)
{
    struct lib_udp *s = check_socket(L);
    struct slice message, host;
    struct addr peer;
    bool has_peer = !lua_isnoneornil(L, 3);

    message = arg_slice(L, 2);
    if (s->fd < 0)
        return lerr_return(L, &err_closed, NULL);
    if (has_peer) {
        host = arg_slice(L, 3);
        if (!addr_literal(host, &peer)) {
            lua_pushboolean(L, 0);
            return 1;
        }
        addr_set_port(&peer, (uint16_t)luaL_checkinteger(L, 4));
    }
    keep_self(L, s, 1);
    udp_queue_add(&s->queue, has_peer ? &peer : NULL, message);
    if (!s->is_blocked)
        loop_at_end(&s->flush);
    lua_pushboolean(L, 1);
    return 1;
}

/* queued(socket) → bytes that wait to be sent */
static int l_queued(lua_State *L)
{
    lua_pushnumber(L, (lua_Number)udp_queue_bytes(&check_socket(L)->queue));
    return 1;
}

static int result(lua_State *L, const struct err *e, const char *what)
{
    if (e)
        return lerr_return(L, e, what);
    lua_pushboolean(L, 1);
    return 1;
}

/* connect(socket, host, port) → true, or nil and an error */
static int l_connect(lua_State *L)
{
    struct lib_udp *s = check_socket(L);
    struct addr peer = lib_addr_check(L, 2);

    return result(L, s->fd < 0 ? &err_closed : udp_connect(s->fd, &peer), lua_tostring(L, 2));
}

/* member(socket, group, interface, joins) → true, or nil and an error */
static int l_member(lua_State *L)
{
    struct lib_udp *s = check_socket(L);
    struct slice host, interface;
    struct addr group;

    host = arg_slice(L, 2);
    interface = arg_slice(L, 3);
    if (s->fd < 0)
        return lerr_return(L, &err_closed, NULL);
    if (!addr_literal(host, &group))
        return lerr_return(L, &err_invalid, host.p);
    return result(L, udp_member(s->fd, &group, interface, lua_toboolean(L, 4)), host.p);
}

/* set_interface(socket, interface) → true, or nil and an error */
static int l_set_interface(lua_State *L)
{
    struct lib_udp *s = check_socket(L);
    struct slice interface = arg_slice(L, 2);

    return result(L, s->fd < 0 ? &err_closed : udp_set_interface(s->fd, s->family, interface),
                  interface.p);
}

/* address(socket) → host, port that it is bound to; nothing when closed */
static int l_address(lua_State *L)
{
    struct lib_udp *s = check_socket(L);
    struct addr a;

    if (s->fd < 0 || addr_of_fd(s->fd, false, &a))
        return 0;
    return lib_addr_push(L, &a);
}

/* close(socket): what is queued is dropped; no function is called any more */
static int l_close(lua_State *L)
{
    struct lib_udp *s = check_socket(L);

    if (s->fd < 0)
        return 0;
    io_watch(&s->io, 0);
    (void)close(s->fd);
    s->fd = -1;
    s->is_reading = s->is_blocked = false;
    loop_cancel(&s->flush);
    udp_queue_clear(&s->queue);
    luaL_unref(L, LUA_REGISTRYINDEX, s->peer_host);
    s->peer_host = LUA_NOREF;
    drop_self(L, s);
    return 0;
}

int lib_udp(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"open", l_open},       {"receive", l_receive},
        {"watch", l_watch},     {"unwatch", l_unwatch},
        {"send", l_send},       {"queued", l_queued},
        {"connect", l_connect}, {"member", l_member},
        {"close", l_close},     {"set_interface", l_set_interface},
        {"address", l_address}, {NULL, NULL},
    };

    handle_type(L, "perilune.udp", "udp socket", l_close);
    lua_newtable(L);
    luaL_register(L, NULL, functions);
    return 1;
}
