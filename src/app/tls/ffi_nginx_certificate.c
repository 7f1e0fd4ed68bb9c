/* Reading certificates and keys, and choosing them for either connection. The functions stand in
 * the program's table of dynamic symbols, where ffi.C finds them. */
#include "app/tls/ffi_nginx_certificate.h"

#include "app/tls/ffi_nginx_tls.h"
#include "net/tls/tls_material.h"

/* PEM that cannot be read: OpenResty's text first. */
static int answer_for_pem(const char *call, const struct err *e, struct buf *why, const char **err)
{
    struct buf all = BUF_EMPTY;

    buf_printf(&all, "%s() failed: " SLICE_FMT, call, SLICE_ARG(buf_slice(why)));
    buf_free(why);
    return ffi_nginx_tls_answer(e, &all, err);
}

static int copy_out(struct buf *der, size_t most, char *out, const char **err)
{
    int n = (int)der->n;

    if (der->n <= most)
        memcpy(out, der->p, der->n);
    buf_free(der);
    return (size_t)n <= most ? n : ffi_nginx_tls_fail(err, "no room");
}

int ngx_http_lua_ffi_cert_pem_to_der(const char *pem, size_t n, char *der, const char **err)
{
    struct stack_st_X509 *chain = ngx_http_lua_ffi_parse_pem_cert(pem, n, err);
    struct buf out = BUF_EMPTY;

    if (!chain)
        return FFI_NGINX_TLS_FAILED;
    tls_material_add_chain(chain, &out);
    tls_material_free_chain(&chain);
    return copy_out(&out, n, der, err);
}

static struct evp_pkey_st *parse_key(const char *pem, size_t n, const char *passphrase,
                                     const char **err)
{
    struct slice password = passphrase ? slice_str(passphrase) : SLICE_EMPTY;
    struct buf why = BUF_EMPTY;
    struct evp_pkey_st *key;
    const struct err *e = tls_material_key_pem(slice_of(pem, n), password, &why, &key);

    (void)answer_for_pem("PEM_read_bio_PrivateKey", e, &why, err);
    return key;
}

int ngx_http_lua_ffi_priv_key_pem_to_der(const char *pem, size_t n, const char *passphrase,
                                         char *der, const char **err)
{
    struct evp_pkey_st *key = parse_key(pem, n, passphrase, err);
    struct buf out = BUF_EMPTY;

    if (!key)
        return FFI_NGINX_TLS_FAILED;
    tls_material_add_key(key, &out);
    tls_material_free_key(&key);
    return copy_out(&out, n, der, err);
}

struct stack_st_X509 *ngx_http_lua_ffi_parse_pem_cert(const char *pem, size_t n, const char **err)
{
    struct buf why = BUF_EMPTY;
    struct stack_st_X509 *chain;
    const struct err *e = tls_material_chain_pem(slice_of(pem, n), &why, &chain);

    (void)answer_for_pem("PEM_read_bio_X509_AUX", e, &why, err);
    return chain;
}

struct stack_st_X509 *ngx_http_lua_ffi_parse_der_cert(const char *der, size_t n, const char **err)
{
    struct buf why = BUF_EMPTY;
    struct stack_st_X509 *chain;

    (void)ffi_nginx_tls_answer(tls_material_chain_der(slice_of(der, n), &why, &chain), &why, err);
    return chain;
}

struct evp_pkey_st *ngx_http_lua_ffi_parse_pem_priv_key(const char *pem, size_t n, const char **err)
{
    return parse_key(pem, n, NULL, err);
}

struct evp_pkey_st *ngx_http_lua_ffi_parse_der_priv_key(const char *der, size_t n, const char **err)
{
    struct buf why = BUF_EMPTY;
    struct evp_pkey_st *key;

    (void)ffi_nginx_tls_answer(tls_material_key_der(slice_of(der, n), &why, &key), &why, err);
    return key;
}

void ngx_http_lua_ffi_free_cert(struct stack_st_X509 *chain)
{
    tls_material_free_chain(&chain);
}

void ngx_http_lua_ffi_free_priv_key(struct evp_pkey_st *key)
{
    tls_material_free_key(&key);
}

/* --- choosing them, on either connection --- */

static int clear(struct stream *s)
{
    if (!s)
        return FFI_NGINX_TLS_FAILED;
    tls_material_clear(s);
    return FFI_NGINX_TLS_OK;
}

static int use_chain(struct stream *s, struct stack_st_X509 *chain, const char **err)
{
    struct buf why = BUF_EMPTY;

    return s ? ffi_nginx_tls_answer(tls_material_use_chain(s, chain, &why), &why, err)
             : FFI_NGINX_TLS_FAILED;
}

static int use_key(struct stream *s, struct evp_pkey_st *key, const char **err)
{
    struct buf why = BUF_EMPTY;

    return s ? ffi_nginx_tls_answer(tls_material_use_key(s, key, &why), &why, err)
             : FFI_NGINX_TLS_FAILED;
}

static int use_chain_der(struct stream *s, struct slice der, const char **err)
{
    struct stack_st_X509 *chain = s ? ngx_http_lua_ffi_parse_der_cert(der.p, der.n, err) : NULL;
    int rc = chain ? use_chain(s, chain, err) : FFI_NGINX_TLS_FAILED;

    tls_material_free_chain(&chain);
    return rc;
}

static int use_key_der(struct stream *s, struct slice der, const char **err)
{
    struct evp_pkey_st *key = s ? ngx_http_lua_ffi_parse_der_priv_key(der.p, der.n, err) : NULL;
    int rc = key ? use_key(s, key, err) : FFI_NGINX_TLS_FAILED;

    tls_material_free_key(&key);
    return rc;
}

int ngx_http_lua_ffi_ssl_clear_certs(void *r, const char **err)
{
    UNUSED(r);
    return clear(ffi_nginx_tls_client(err));
}

int ngx_http_lua_ffi_ssl_set_der_certificate(void *r, const char *der, size_t n, const char **err)
{
    UNUSED(r);
    return use_chain_der(ffi_nginx_tls_client(err), slice_of(der, n), err);
}

int ngx_http_lua_ffi_ssl_set_der_private_key(void *r, const char *der, size_t n, const char **err)
{
    UNUSED(r);
    return use_key_der(ffi_nginx_tls_client(err), slice_of(der, n), err);
}

int ngx_http_lua_ffi_set_cert(void *r, struct stack_st_X509 *chain, const char **err)
{
    UNUSED(r);
    return use_chain(ffi_nginx_tls_client(err), chain, err);
}

int ngx_http_lua_ffi_set_priv_key(void *r, struct evp_pkey_st *key, const char **err)
{
    UNUSED(r);
    return use_key(ffi_nginx_tls_client(err), key, err);
}

int ngx_http_lua_ffi_ssl_verify_client(void *r, struct stack_st_X509 *named,
                                       struct stack_st_X509 *trusted, int depth, const char **err)
{
    struct stream *s = ffi_nginx_tls_client(err);

    UNUSED(r);
    if (!s)
        return FFI_NGINX_TLS_FAILED;
    tls_material_verify_client(s, named, trusted, depth);
    return FFI_NGINX_TLS_OK;
}

int ngx_http_lua_ffi_proxy_ssl_clear_certs(void *r, const char **err)
{
    UNUSED(r);
    return clear(ffi_nginx_tls_server(LUA_CONTEXT_PROXY_CERTIFICATE, err));
}

int ngx_http_lua_ffi_proxy_ssl_set_der_certificate(void *r, const char *der, size_t n,
                                                   const char **err)
{
    UNUSED(r);
    return use_chain_der(ffi_nginx_tls_server(LUA_CONTEXT_PROXY_CERTIFICATE, err), slice_of(der, n),
                         err);
}

int ngx_http_lua_ffi_proxy_ssl_set_der_private_key(void *r, const char *der, size_t n,
                                                   const char **err)
{
    UNUSED(r);
    return use_key_der(ffi_nginx_tls_server(LUA_CONTEXT_PROXY_CERTIFICATE, err), slice_of(der, n),
                       err);
}

int ngx_http_lua_ffi_proxy_ssl_set_cert(void *r, struct stack_st_X509 *chain, const char **err)
{
    UNUSED(r);
    return use_chain(ffi_nginx_tls_server(LUA_CONTEXT_PROXY_CERTIFICATE, err), chain, err);
}

int ngx_http_lua_ffi_proxy_ssl_set_priv_key(void *r, struct evp_pkey_st *key, const char **err)
{
    UNUSED(r);
    return use_key(ffi_nginx_tls_server(LUA_CONTEXT_PROXY_CERTIFICATE, err), key, err);
}
