/* The PROXY protocol for "perilune.core.tcp". */
#include "bind/lib_tcp_proxy.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "bind/lib_stream_io.h"
#include "http/proxy_peek.h"

static void set_end(lua_State *L, const char *name, const char *host, int port)
{
    lua_createtable(L, 0, 2);
    lua_pushstring(L, host);
    lua_setfield(L, -2, "host");
    if (port >= 0) {
        lua_pushinteger(L, port);
        lua_setfield(L, -2, "port");
    }
    lua_setfield(L, -2, name);
}

static void push_proxy(lua_State *L, const struct proxy_proto *p)
{
    bool has_ports = p->kind != PROXY_PROTO_UNIX;

    lua_newtable(L);
    if (p->kind == PROXY_PROTO_UNKNOWN)
        return;
    set_end(L, "peer", p->source, has_ports ? p->source_port : -1);
    set_end(L, "local_address", p->destination, has_ports ? p->destination_port : -1);
}

/* read_proxy(stream) → table with peer and local_address (empty: not known), nil and a code, or the
 * wait token; nothing behind the header is read */
int lib_tcp_read_proxy(lua_State *L)
{
    struct lib_stream *s = lib_stream_check(L, 1);
    struct proxy_peek p;
    size_t before;

    if (!s->wire.stream)
        return lib_stream_fail(L, s);
    before = wire_input(&s->wire).n;
    switch (proxy_peek(s->wire.stream, wire_input(&s->wire), &p)) {
    case PROXY_PROTO_DONE:
        wire_consume(&s->wire, before);
        push_proxy(L, &p.proto);
        return 1;
    case PROXY_PROTO_BAD:
        return lib_stream_refuse(L, err_protocol.code);
    case PROXY_PROTO_MORE:
        break;
    }
    if (p.has_ended)
        return lib_stream_refuse(L, err_closed.code);
    if (p.seen.n > before) {
        wire_consume(&s->wire, before);
        wire_unread(&s->wire, p.seen);
    }
    if (wire_has_expired(&s->wire, IO_READ))
        return lib_stream_refuse(L, err_timeout.code);
    return lib_stream_wait(L, s, IO_READ);
}

static bool is_of(const char *text, int family, struct addr *out)
{
    return addr_literal(slice_str(text), out) && out->sa.sa_family == family;
}

static void fill_end(lua_State *L, int index, char host[108], uint16_t *port)
{
    lua_getfield(L, index, "host");
    lua_getfield(L, index, "port");
    snprintf(host, 108, "%s", lua_isstring(L, -2) ? lua_tostring(L, -2) : "");
    *port = (uint16_t)lua_tointeger(L, -1);
    lua_pop(L, 2);
}

/* proxy_header(version, source, destination) → bytes, and whether they name the ends, which are
 * {host=, port=} with addresses of one family; otherwise they say that nobody is known */
int lib_tcp_proxy_header(lua_State *L)
{
    struct proxy_proto p;
    struct buf out = BUF_EMPTY;
    struct addr a;

    memset(&p, 0, sizeof(p));
    if (lua_istable(L, 2) && lua_istable(L, 3)) {
        fill_end(L, 2, p.source, &p.source_port);
        fill_end(L, 3, p.destination, &p.destination_port);
        if (is_of(p.source, AF_INET, &a) && is_of(p.destination, AF_INET, &a))
            p.kind = PROXY_PROTO_TCP4;
        else if (is_of(p.source, AF_INET6, &a) && is_of(p.destination, AF_INET6, &a))
            p.kind = PROXY_PROTO_TCP6;
    }
    proxy_proto_write(&p, (int)luaL_checkinteger(L, 1), &out);
    lua_pushlstring(L, out.p, out.n);
    buf_free(&out);
    lua_pushboolean(L, p.kind != PROXY_PROTO_UNKNOWN);
    return 2;
}
