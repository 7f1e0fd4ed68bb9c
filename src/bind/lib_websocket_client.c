/* How a client becomes one end of a WebSocket: the key and the extensions of its request, then the
 * connection that the server has agreed to, of a byte stream or of a tunnel through HTTP/2. The
 * request itself is made in Lua (lua/perilune/websocket/client.lua). */
#include "bind/lib_websocket_client.h"

#include <lauxlib.h>

#include "base/encode.h"
#include "base/rand.h"
#include "bind/client_call.h"
#include "bind/lib_stream.h"
#include "bind/lib_websocket.h"
#include "net/tls/tls_digest.h"

static void push_base64(lua_State *L, struct slice s)
{
    struct buf b = BUF_EMPTY;

    encode_base64(&b, s, false, true);
    lua_pushlstring(L, b.p, b.n);
    buf_free(&b);
}

/* key() → a fresh Sec-WebSocket-Key, and the Sec-WebSocket-Accept that answers it */
static int l_key(lua_State *L)
{
    unsigned char digest[TLS_DIGEST_SHA1];
    struct buf input = BUF_EMPTY;
    struct slice key;
    char random[16];

    rand_bytes(random, sizeof random);
    push_base64(L, slice_of(random, sizeof random));
    key.p = lua_tolstring(L, -1, &key.n);
    ws_handshake_accept_input(&input, key);
    tls_digest_sha1(input.p, input.n, digest);
    buf_free(&input);
    push_base64(L, slice_of((const char *)digest, sizeof digest));
    return 2;
}

/* offer(options) → the value of Sec-WebSocket-Extensions to send, or nothing */
static int l_offer(lua_State *L)
{
    struct ws_options options;
    struct ws_deflate_wish wish;
    struct buf b = BUF_EMPTY;

    lib_websocket_options(L, 1, &options, &wish);
    if (!wish.is_wanted)
        return 0;
    ws_handshake_offer_deflate(&wish, &b);
    lua_pushlstring(L, b.p, b.n);
    buf_free(&b);
    return 1;
}

/* Reads the options at 2 and the server's Sec-WebSocket-Extensions at 3, which may be nil; false:
 * it is not what was offered. */
static bool agree(lua_State *L, struct ws_options *o)
{
    struct header_list headers = {NULL, 0, 0};
    struct ws_deflate_wish wish;
    struct slice answer;
    struct pool pool;
    bool is_good;

    lib_websocket_options(L, 2, o, &wish);
    o->is_client = true;
    answer.p = luaL_optlstring(L, 3, NULL, &answer.n);
    pool_init(&pool, NULL, 0);
    if (answer.p)
        header_add(&headers, &pool, SLICE("Sec-WebSocket-Extensions"), answer);
    is_good = ws_handshake_read_deflate(&headers, &wish, &o->deflate, &o->has_deflate);
    pool_reset(&pool);
    return is_good;
}

/* adopt(stream, options, extensions or nil) → ws, a client's; the byte stream is closed then.
 * Nothing when the extensions are not what was offered. */
static int l_adopt(lua_State *L)
{
    struct lib_stream *ls = lib_stream_check(L, 1);
    struct ws_options options;
    struct buf in = BUF_EMPTY;
    struct stream *s;
    struct outq out;

    if (!agree(L, &options) || !ls->wire.stream)
        return 0;
    outq_init(&out);
    s = wire_release(&ls->wire, &in, &out);
    lib_websocket_push(L, ws_conn_open(s, &in, &out, &options));
    buf_free(&in);
    return 1;
}

/* adopt_call(number of a call, options, extensions or nil) → ws: the same of the tunnel that an
 * extended CONNECT has made */
static int l_adopt_call(lua_State *L)
{
    struct client_call *call = client_call_get(luaL_checknumber(L, 1));
    struct ws_options options;
    struct buf in = BUF_EMPTY;
    struct stream *s;

    if (!agree(L, &options) || !call)
        return 0;
    s = client_call_take_tunnel(&call, &in);
    if (!s)
        return 0;
    lib_websocket_push(L, ws_conn_open(s, &in, NULL, &options));
    buf_free(&in);
    return 1;
}

int lib_websocket_client(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"key", l_key}, {"offer", l_offer}, {"adopt", l_adopt}, {"adopt_call", l_adopt_call},
        {NULL, NULL},
    };

    lua_newtable(L);
    luaL_register(L, NULL, functions);
    return 1;
}
