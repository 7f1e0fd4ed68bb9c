/* "perilune.core.secure": TLS on a live stream of bind/lib_stream, for either role, and what the
 * two ends have agreed on. */
#include "bind/lib_secure.h"

#include <inttypes.h>
#include <lauxlib.h>
#include <string.h>

#include "bind/arg.h"
#include "bind/co.h"
#include "bind/handle.h"
#include "bind/lib.h"
#include "bind/lib_stream_io.h"
#include "bind/lib_tls.h"
#include "net/tls/tls_certificate.h"
#include "net/tls/tls_info.h"
#include "net/tls/tls_pin.h"
#include "net/tls/tls_verify.h"

#define SESSION "perilune.tls.session"

/* The pointer in a cdata of LuaJIT's FFI; NULL: there is none. */
static void *pointer_at(lua_State *L, int arg)
{
    enum { CDATA = 10 }; /* as lua_type tells it */

    return lua_type(L, arg) == CDATA ? *(void *const *)lua_topointer(L, arg) : NULL;
}

struct tls_session *lib_secure_session(lua_State *L, int arg)
{
    struct tls_session *bare = pointer_at(L, arg);

    if (bare || lua_isnoneornil(L, arg))
        return bare;
    return *(struct tls_session **)luaL_checkudata(L, arg, SESSION);
}

/* In the words of OpenResty's log. */
static void note(const char *what, const struct tls_session *session)
{
    const struct log_ctx *log = co_current() ? co_current()->log : NULL;

    if (UNLIKELY(log_is_on(log, LOG_DEBUG)))
        log_write(log, LOG_DEBUG, "lua ssl %s session: %016" PRIXPTR, what, (uintptr_t)session);
}

/* start(stream, context, is_server[, server_name, alpn, session, skips_verify, wants_status, chain,
 * key, store]) → true, or nil and a code: "closed"; "busy": bytes that were read or not sent yet
 * would pass between clear and secret. The last three are cdata pointing to the library's objects
 */
static int l_start(lua_State *L)
{
    struct lib_stream *s = lib_stream_check(L, 1);
    struct tls_ctx *ctx = lib_tls_check(L, 2);
    struct tls_peer peer = {.server_name = arg_slice_if_given(L, 4),
                            .alpn = arg_slice_if_given(L, 5),
                            .session = lib_secure_session(L, 6),
                            .chain = pointer_at(L, 9),
                            .key = pointer_at(L, 10),
                            .store = pointer_at(L, 11),
                            .skips_verify = lua_toboolean(L, 7),
                            .wants_status = lua_toboolean(L, 8)};
    struct stream *under;
    struct buf in = BUF_EMPTY;
    struct outq out;

    if (!s->wire.stream)
        return lib_stream_fail(L, s);
    if (wire_input(&s->wire).n || !outq_is_empty(&s->wire.out) || lib_stream_is_busy(&s->reader) ||
        lib_stream_is_busy(&s->writer))
        return lib_stream_refuse(L, err_busy.code);
    if (peer.session)
        note("set", peer.session);
    outq_init(&out);
    under = wire_release(&s->wire, &in, &out);
    buf_free(&in);
    lib_stream_open(s,
                    lua_toboolean(L, 3) ? tls_accept(under, ctx) : tls_connect(under, ctx, &peer));
    lua_pushboolean(L, 1);
    return 1;
}

/* handshake(stream[, pins]) → true; nil, a code, what TLS says of it, and how the peer's
 * certificate was judged: OpenSSL's number, 0: it is fine, and text; or the wait token */
static int l_handshake(lua_State *L)
{
    struct lib_stream *s = lib_stream_check(L, 1);
    struct stream *under = s->wire.stream;
    const struct err *e;
    struct slice why;
    int r;

    if (!under || !tls_is(under))
        return lib_stream_refuse(L, err_closed.code);
    r = tls_handshake(under);
    if (r == STREAM_AGAIN) {
        int side = tls_wants(under) == IO_WRITE ? IO_WRITE : IO_READ;

        return wire_has_expired(&s->wire, side) ? lib_stream_refuse(L, err_timeout.code)
                                                : lib_stream_wait(L, s, side);
    }
    e = r == STREAM_FAILED ? under->err : tls_pin_check(under, arg_slice_if_given(L, 2));
    if (!e) {
        lua_pushboolean(L, 1);
        return 1;
    }
    why = tls_error_text(under);
    (void)lib_stream_refuse(L, e->code);
    lua_pushfstring(L, "%s%s", e->message, why.n ? ": " : "");
    lua_pushlstring(L, why.p, why.n);
    lua_concat(L, 2);
    lua_pushinteger(L, tls_verify_result(under));
    lua_pushstring(L, tls_verify_text(tls_verify_result(under)));
    return 5;
}

static void set_text(lua_State *L, const char *name, struct slice text)
{
    if (text.n == 0)
        return;
    lua_pushlstring(L, text.p, text.n);
    lua_setfield(L, -2, name);
}

/* `pem`: the whole of it. */
static void push_certificate(lua_State *L, const struct stream *s, struct slice pem)
{
    static const struct {
        const char *name;
        bool (*add)(const struct stream *s, struct buf *out);
    } fields[] = {
        {"subject", tls_certificate_subject},         {"issuer", tls_certificate_issuer},
        {"serial", tls_certificate_serial},           {"starts", tls_certificate_starts},
        {"fingerprint", tls_certificate_fingerprint}, {"ends", tls_certificate_ends},
    };
    struct buf text = BUF_EMPTY;

    lua_newtable(L);
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        text.n = 0;
        if (fields[i].add(s, &text))
            set_text(L, fields[i].name, buf_slice(&text));
    }
    set_text(L, "pem", pem);
    text.n = 0;
    if (tls_pin_of_pem(pem, &text))
        set_text(L, "pin", buf_slice(&text));
    buf_free(&text);
}

/* info(stream) → {version, cipher, alpn, server_name, is_resumed, is_verified, peer_certificate};
 * nil: no TLS */
static int l_info(lua_State *L)
{
    struct lib_stream *s = lib_stream_check(L, 1);
    struct stream *tls = s->wire.stream;
    struct buf pem = BUF_EMPTY;

    if (!tls || !tls_is(tls))
        return 0;
    lua_createtable(L, 0, 7);
    set_text(L, "version", tls_info_version(tls));
    set_text(L, "cipher", tls_info_cipher(tls));
    set_text(L, "alpn", tls_info_alpn(tls));
    set_text(L, "server_name", tls_info_server_name(tls));
    lua_pushboolean(L, tls_info_is_resumed(tls));
    lua_setfield(L, -2, "is_resumed");
    lua_pushboolean(L, tls_info_verified(tls, NULL) == NULL);
    lua_setfield(L, -2, "is_verified");
    if (tls_peer_certificate(tls, &pem)) {
        push_certificate(L, tls, buf_slice(&pem));
        lua_setfield(L, -2, "peer_certificate");
    }
    buf_free(&pem);
    return 1;
}

/* session(stream[, is_any, is_bare]) → what a later connection to this server may go on with; nil:
 * nothing new. `is_any`: then the connection's own session, though the server may not know it
 * again. `is_bare`: as light userdata, to be given to free_session */
static int l_session(lua_State *L)
{
    struct lib_stream *s = lib_stream_check(L, 1);
    bool is_tls = s->wire.stream && tls_is(s->wire.stream);
    struct tls_session *session = is_tls ? tls_take_session(s->wire.stream) : NULL;
    struct tls_session **box;

    if (!session && is_tls && lua_toboolean(L, 2))
        session = tls_current_session(s->wire.stream);
    if (!session)
        return 0;
    note("save", session);
    if (lua_toboolean(L, 3)) {
        lua_pushlightuserdata(L, session);
        return 1;
    }
    box = lua_newuserdata(L, sizeof(struct tls_session *));
    *box = session;
    luaL_getmetatable(L, SESSION);
    lua_setmetatable(L, -2);
    return 1;
}

static int l_session_gc(lua_State *L)
{
    struct tls_session **box = luaL_checkudata(L, 1, SESSION);

    note("free", *box);
    tls_session_free(box);
    return 0;
}

/* free_session(session): of a cdata that holds a bare one */
static int l_free_session(lua_State *L)
{
    struct tls_session *session = pointer_at(L, 1);

    note("free", session);
    tls_session_free(&session);
    return 0;
}

/* pin(pem) → "sha256/…" of the key in a certificate; nil: it is none */
static int l_pin(lua_State *L)
{
    struct buf pin = BUF_EMPTY;
    struct slice pem = arg_slice(L, 1);

    if (tls_pin_of_pem(pem, &pin))
        lua_pushlstring(L, pin.p, pin.n);
    else
        lua_pushnil(L);
    buf_free(&pin);
    return 1;
}

/* pointer(stream) → the library's object of the connection, as light userdata; nil: no TLS */
static int l_pointer(lua_State *L)
{
    const struct lib_stream *s = lib_stream_check(L, 1);

    if (!s->wire.stream || !tls_is(s->wire.stream))
        return 0;
    lua_pushlightuserdata(L, tls_info_pointer(s->wire.stream));
    return 1;
}

int lib_secure(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"start", l_start},
        {"handshake", l_handshake},
        {"info", l_info},
        {"session", l_session},
        {"pin", l_pin},
        {"pointer", l_pointer},
        {"free_session", l_free_session},
        {NULL, NULL},
    };

    handle_type(L, SESSION, "tls session", l_session_gc);
    lua_newtable(L);
    luaL_register(L, NULL, functions);
    return 1;
}
