/* The part of "perilune.core.client" that knows nothing of requests. Heads are kept as the text
 * that was received, which the parser has checked, and looked into when somebody asks: most fields
 * of most answers are never asked for. */
#include "bind/lib_client_text.h"

#include <lauxlib.h>
#include <sys/stat.h>

#include "base/encode.h"
#include "base/file.h"
#include "bind/arg.h"
#include "bind/lerr.h"
#include "net/tls/tls_digest.h"

/* The next line of a head; the first is the status line. False at the end. */
static bool next_field(struct slice *rest, struct slice *name, struct slice *value)
{
    struct slice line = slice_cut(rest, '\n');

    if (!line.p || line.n < 2)
        return false;
    line.n--;
    *value = line;
    *name = slice_cut(value, ':');
    *value = value->p ? slice_trim(*value) : SLICE_EMPTY;
    return true;
}

/* field(head, name) → the values joined by ", "; nil: there is none */
static int l_field(lua_State *L)
{
    struct slice rest = arg_slice(L, 1), wanted = arg_slice(L, 2), name, value;
    int n = 0;

    (void)slice_cut(&rest, '\n');
    while (next_field(&rest, &name, &value)) {
        if (!slice_ieq(name, wanted))
            continue;
        if (n++)
            lua_pushliteral(L, ", ");
        lua_pushlstring(L, value.p, value.n);
        if (n > 1)
            lua_concat(L, 3);
    }
    return n > 0;
}

/* fields(head) → array of {name, value} */
static int l_fields(lua_State *L)
{
    struct slice rest = arg_slice(L, 1), name, value;
    int n = 0;

    lua_newtable(L);
    (void)slice_cut(&rest, '\n');
    while (next_field(&rest, &name, &value)) {
        lua_createtable(L, 2, 0);
        lua_pushlstring(L, name.p, name.n);
        lua_rawseti(L, -2, 1);
        lua_pushlstring(L, value.p, value.n);
        lua_rawseti(L, -2, 2);
        lua_rawseti(L, -2, ++n);
    }
    return 1;
}

/* base64(bytes) → text */
static int l_base64(lua_State *L)
{
    struct buf out = BUF_EMPTY;

    encode_base64(&out, arg_slice(L, 1), false, true);
    lua_pushlstring(L, out.p ? out.p : "", out.n);
    buf_free(&out);
    return 1;
}

/* digest("md5" or "sha256", bytes) → hexadecimal text */
static int l_digest(lua_State *L)
{
    bool is_md5 = slice_eq(arg_slice(L, 1), SLICE("md5"));
    struct slice in = arg_slice(L, 2);
    unsigned char out[TLS_DIGEST_SHA256];
    char text[2 * TLS_DIGEST_SHA256], *to = text;
    size_t n = is_md5 ? TLS_DIGEST_MD5 : TLS_DIGEST_SHA256;

    if (is_md5)
        tls_digest_md5(in.p, in.n, out);
    else
        tls_digest_sha256(in.p, in.n, out);
    for (size_t i = 0; i < n; i++)
        to = encode_hex_digits(to, out[i]);
    lua_pushlstring(L, text, 2 * n);
    return 1;
}

/* file_size(path) → bytes; nil when there is no such file */
static int l_file_size(lua_State *L)
{
    struct stat st;

    if (stat(luaL_checkstring(L, 1), &st) < 0 || !S_ISREG(st.st_mode))
        return 0;
    lua_pushnumber(L, (double)st.st_size);
    return 1;
}

/* write_secret(path, bytes) → true; nil, error. Readable by the owner only; the old file stays
 * until the new one is whole */
static int l_write_secret(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    const struct err *why = file_replace(path, arg_slice(L, 2), 0600);

    if (why)
        return lerr_return(L, why, path);
    lua_pushboolean(L, 1);
    return 1;
}

void lib_client_text_register(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"field", l_field},   {"fields", l_fields},       {"base64", l_base64},
        {"digest", l_digest}, {"file_size", l_file_size}, {"write_secret", l_write_secret},
        {NULL, NULL},
    };

    luaL_register(L, NULL, functions);
}
