/* The options have been checked by lua/perilune/tls.lua: here a field is there with its type, or
 * not at all. Strings are borrowed from the table of options, which the call keeps. */
#include "bind/lib_tls.h"

#include <lauxlib.h>

#include "base/base.h"
#include "base/check.h"
#include "bind/arg.h"
#include "bind/handle.h"
#include "bind/lerr.h"
#include "bind/lib.h"
#include "bind/opts.h"
#include "net/tls/tls_ctx.h"
#include "net/tls/tls_make.h"

#define CONTEXT "perilune.tls.context"

enum { NAMES_MOST = 64, CERTS_MOST = 8, SERIALS_MOST = 1024 };

/* --- contexts --- */

static int l_gc(lua_State *L)
{
    tls_ctx_unref((struct tls_ctx **)lua_touserdata(L, 1));
    return 0;
}

int lib_tls_push(lua_State *L, const struct err *e, struct buf *why, struct tls_ctx *ctx)
{
    struct tls_ctx **box;

    if (e) {
        (void)lerr_return(L, e, NULL);
        if (why->n) {
            lua_pushlstring(L, why->p, why->n);
            lua_setfield(L, -2, "message");
        }
        buf_free(why);
        return 2;
    }
    buf_free(why);
    handle_type(L, CONTEXT, "tls.context", l_gc); /* who asks may not have opened this module */
    box = lua_newuserdata(L, sizeof(struct tls_ctx *));
    *box = ctx;
    luaL_getmetatable(L, CONTEXT);
    lua_setmetatable(L, -2);
    return 1;
}

/* {certificate=, key=, certificate_pem=, key_pem=, password=} */
static void read_credential(lua_State *L, int t, struct tls_credential *c, struct slice *password)
{
    *c = (struct tls_credential){
        .cert_file = opts_text(L, t, "certificate"),
        .key_file = opts_text(L, t, "key"),
        .cert_pem = opts_slice(L, t, "certificate_pem"),
        .key_pem = opts_slice(L, t, "key_pem"),
    };
    *password = opts_slice(L, t, "password");
    if (password->n) {
        c->passwords = password;
        c->n_passwords = 1;
    }
}

static void read_trust(lua_State *L, struct tls_trust *trust)
{
    trust->ca_file = opts_text(L, 1, "ca");
    trust->ca_pem = opts_slice(L, 1, "ca_pem");
    trust->crl_file = opts_text(L, 1, "crl");
    trust->signatures = (int)MIN(opts_number(L, 1, "depth", -1), 1000) + 1;
    trust->has_system = opts_flag(L, 1, "system_ca");
}

static enum tls_verify verify_of(lua_State *L)
{
    const char *word = opts_text(L, 1, "client_auth");

    if (!word || strcmp(word, "none") == 0)
        return TLS_VERIFY_NONE;
    return strcmp(word, "required") == 0 ? TLS_VERIFY_REQUIRED : TLS_VERIFY_ASKED;
}

/* server(options) → context; nil, error. options.certificates: an array of credentials */
static int l_server(lua_State *L)
{
    struct tls_credential certs[CERTS_MOST];
    struct slice passwords[CERTS_MOST];
    struct tls_server_options o = {.certs = certs, .has_tickets = true};
    struct buf why = BUF_EMPTY;
    struct tls_ctx *ctx = NULL;
    const struct err *e;
    int list;

    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checkstack(L, 32 + 8 * CERTS_MOST, "tls");
    lua_getfield(L, 1, "certificates");
    list = lua_gettop(L);
    for (; o.n_certs < CERTS_MOST && o.n_certs < lua_objlen(L, list); o.n_certs++) {
        lua_rawgeti(L, list, (int)o.n_certs + 1);
        read_credential(L, lua_gettop(L), &certs[o.n_certs], &passwords[o.n_certs]);
    }
    o.protocols = (unsigned)opts_number(L, 1, "protocol_bits", 0);
    o.ciphers = opts_text(L, 1, "ciphers");
    o.ciphersuites = opts_text(L, 1, "ciphersuites");
    o.curves = opts_text(L, 1, "curves");
    o.alpn = opts_text(L, 1, "alpn_text");
    o.session_seconds = (unsigned)opts_number(L, 1, "session_timeout", 0);
    o.prefers_own_ciphers = opts_flag(L, 1, "prefer_server_ciphers");
    o.verify = verify_of(L);
    read_trust(L, &o.trust);
    e = tls_ctx_new_server(&o, &why, &ctx);
    return lib_tls_push(L, e, &why, ctx);
}

/* client(options) → context; nil, error */
static int l_client(lua_State *L)
{
    struct tls_client_options o = {.cert = NULL};
    struct tls_credential cert;
    struct slice password;
    struct buf why = BUF_EMPTY;
    struct tls_ctx *ctx = NULL;
    const struct err *e;

    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checkstack(L, 32, "tls");
    read_credential(L, 1, &cert, &password);
    if (cert.cert_file || cert.cert_pem.n)
        o.cert = &cert;
    o.protocols = (unsigned)opts_number(L, 1, "protocol_bits", 0);
    o.ciphers = opts_text(L, 1, "ciphers");
    o.ciphersuites = opts_text(L, 1, "ciphersuites");
    o.curves = opts_text(L, 1, "curves");
    o.skips_verify = opts_flag(L, 1, "insecure");
    read_trust(L, &o.trust);
    e = tls_ctx_new_client(&o, &why, &ctx);
    return lib_tls_push(L, e, &why, ctx);
}

struct tls_ctx *lib_tls_check(lua_State *L, int index)
{
    return *(struct tls_ctx **)luaL_checkudata(L, index, CONTEXT);
}

bool lib_tls_is(lua_State *L, int index)
{
    bool is_same;

    if (!lua_isuserdata(L, index) || !lua_getmetatable(L, index))
        return false;
    luaL_getmetatable(L, CONTEXT);
    is_same = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return is_same;
}

/* role(value) → "server" or "client"; nil: it is no context */
static int l_role(lua_State *L)
{
    if (!lib_tls_is(L, 1))
        return 0;
    lua_pushstring(L, tls_ctx_is_server(lib_tls_check(L, 1)) ? "server" : "client");
    return 1;
}

/* --- certificates --- */

/* The strings of the array at the top, borrowed. */
static unsigned read_names(lua_State *L, struct slice *names)
{
    int list = lua_gettop(L);
    unsigned n = 0;

    for (; lua_istable(L, list) && n < NAMES_MOST && n < lua_objlen(L, list); n++) {
        lua_rawgeti(L, list, (int)n + 1);
        names[n].p = lua_tolstring(L, -1, &names[n].n);
    }
    return n;
}

/* make(options) → certificate, key (PEM); nil, error */
static int l_make(lua_State *L)
{
    struct slice names[NAMES_MOST];
    struct buf cert = BUF_EMPTY, key = BUF_EMPTY;
    struct tls_make_options o = {.names = names};
    const struct err *e;

    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checkstack(L, 32 + NAMES_MOST, "tls");
    o.common_name = opts_slice(L, 1, "common_name");
    o.is_ca = opts_flag(L, 1, "ca");
    o.key = opts_flag(L, 1, "is_rsa") ? TLS_KEY_RSA_2048 : TLS_KEY_P256;
    o.starts_in = (int64_t)opts_number(L, 1, "starts_in", 0);
    o.ends_in = (int64_t)opts_number(L, 1, "ends_in", 0);
    o.serial = (uint64_t)opts_number(L, 1, "serial", 0);
    o.issuer_cert = opts_slice(L, 1, "issuer_certificate");
    o.issuer_key = opts_slice(L, 1, "issuer_key");
    o.ocsp_url = opts_slice(L, 1, "ocsp_url");
    lua_getfield(L, 1, "names");
    o.n_names = read_names(L, names);
    e = tls_make_certificate(&o, &cert, &key);
    if (!e) {
        lua_pushlstring(L, cert.p, cert.n);
        lua_pushlstring(L, key.p, key.n);
    }
    buf_free(&cert);
    buf_free(&key);
    return e ? lerr_return(L, e, "certificate") : 2;
}

/* revocations(certificate, key, {serial, …}) → PEM; nil, error */
static int l_revocations(lua_State *L)
{
    struct slice cert, key;
    uint64_t serials[SERIALS_MOST];
    struct buf pem = BUF_EMPTY;
    const struct err *e;
    unsigned n = 0;

    cert = arg_slice(L, 1);
    key = arg_slice(L, 2);
    luaL_checktype(L, 3, LUA_TTABLE);
    for (; n < SERIALS_MOST && n < lua_objlen(L, 3); n++) {
        lua_rawgeti(L, 3, (int)n + 1);
        serials[n] = (uint64_t)lua_tonumber(L, -1);
        lua_pop(L, 1);
    }
    e = tls_make_revocations(cert, key, serials, n, &pem);
    if (!e)
        lua_pushlstring(L, pem.p, pem.n);
    buf_free(&pem);
    return e ? lerr_return(L, e, "revocation list") : 1;
}

int lib_tls(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"server", l_server},           {"client", l_client}, {"make", l_make},
        {"revocations", l_revocations}, {"role", l_role},     {NULL, NULL},
    };

    lua_newtable(L);
    luaL_register(L, NULL, functions);
    return 1;
}
