/* Which connection a call is about, and how it answers. */
#include "app/tls/ffi_nginx_tls.h"

#include <stdio.h>

#include "app/tls/lua_tls.h"

enum { TEXT_MOST = 512 };

static char text[TEXT_MOST]; /* process-wide: what *err points to after the last failure */

int ffi_nginx_tls_fail(const char **err, const char *why)
{
    *err = why;
    return FFI_NGINX_TLS_FAILED;
}

int ffi_nginx_tls_answer(const struct err *e, struct buf *why, const char **err)
{
    if (e)
        snprintf(text, sizeof(text), "%s", why->n ? buf_cstr(why) : e->message);
    buf_free(why);
    return e ? ffi_nginx_tls_fail(err, text) : FFI_NGINX_TLS_OK;
}

int ffi_nginx_tls_give(int rc, struct slice what, const char **out, size_t *n)
{
    if (rc == FFI_NGINX_TLS_OK) {
        *out = what.p;
        *n = what.n;
    }
    return rc;
}

static bool is_with_server(enum lua_context context)
{
    return context == LUA_CONTEXT_PROXY_CERTIFICATE || context == LUA_CONTEXT_PROXY_VERIFY;
}

struct stream *ffi_nginx_tls_client(const char **err)
{
    const struct visit *v = lua_current_visit();
    struct stream *s = is_with_server(lua_tls_context()) ? NULL : lua_tls_stream();

    if (!s && v)
        s = v->x->req.tls;
    if (!s)
        *err = "bad request";
    return s;
}

struct stream *ffi_nginx_tls_server(enum lua_context wanted, const char **err)
{
    enum lua_context context = lua_tls_context();

    if (is_with_server(context) && (!wanted || wanted == context) && lua_tls_stream())
        return lua_tls_stream();
    *err = "API disabled in the current context";
    return NULL;
}

struct stream *ffi_nginx_tls_hello(const char **err)
{
    if (lua_tls_context() == LUA_CONTEXT_CLIENT_HELLO)
        return ffi_nginx_tls_client(err);
    *err = "API disabled in the current context";
    return NULL;
}
