/* The functions of "perilune.core.stream" beside those that read and write: how values are made,
 * end, and wait in a pool (park) until somebody uses them again. */
#include <lauxlib.h>

#include "bind/lib_stream_io.h"
#include "net/pair.h"
#include "net/tcp.h"

/* new() → a closed stream */
static int l_new(lua_State *L)
{
    (void)lib_stream_push(L);
    return 1;
}

/* adopt(fd) → a stream over a connected, non-blocking socket, which it owns */
static int l_adopt(lua_State *L)
{
    int fd = (int)luaL_checkinteger(L, 1);

    lib_stream_open(lib_stream_push(L), tcp_adopt(fd));
    return 1;
}

/* pair(capacity) → two streams in memory, each the other's peer */
static int l_pair(lua_State *L)
{
    struct stream *ends[2];

    pair_new(ends, lib_stream_check_size(L, 1, 0));
    lib_stream_open(lib_stream_push(L), ends[0]);
    lib_stream_open(lib_stream_push(L), ends[1]);
    return 2;
}

/* close(s[, reset]) → was it open? */
static int l_close(lua_State *L)
{
    struct lib_stream *ls = lib_stream_check(L, 1);
    bool was_open = ls->wire.stream != NULL;

    lib_stream_close(ls, lua_toboolean(L, 2));
    lua_pushboolean(L, was_open);
    return 1;
}

/* shutdown(s): ends our side */
static int l_shutdown(lua_State *L)
{
    struct lib_stream *ls = lib_stream_check(L, 1);

    if (ls->wire.stream)
        stream_shutdown(ls->wire.stream);
    return 0;
}

static int l_is_open(lua_State *L)
{
    lua_pushboolean(L, lib_stream_check(L, 1)->wire.stream != NULL);
    return 1;
}

static uint32_t milliseconds(lua_State *L, int arg)
{
    lua_Number ms = luaL_checknumber(L, arg);

    luaL_argcheck(L, ms >= 0 && ms < 4e9, arg, "milliseconds out of range");
    return (uint32_t)ms;
}

/* set_timeouts(s, read, write): milliseconds without progress, 0: never */
static int l_set_timeouts(lua_State *L)
{
    struct lib_stream *ls = lib_stream_check(L, 1);

    ls->read_timeout = milliseconds(L, 2);
    ls->write_timeout = milliseconds(L, 3);
    return 0;
}

/* state(s) → "reading", "writing" of other tasks: two booleans */
static int l_busy(lua_State *L)
{
    struct lib_stream *ls = lib_stream_check(L, 1);

    lua_pushboolean(L, lib_stream_is_busy(&ls->reader));
    lua_pushboolean(L, lib_stream_is_busy(&ls->writer));
    return 2;
}

/* buffered(s) → bytes of input that are not taken, bytes of output that are not sent */
static int l_buffered(lua_State *L)
{
    struct lib_stream *ls = lib_stream_check(L, 1);

    lua_pushnumber(L, (lua_Number)wire_input(&ls->wire).n);
    lua_pushnumber(L, (lua_Number)ls->wire.out.bytes);
    return 2;
}

/* park(s, ms) → true: nobody uses the stream for now; it is closed after that time (0: never), or
 * when the peer ends it or sends something. False, and whether the peer has sent something: that
 * has happened already */
static int l_park(lua_State *L)
{
    struct lib_stream *ls = lib_stream_check(L, 1);
    uint32_t ms = milliseconds(L, 2);

    if (!ls->wire.stream || ls->wire.n || !outq_is_empty(&ls->wire.out) ||
        wire_fill(&ls->wire, 0) != WIRE_WAIT) {
        bool has_input = ls->wire.stream && ls->wire.n && !ls->wire.has_eof;

        lib_stream_close(ls, false);
        lua_pushboolean(L, 0);
        lua_pushboolean(L, has_input);
        return 2;
    }
    owned_give(&ls->owner, NULL);
    lib_stream_forget_on_lost(ls);
    ls->subject = NULL;
    ls->uses++;
    ls->is_parked = true;
    wire_forget(&ls->wire, IO_WRITE);
    wire_wait(&ls->wire, IO_READ, ms);
    lua_pushboolean(L, 1);
    return 1;
}

/* Has something come that its watcher is yet to be told of, in this very turn? It is no answer to
 * what is sent from now on. TLS has messages of its own to bring. */
static bool has_surplus(const struct stream *s)
{
    return tcp_is(s) ? !tcp_is_quiet(s) : stream_unread(s) > 0;
}

/* unpark(s) → how often it was parked; false: it has been closed meanwhile */
static int l_unpark(lua_State *L)
{
    struct lib_stream *ls = lib_stream_check(L, 1);

    if (ls->wire.stream && has_surplus(ls->wire.stream))
        wire_close(&ls->wire, false);
    if (!ls->wire.stream) {
        lua_pushboolean(L, 0);
        return 1;
    }
    ls->is_parked = false;
    lib_stream_forget_on_lost(ls);
    wire_forget(&ls->wire, IO_READ);
    lib_stream_debug("get keepalive peer: using connection, fd",
                     (unsigned)stream_fd(ls->wire.stream));
    lua_pushinteger(L, (lua_Integer)ls->uses);
    return 1;
}

/* uses(s) → how often it was parked */
static int l_uses(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)lib_stream_check(L, 1)->uses);
    return 1;
}

/* check(s): raises "bad request" when it belongs to another one than the running task works for */
static int l_check(lua_State *L)
{
    (void)lib_stream_own(L);
    return 0;
}

/* on_lost(s, fn): fn is called when the stream is closed because what it belongs to has ended, or,
 * while it is parked, by itself */
static int l_on_lost(lua_State *L)
{
    struct lib_stream *ls = lib_stream_check(L, 1);

    luaL_checktype(L, 2, LUA_TFUNCTION);
    lib_stream_forget_on_lost(ls);
    lua_settop(L, 2);
    ls->on_lost = luaL_ref(L, LUA_REGISTRYINDEX);
    return 0;
}

/* fd(s) → the descriptor, -1: none */
static int l_fd(lua_State *L)
{
    struct lib_stream *ls = lib_stream_check(L, 1);

    lua_pushinteger(L, ls->wire.stream ? stream_fd(ls->wire.stream) : -1);
    return 1;
}

int lib_stream(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"new", l_new},
        {"adopt", l_adopt},
        {"pair", l_pair},
        {"close", l_close},
        {"shutdown", l_shutdown},
        {"is_open", l_is_open},
        {"set_timeouts", l_set_timeouts},
        {"busy", l_busy},
        {"buffered", l_buffered},
        {"park", l_park},
        {"unpark", l_unpark},
        {"uses", l_uses},
        {"check", l_check},
        {"on_lost", l_on_lost},
        {"fd", l_fd},
        {NULL, NULL},
    };

    lib_stream_init(L);
    lua_newtable(L);
    luaL_register(L, NULL, functions);
    lib_stream_read_register(L);
    lib_stream_write_register(L);
    lua_pushlightuserdata(L, co_wait_token());
    lua_setfield(L, -2, "WAIT");
    return 1;
}
