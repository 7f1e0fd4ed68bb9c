/* "perilune.core.crypto": hashes, sealed texts, keys and signatures. lua/perilune/crypto.lua checks
 * what users give and documents it. */
#include <lauxlib.h>

#include "base/encode.h"
#include "bind/arg.h"
#include "bind/handle.h"
#include "bind/lib.h"
#include "net/crypto_hash.h"
#include "net/crypto_key.h"
#include "net/crypto_seal.h"

#define KEY "perilune.crypto.key"

static enum crypto_hash hash_at(lua_State *L, int arg)
{
    enum crypto_hash hash = CRYPTO_SHA256;

    luaL_argcheck(L, crypto_hash_find(arg_slice(L, arg), &hash), arg,
                  "md5, sha1, sha256, sha384 or sha512 expected");
    return hash;
}

/* The bytes as a string, nil unless `ok`; frees them. */
static int give(lua_State *L, bool ok, struct buf *bytes)
{
    if (ok)
        lua_pushlstring(L, bytes->p ? bytes->p : "", bytes->n);
    else
        lua_pushnil(L);
    buf_free(bytes);
    return 1;
}

static int give_digest(lua_State *L, const unsigned char *digest, size_t n)
{
    lua_pushlstring(L, (const char *)digest, n);
    return 1;
}

/* hash(name, text) → bytes */
static int l_hash(lua_State *L)
{
    unsigned char out[CRYPTO_HASH_MOST];

    return give_digest(L, out, crypto_hash(hash_at(L, 1), arg_slice(L, 2), out));
}

/* hmac(name, key, text) → bytes */
static int l_hmac(lua_State *L)
{
    unsigned char out[CRYPTO_HASH_MOST];

    return give_digest(L, out, crypto_hmac(hash_at(L, 1), arg_slice(L, 2), arg_slice(L, 3), out));
}

/* derive(name, secret, salt, info, n) → n bytes */
static int l_derive(lua_State *L)
{
    enum crypto_hash hash = hash_at(L, 1);
    struct slice secret = arg_slice(L, 2), salt = arg_slice(L, 3), info = arg_slice(L, 4);
    lua_Integer n = luaL_checkinteger(L, 5);
    unsigned char out[255];

    luaL_argcheck(L, n > 0 && n <= (lua_Integer)sizeof out, 5, "1 to 255 expected");
    crypto_hkdf(hash, secret, salt, info, out, (size_t)n);
    return give_digest(L, out, (size_t)n);
}

/* equals(a, b) → boolean */
static int l_equals(lua_State *L)
{
    lua_pushboolean(L, crypto_equals(arg_slice(L, 1), arg_slice(L, 2)));
    return 1;
}

static const unsigned char *seal_key_at(lua_State *L, int arg)
{
    struct slice key = arg_slice(L, arg);

    luaL_argcheck(L, key.n == CRYPTO_SEAL_KEY, arg, "a key of 32 bytes expected");
    return (const unsigned char *)key.p;
}

/* seal(key, text, context) → bytes */
static int l_seal(lua_State *L)
{
    const unsigned char *key = seal_key_at(L, 1);
    struct slice text = arg_slice(L, 2), context = arg_slice(L, 3);
    struct buf out = BUF_EMPTY;

    crypto_seal(key, context, text, &out);
    return give(L, true, &out);
}

/* unseal(key, bytes, context) → text; nil: not sealed with them */
static int l_unseal(lua_State *L)
{
    const unsigned char *key = seal_key_at(L, 1);
    struct slice sealed = arg_slice(L, 2), context = arg_slice(L, 3);
    struct buf out = BUF_EMPTY;

    return give(L, crypto_unseal(key, context, sealed, &out), &out);
}

/* base64url(bytes) → text without padding */
static int l_base64url(lua_State *L)
{
    struct slice bytes = arg_slice(L, 1);
    struct buf out = BUF_EMPTY;

    encode_base64(&out, bytes, true, false);
    return give(L, true, &out);
}

/* unbase64(text, is_url) → bytes; nil: malformed */
static int l_unbase64(lua_State *L)
{
    struct slice text = arg_slice(L, 1);
    struct buf out = BUF_EMPTY;

    return give(L, encode_unbase64(&out, text, lua_toboolean(L, 2)), &out);
}

/* hex(bytes) → text */
static int l_hex(lua_State *L)
{
    struct slice bytes = arg_slice(L, 1);
    struct buf out = BUF_EMPTY;

    encode_hex(&out, bytes);
    return give(L, true, &out);
}

static int push_key(lua_State *L, struct crypto_key *key)
{
    struct crypto_key **box;

    if (!key)
        return 0;
    box = lua_newuserdata(L, sizeof(struct crypto_key *));
    *box = key;
    luaL_getmetatable(L, KEY);
    lua_setmetatable(L, -2);
    return 1;
}

static struct crypto_key *key_at(lua_State *L, int arg)
{
    return *(struct crypto_key **)luaL_checkudata(L, arg, KEY);
}

/* key_pem(text), key_rsa(n, e), key_ec(curve, x, y), key_ed25519(x) → key; nothing: it is none */
static int l_key_pem(lua_State *L)
{
    return push_key(L, crypto_key_pem(arg_slice(L, 1)));
}

static int l_key_rsa(lua_State *L)
{
    struct slice modulus = arg_slice(L, 1), exponent = arg_slice(L, 2);

    return push_key(L, crypto_key_rsa(modulus, exponent));
}

static int l_key_ec(lua_State *L)
{
    struct slice curve = arg_slice(L, 1), x = arg_slice(L, 2), y = arg_slice(L, 3);

    return push_key(L, crypto_key_ec(curve, x, y));
}

static int l_key_ed25519(lua_State *L)
{
    return push_key(L, crypto_key_ed25519(arg_slice(L, 1)));
}

/* key_facts(key) → kind, is_private; nil: the value is no key */
static int l_key_facts(lua_State *L)
{
    const struct crypto_key *key;

    if (lua_type(L, 1) != LUA_TUSERDATA)
        return 0;
    key = key_at(L, 1);
    lua_pushstring(L, crypto_key_kind(key));
    lua_pushboolean(L, crypto_key_is_private(key));
    return 2;
}

static enum crypto_scheme scheme_at(lua_State *L, int arg)
{
    enum crypto_scheme scheme = CRYPTO_RS256;

    luaL_argcheck(L, crypto_scheme_find(arg_slice(L, arg), &scheme), arg,
                  "RS, PS or ES with 256, 384 or 512, or EdDSA expected");
    return scheme;
}

/* sign(key, scheme, text) → signature; nil: the key cannot make one of this scheme */
static int l_sign(lua_State *L)
{
    const struct crypto_key *key = key_at(L, 1);
    enum crypto_scheme scheme = scheme_at(L, 2);
    struct slice text = arg_slice(L, 3);
    struct buf out = BUF_EMPTY;

    return give(L, crypto_sign(key, scheme, text, &out), &out);
}

/* verify(key, scheme, text, signature) → boolean */
static int l_verify(lua_State *L)
{
    const struct crypto_key *key = key_at(L, 1);
    enum crypto_scheme scheme = scheme_at(L, 2);

    lua_pushboolean(L, crypto_verify(key, scheme, arg_slice(L, 3), arg_slice(L, 4)));
    return 1;
}

static int l_key_gc(lua_State *L)
{
    crypto_key_free(luaL_checkudata(L, 1, KEY));
    return 0;
}

int lib_crypto(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"hash", l_hash},
        {"hmac", l_hmac},
        {"derive", l_derive},
        {"equals", l_equals},
        {"seal", l_seal},
        {"unseal", l_unseal},
        {"base64url", l_base64url},
        {"unbase64", l_unbase64},
        {"hex", l_hex},
        {"key_pem", l_key_pem},
        {"key_rsa", l_key_rsa},
        {"key_ec", l_key_ec},
        {"key_ed25519", l_key_ed25519},
        {"key_facts", l_key_facts},
        {"sign", l_sign},
        {"verify", l_verify},
        {NULL, NULL},
    };

    handle_type(L, KEY, "crypto key", l_key_gc);
    lua_newtable(L);
    luaL_register(L, NULL, functions);
    return 1;
}
