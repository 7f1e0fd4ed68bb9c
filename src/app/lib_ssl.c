/* The connection is that of the handshake which the running Lua takes part in, else that of the
 * running request. Functions answer a value, or nil and a text, as ngx.ssl documents it. */
#include "app/lib_ssl.h"

#include <lauxlib.h>
#include <netinet/in.h>
#include <sys/un.h>

#include "app/lua_step.h"
#include "app/lua_tls.h"
#include "bind/handle.h"
#include "bind/lib.h"
#include "bind/vm.h"
#include "http/server_tls.h"
#include "net/tls_ctx.h"
#include "net/tls_hello.h"
#include "net/tls_info.h"
#include "net/tls_material.h"
#include "net/tls_ocsp.h"
#include "net/tls_store.h"

#define MATERIAL "perilune.tls.material"

static struct stream *find_stream(void)
{
    const struct visit *v = lua_current_visit();
    struct stream *s = lua_tls_stream();

    return s ? s : v ? v->x->req.tls : NULL;
}

/* NULL: nil and the error are pushed. */
static struct stream *stream_or_nil(lua_State *L)
{
    struct stream *s = find_stream();

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

static struct slice check_bytes(lua_State *L, int index)
{
    struct slice s;

    s.p = luaL_checklstring(L, index, &s.n);
    return s;
}

/* --- material --- */

static const char *const kinds[] = {"chain_pem", "chain_der", "key_pem", "key_der", NULL};

static const struct err *parse(lua_State *L, struct buf *why, struct tls_material **out)
{
    struct slice text = check_bytes(L, 2), password = SLICE_EMPTY;

    switch (luaL_checkoption(L, 1, NULL, kinds)) {
    case 0:
        return tls_material_chain_pem(text, why, out);
    case 1:
        return tls_material_chain_der(text, why, out);
    case 2:
        password.p = luaL_optlstring(L, 3, "", &password.n);
        return tls_material_key_pem(text, password, why, out);
    default:
        return tls_material_key_der(text, why, out);
    }
}

/* parse(kind, text [, password]) → material */
static int l_parse(lua_State *L)
{
    struct buf why = BUF_EMPTY;
    struct tls_material **box = lua_newuserdata(L, sizeof(struct tls_material *));
    const struct err *e;

    *box = NULL;
    luaL_getmetatable(L, MATERIAL);
    lua_setmetatable(L, -2);
    e = parse(L, &why, box);
    if (e)
        return answer(L, e, &why);
    buf_free(&why);
    return 1;
}

static struct tls_material *check_material(lua_State *L, int index)
{
    struct tls_material *m = *(struct tls_material **)luaL_checkudata(L, index, MATERIAL);

    luaL_argcheck(L, m != NULL, index, "a certificate or key expected");
    return m;
}

/* der(material) → string */
static int l_der(lua_State *L)
{
    struct buf out = BUF_EMPTY;

    tls_material_der(check_material(L, 1), &out);
    lua_pushlstring(L, out.p ? out.p : "", out.n);
    buf_free(&out);
    return 1;
}

/* use(material) → true */
static int l_use(lua_State *L)
{
    const struct tls_material *m = check_material(L, 1);
    struct stream *s = stream_or_nil(L);
    struct buf why = BUF_EMPTY;

    return s ? answer(L, tls_material_use(s, m, &why), &why) : 2;
}

static int l_clear(lua_State *L)
{
    struct stream *s = stream_or_nil(L);
    struct buf none = BUF_EMPTY;

    if (!s)
        return 2;
    tls_material_clear(s);
    return answer(L, NULL, &none);
}

/* verify_client(material or nil, depth) → true */
static int l_verify_client(lua_State *L)
{
    const struct tls_material *m = lua_isnoneornil(L, 1) ? NULL : check_material(L, 1);
    struct stream *s = stream_or_nil(L);
    struct buf none = BUF_EMPTY;

    if (!s)
        return 2;
    tls_material_verify_client(s, m, (int)luaL_optinteger(L, 2, 1));
    return answer(L, NULL, &none);
}

static int l_material_gc(lua_State *L)
{
    tls_material_free((struct tls_material **)lua_touserdata(L, 1));
    return 0;
}

/* --- facts --- */

/* server_name() → name or nil */
static int l_server_name(lua_State *L)
{
    struct stream *s = stream_or_nil(L);
    struct slice name;

    if (!s)
        return 2;
    name = tls_server_name(s);
    if (name.n)
        lua_pushlstring(L, name.p, name.n);
    else
        lua_pushnil(L);
    return 1;
}

/* version() → number */
static int l_version(lua_State *L)
{
    struct stream *s = stream_or_nil(L);

    if (!s)
        return 2;
    lua_pushinteger(L, tls_version_number(s));
    return 1;
}

/* reused() → boolean */
static int l_reused(lua_State *L)
{
    struct stream *s = stream_or_nil(L);

    if (!s)
        return 2;
    lua_pushboolean(L, tls_is_resumed(s));
    return 1;
}

static int push_address(lua_State *L, const struct addr *a)
{
    if (a->sa.sa_family == AF_INET) {
        lua_pushlstring(L, (const char *)&((const struct sockaddr_in *)&a->sa)->sin_addr, 4);
        lua_pushliteral(L, "inet");
    } else if (a->sa.sa_family == AF_INET6) {
        lua_pushlstring(L, (const char *)&((const struct sockaddr_in6 *)&a->sa)->sin6_addr, 16);
        lua_pushliteral(L, "inet6");
    } else {
        const char *path = ((const struct sockaddr_un *)&a->sa)->sun_path;

        lua_pushlstring(L, path,
                        a->len > offsetof(struct sockaddr_un, sun_path) ? strlen(path) : 0);
        lua_pushliteral(L, "unix");
    }
    lua_pushinteger(L, addr_port(a));
    return 3;
}

/* address(is_peer) → bytes, "inet" | "inet6" | "unix", port */
static int l_address(lua_State *L)
{
    struct stream *s = stream_or_nil(L);
    struct addr a;

    if (!s)
        return 2;
    if (addr_of_fd(stream_fd(s), lua_toboolean(L, 1), &a)) {
        lua_pushnil(L);
        lua_pushliteral(L, "no address");
        return 2;
    }
    return push_address(L, &a);
}

/* --- the ClientHello --- */

/* The stream whose ClientHello is being looked at; raises elsewhere. */
static struct stream *check_hello(lua_State *L)
{
    struct stream *s = lua_tls_stream();

    if (!s || lua_tls_context() != LUA_CONTEXT_CLIENT_HELLO)
        luaL_error(L, "API disabled in the current context");
    return s;
}

/* extension(number) → bytes or nil */
static int l_extension(lua_State *L)
{
    const struct stream *s = check_hello(L);
    struct slice body;

    if (tls_hello_extension(s, (unsigned)luaL_checkinteger(L, 1), &body))
        lua_pushlstring(L, body.p, body.n);
    else
        lua_pushnil(L);
    return 1;
}

/* versions() → array of numbers */
static int l_versions(lua_State *L)
{
    const struct stream *s = check_hello(L);
    unsigned version;

    lua_newtable(L);
    for (unsigned i = 0; (version = tls_hello_version(s, i)) != 0; i++) {
        lua_pushinteger(L, (lua_Integer)version);
        lua_rawseti(L, -2, (int)i + 1);
    }
    return 1;
}

/* set_protocols(bits) → true */
static int l_set_protocols(lua_State *L)
{
    tls_hello_set_protocols(check_hello(L), (unsigned)luaL_checkinteger(L, 1));
    lua_pushboolean(L, 1);
    return 1;
}

/* --- sessions --- */

static void raise_context(lua_State *L)
{
    luaL_error(L, "API disabled in the current context");
}

static void push_hex(lua_State *L, struct slice bytes)
{
    struct buf out = BUF_EMPTY;

    for (size_t i = 0; i < bytes.n; i++)
        buf_printf(&out, "%02X", (unsigned char)bytes.p[i]);
    lua_pushlstring(L, out.p ? out.p : "", out.n);
    buf_free(&out);
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

/* session() → the session that was made, as bytes */
static int l_session(lua_State *L)
{
    struct slice id, der;

    if (!lua_tls_session(&id, &der))
        raise_context(L);
    lua_pushlstring(L, der.p, der.n);
    return 1;
}

/* set_session(bytes) → true */
static int l_set_session(lua_State *L)
{
    struct buf why = BUF_EMPTY;
    struct slice der = check_bytes(L, 1);
    struct stream *s;

    if (lua_tls_context() != LUA_CONTEXT_SESSION_FETCH)
        raise_context(L);
    s = stream_or_nil(L);
    return s ? answer(L, tls_store_offer(s, der, &why), &why) : 2;
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
    const struct err *e = tls_ocsp_responder(check_bytes(L, 1), &out, &why);

    return push_text(L, e, &out, &why);
}

/* ocsp_request(chain) → request */
static int l_ocsp_request(lua_State *L)
{
    struct buf out = BUF_EMPTY, why = BUF_EMPTY;
    const struct err *e = tls_ocsp_request(check_bytes(L, 1), &out, &why);

    return push_text(L, e, &out, &why);
}

/* ocsp_check(response, chain) → true, time of the next one or nil */
static int l_ocsp_check(lua_State *L)
{
    struct buf why = BUF_EMPTY;
    int64_t next = 0;
    const struct err *e = tls_ocsp_check(check_bytes(L, 1), check_bytes(L, 2), &next, &why);

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
    struct slice response = check_bytes(L, 1);
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
        {"parse", l_parse},
        {"der", l_der},
        {"use", l_use},
        {"clear", l_clear},
        {"verify_client", l_verify_client},
        {"server_name", l_server_name},
        {"version", l_version},
        {"reused", l_reused},
        {"address", l_address},
        {"extension", l_extension},
        {"versions", l_versions},
        {"set_protocols", l_set_protocols},
        {"ocsp_responder", l_ocsp_responder},
        {"ocsp_request", l_ocsp_request},
        {"ocsp_check", l_ocsp_check},
        {"ocsp_staple", l_ocsp_staple},
        {"session_id", l_session_id},
        {"session", l_session},
        {"set_session", l_set_session},
        {NULL, NULL},
    };

    handle_type(L, MATERIAL, "tls material", l_material_gc);
    lua_newtable(L);
    luaL_register(L, NULL, functions);
    return 1;
}

void lib_ssl_open(void)
{
    lib_preload(vm_main(), "perilune.core.ssl", open_module);
}
