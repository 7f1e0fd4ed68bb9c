/* What ngx.ssl.session and ngx.ocsp do, for the handshake that the running Lua takes part in. The
 * rest of ngx.ssl is reached by FFI (ffi_nginx_ssl.c). Functions answer a value, or nil and a text.
 */
#include "app/tls/lib_ssl.h"

#include <lauxlib.h>

#include "app/tls/lua_tls.h"
#include "base/encode.h"
#include "bind/arg.h"
#include "bind/lib.h"
#include "bind/vm.h"
#include "net/tls/tls_hello.h"
#include "net/tls/tls_ocsp.h"
#include "net/tls/tls_store.h"

/* NULL: nil and the error are pushed. */
static struct stream *stream_or_nil(lua_State *L)
{
    struct stream *s = lua_tls_stream();

    if (!s) {
        lua_pushnil(L);
        lua_pushliteral(L, "bad request");
    }
    return s;
}

static int answer(lua_State *L, const struct err *e, struct buf *why)
{
    if (!e) {
        lua_pushboolean(L, 1);
        buf_free(why);
        return 1;
    }
    lua_pushnil(L);
    lua_pushlstring(L, why->n ? why->p : e->message, why->n ? why->n : strlen(e->message));
    buf_free(why);
    return 2;
}

/* --- sessions --- */

static void raise_context(lua_State *L)
{
    luaL_error(L, "API disabled in the current context");
}

static void push_hex(lua_State *L, struct slice bytes)
{
    luaL_Buffer out;

    luaL_buffinit(L, &out);
    for (size_t i = 0; i < bytes.n; i++) {
        char digits[2];

        (void)encode_hex_capitals(digits, (unsigned char)bytes.p[i]);
        luaL_addlstring(&out, digits, 2);
    }
    luaL_pushresult(&out);
}

/* session_id() → the name of the session, in hexadecimal */
static int l_session_id(lua_State *L)
{
    struct slice id, der;
    const struct stream *s = lua_tls_stream();

    if (lua_tls_session(&id, &der)) {
        push_hex(L, id);
        return 1;
    }
    if (lua_tls_context() != LUA_CONTEXT_SESSION_FETCH)
        raise_context(L);
    if (!s) {
        lua_pushnil(L);
        lua_pushliteral(L, "bad request");
        return 2;
    }
    push_hex(L, tls_hello_session_id(s));
    return 1;
}

/* nil and a text of OpenResty's */
static int refuse_session(lua_State *L, const char *why)
{
    lua_pushnil(L);
    lua_pushstring(L, why);
    return 2;
}

/* session() → the session that was made, as bytes */
static int l_session(lua_State *L)
{
    struct slice id, der;

    if (lua_tls_session(&id, &der)) {
        lua_pushlstring(L, der.p, der.n);
        return 1;
    }
    if (lua_tls_context() != LUA_CONTEXT_SESSION_FETCH)
        raise_context(L);
    return refuse_session(L, "bad session in lua context");
}

/* set_session(bytes) → true */
static int l_set_session(lua_State *L)
{
    struct buf why = BUF_EMPTY;
    struct slice der = arg_slice(L, 1);
    struct stream *s;

    if (lua_tls_context() != LUA_CONTEXT_SESSION_FETCH)
        raise_context(L);
    s = stream_or_nil(L);
    if (!s)
        return 2;
    if (!tls_store_offer(s, der, &why))
        return answer(L, NULL, &why);
    buf_free(&why);
    return refuse_session(L, "failed to de-serialize session");
}

/* --- OCSP --- */

static int push_text(lua_State *L, const struct err *e, struct buf *out, struct buf *why)
{
    if (e) {
        buf_free(out);
        return answer(L, e, why);
    }
    if (out->n)
        lua_pushlstring(L, out->p, out->n);
    else
        lua_pushnil(L);
    buf_free(out);
    buf_free(why);
    return 1;
}

/* ocsp_responder(chain) → URL, or nil */
static int l_ocsp_responder(lua_State *L)
{
    struct buf out = BUF_EMPTY, why = BUF_EMPTY;
    const struct err *e = tls_ocsp_responder(arg_slice(L, 1), &out, &why);

    return push_text(L, e, &out, &why);
}

/* ocsp_request(chain) → request */
static int l_ocsp_request(lua_State *L)
{
    struct buf out = BUF_EMPTY, why = BUF_EMPTY;
    const struct err *e = tls_ocsp_request(arg_slice(L, 1), &out, &why);

    return push_text(L, e, &out, &why);
}

/* ocsp_check(response, chain) → true, time of the next one or nil */
static int l_ocsp_check(lua_State *L)
{
    struct buf why = BUF_EMPTY;
    int64_t next = 0;
    const struct err *e = tls_ocsp_check(arg_slice(L, 1), arg_slice(L, 2), &next, &why);

    if (e || !next)
        return answer(L, e, &why);
    buf_free(&why);
    lua_pushboolean(L, 1);
    lua_pushnumber(L, (lua_Number)next);
    return 2;
}

/* ocsp_staple(response) → was it asked for? */
static int l_ocsp_staple(lua_State *L)
{
    struct slice response = arg_slice(L, 1);
    struct stream *s;

    if (lua_tls_context() != LUA_CONTEXT_CERTIFICATE)
        raise_context(L);
    s = stream_or_nil(L);
    if (!s)
        return 2;
    lua_pushboolean(L, tls_ocsp_staple(s, response));
    return 1;
}

static int open_module(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"ocsp_responder", l_ocsp_responder}, {"ocsp_request", l_ocsp_request},
        {"ocsp_check", l_ocsp_check},         {"ocsp_staple", l_ocsp_staple},
        {"session_id", l_session_id},         {"session", l_session},
        {"set_session", l_set_session},       {NULL, NULL},
    };

    lua_newtable(L);
    luaL_register(L, NULL, functions);
    return 1;
}

void lib_ssl_open(void)
{
    lib_preload(vm_main(), "perilune.core.ssl", open_module);
}
