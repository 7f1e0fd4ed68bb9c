/* A connected datagram socket is read and written with the calls of a stream's, so it is one: a
 * read takes one message, a write that the socket does not take is lost. What differs is here: how
 * it is opened, and that a message is taken whole. */
#include "bind/lib_datagram.h"

#include <errno.h>
#include <lauxlib.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "bind/arg.h"
#include "bind/lib_dns.h"
#include "bind/lib_stream.h"
#include "net/connect.h"
#include "net/dns/dns.h"
#include "net/tcp.h"

/* What to send from. */
struct from {
    struct addr addr; /* len 0: the system's choice */
    bool is_transparent;
};

struct lookup {
    struct lib_stream *ls;
    struct dns_query *query; /* NULL: over */
    const struct err *err;   /* NULL: `addr` is there */
    struct addr addr;
    struct from from;
    uint16_t port;
};

static void give_up(struct lib_stream *ls)
{
    struct lookup *l = ls->opening;

    ls->opening = NULL;
    ls->stop_opening = NULL;
    dns_cancel(&l->query);
    mem_free(l);
}

/* A Unix socket that nobody has bound could not be answered. */
static int bind_local(int fd, const struct addr *peer, const struct from *from)
{
    sa_family_t family = AF_UNIX;

    if (from->is_transparent && from->addr.len && !connect_allow_foreign(fd, &from->addr))
        return -1;
    if (from->addr.len)
        return bind(fd, &from->addr.sa, from->addr.len);
    if (peer->sa.sa_family == AF_UNIX)
        return bind(fd, (const struct sockaddr *)(const void *)&family, sizeof(family));
    return 0;
}

static const struct err *open_socket(struct lib_stream *ls, const struct addr *peer,
                                     const struct from *from)
{
    int fd = socket(peer->sa.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const struct err *e;

    if (fd < 0)
        return err_from_errno(errno);
    if (bind_local(fd, peer, from) < 0 || connect(fd, &peer->sa, peer->len) < 0) {
        e = err_from_errno(errno);
        (void)close(fd);
        return e;
    }
    lib_stream_open(ls, tcp_adopt(fd));
    return NULL;
}

static void on_lookup(void *user, const struct dns_result *result)
{
    struct lookup *l = user;
    struct lib_stream_waiter waiter = l->ls->writer;

    l->query = NULL;
    l->err = result->err;
    if (!result->err)
        l->addr = result->addrs->items[0];
    co_wake(waiter.co, waiter.wait);
}

static int opened(lua_State *L, const struct err *e)
{
    if (!e) {
        lua_pushboolean(L, 1);
        return 1;
    }
    lua_pushnil(L);
    lua_pushstring(L, e->code);
    lua_pushstring(L, e->message);
    return 3;
}

static bool literal(struct slice host, struct addr *out)
{
    if (host.n >= 5 && strncasecmp(host.p, "unix:", 5) == 0)
        return addr_parse(host, 0, out) == NULL;
    return addr_literal(host, out);
}

/* open(s, host, port[, local_address[, is_transparent]]) → true; or WAIT, then finish(s); or nil, a
 * code and a text */
static int l_open(lua_State *L)
{
    struct lib_stream *ls = lib_stream_check(L, 1);
    struct from from = {.addr.len = 0, .is_transparent = lua_toboolean(L, 5)};
    struct addr peer;
    struct slice host;
    struct lookup *l;

    host = arg_slice(L, 2);
    luaL_argcheck(L, !ls->wire.stream && !ls->opening, 1, "socket is open");
    if (!lua_isnoneornil(L, 4)) {
        struct slice text = arg_slice(L, 4);

        luaL_argcheck(L, !addr_parse(text, 0, &from.addr), 4, "address expected");
    }
    if (literal(host, &peer)) {
        addr_set_port(&peer, (uint16_t)luaL_optinteger(L, 3, 0));
        return opened(L, open_socket(ls, &peer, &from));
    }
    l = mem_new(struct lookup);
    l->ls = ls;
    l->from = from;
    l->port = (uint16_t)luaL_optinteger(L, 3, 0);
    ls->opening = l;
    ls->stop_opening = give_up;
    l->query = dns_lookup(lib_dns_chosen(), host, DNS_PREFER_V4, on_lookup, l);
    return lib_stream_begin_wait(L, &ls->writer);
}

/* finish(s) → as open; of a name that has no address nil, "resolve" and the code */
static int l_finish(lua_State *L)
{
    struct lib_stream *ls = lib_stream_check(L, 1);
    struct lookup *l = ls->opening;
    const struct err *e;

    if (!l)
        return opened(L, ls->wire.stream ? NULL : &err_closed);
    if (l->query)
        return lib_stream_begin_wait(L, &ls->writer);
    e = l->err;
    if (e) {
        give_up(ls);
        lua_pushnil(L);
        lua_pushliteral(L, "resolve");
        lua_pushstring(L, e->code);
        return 3;
    }
    addr_set_port(&l->addr, l->port);
    e = open_socket(ls, &l->addr, &l->from);
    give_up(ls);
    return opened(L, e);
}

/* receive(s, most) → a message, cut to that many bytes; WAIT; or nil and a code */
static int l_receive(lua_State *L)
{
    struct lib_stream *ls = lib_stream_reader(L);
    struct slice data = SLICE_EMPTY;
    enum wire_result r;

    if (!ls)
        return 2;
    r = wire_take_some(&ls->wire, SIZE_MAX, &data);
    if (r == WIRE_END) { /* an empty message */
        ls->wire.has_eof = false;
        r = WIRE_DONE;
    }
    data.n = MIN(data.n, (size_t)luaL_checknumber(L, 2));
    if (r == WIRE_FAILED) {
        lib_stream_fail(L, ls);
        ls->wire.stream->err = NULL;
        return 2;
    }
    return lib_stream_answer(L, ls, r, data);
}

/* send(s, message) → true, or nil and a code. A message that the socket has no room for is lost, as
 * others are on the way */
static int l_send(lua_State *L)
{
    struct lib_stream *ls = lib_stream_check(L, 1);
    struct iovec v;
    const char *p = luaL_checklstring(L, 2, &v.iov_len);

    v.iov_base = (void *)(uintptr_t)p;
    if (!ls->wire.stream || stream_writev(ls->wire.stream, &v, 1) == STREAM_FAILED) {
        int n = lib_stream_fail(L, ls);

        if (ls->wire.stream)
            ls->wire.stream->err = NULL;
        return n;
    }
    ls->wire.written += v.iov_len;
    log_write(NULL, LOG_DEBUG, "send: fd:%d %zu of %zu", stream_fd(ls->wire.stream), v.iov_len,
              v.iov_len);
    lua_pushboolean(L, 1);
    return 1;
}

int lib_datagram(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"open", l_open}, {"finish", l_finish}, {"receive", l_receive},
        {"send", l_send}, {NULL, NULL},
    };

    lua_newtable(L);
    luaL_register(L, NULL, functions);
    return 1;
}
