/* They stand in the program's table of dynamic symbols, where ffi.C finds them. */
#include "app/tls/ffi_nginx_ssl.h"

#include <netinet/in.h>
#include <stdio.h>
#include <sys/un.h>

#include "app/lua/lua_step.h"
#include "app/tls/lua_tls.h"
#include "app/proxy/proxy.h"
#include "http/client_h1.h"
#include "net/tls.h"
#include "net/tls_hello.h"
#include "net/tls_info.h"
#include "net/tls_material.h"
#include "net/tls_verify.h"

enum { OK = 0, FAILED = -1, DECLINED = -5 };
enum { TEXT_MOST = 512, EXTENSIONS_MOST = 256 };

static char text[TEXT_MOST]; /* process-wide: what *err points to after the last failure */

static int fail(const char **err, const char *why)
{
    *err = why;
    return FAILED;
}

/* `why` is freed. */
static int answer(const struct err *e, struct buf *why, const char **err)
{
    if (e)
        snprintf(text, sizeof(text), "%s", why->n ? buf_cstr(why) : e->message);
    buf_free(why);
    return e ? fail(err, text) : OK;
}

/* PEM that cannot be read: OpenResty's text first. */
static int answer_for_pem(const char *call, const struct err *e, struct buf *why, const char **err)
{
    struct buf all = BUF_EMPTY;

    buf_printf(&all, "%s() failed: " SLICE_FMT, call, SLICE_ARG(buf_slice(why)));
    buf_free(why);
    return answer(e, &all, err);
}

static bool is_with_server(enum lua_context context)
{
    return context == LUA_CONTEXT_PROXY_CERTIFICATE || context == LUA_CONTEXT_PROXY_VERIFY;
}

/* The client's connection: the one whose handshake the code takes part in, or that the request came
 * by. */
static struct stream *client_of(const char **err)
{
    const struct visit *v = lua_current_visit();
    struct stream *s = is_with_server(lua_tls_context()) ? NULL : lua_tls_stream();

    if (!s && v)
        s = v->x->req.tls;
    if (!s)
        *err = "bad request";
    return s;
}

/* The server's, while the code takes part in the handshake with it: in this context, or (NONE) in
 * any. */
static struct stream *server_of(enum lua_context wanted, const char **err)
{
    enum lua_context context = lua_tls_context();

    if (is_with_server(context) && (!wanted || wanted == context) && lua_tls_stream())
        return lua_tls_stream();
    *err = "API disabled in the current context";
    return NULL;
}

/* The client's, while its ClientHello is being looked at. */
static struct stream *hello_of(const char **err)
{
    if (lua_tls_context() == LUA_CONTEXT_CLIENT_HELLO)
        return client_of(err);
    *err = "API disabled in the current context";
    return NULL;
}

/* --- certificates and keys --- */

static int copy_out(struct buf *der, size_t most, char *out, const char **err)
{
    int n = (int)der->n;

    if (der->n <= most)
        memcpy(out, der->p, der->n);
    buf_free(der);
    return (size_t)n <= most ? n : fail(err, "no room");
}

int ngx_http_lua_ffi_cert_pem_to_der(const char *pem, size_t n, char *der, const char **err)
{
    struct stack_st_X509 *chain = ngx_http_lua_ffi_parse_pem_cert(pem, n, err);
    struct buf out = BUF_EMPTY;

    if (!chain)
        return FAILED;
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
        return FAILED;
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

    (void)answer(tls_material_chain_der(slice_of(der, n), &why, &chain), &why, err);
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

    (void)answer(tls_material_key_der(slice_of(der, n), &why, &key), &why, err);
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
        return FAILED;
    tls_material_clear(s);
    return OK;
}

static int use_chain(struct stream *s, struct stack_st_X509 *chain, const char **err)
{
    struct buf why = BUF_EMPTY;

    return s ? answer(tls_material_use_chain(s, chain, &why), &why, err) : FAILED;
}

static int use_key(struct stream *s, struct evp_pkey_st *key, const char **err)
{
    struct buf why = BUF_EMPTY;

    return s ? answer(tls_material_use_key(s, key, &why), &why, err) : FAILED;
}

static int use_chain_der(struct stream *s, struct slice der, const char **err)
{
    struct stack_st_X509 *chain = s ? ngx_http_lua_ffi_parse_der_cert(der.p, der.n, err) : NULL;
    int rc = chain ? use_chain(s, chain, err) : FAILED;

    tls_material_free_chain(&chain);
    return rc;
}

static int use_key_der(struct stream *s, struct slice der, const char **err)
{
    struct evp_pkey_st *key = s ? ngx_http_lua_ffi_parse_der_priv_key(der.p, der.n, err) : NULL;
    int rc = key ? use_key(s, key, err) : FAILED;

    tls_material_free_key(&key);
    return rc;
}

int ngx_http_lua_ffi_ssl_clear_certs(void *r, const char **err)
{
    UNUSED(r);
    return clear(client_of(err));
}

int ngx_http_lua_ffi_ssl_set_der_certificate(void *r, const char *der, size_t n, const char **err)
{
    UNUSED(r);
    return use_chain_der(client_of(err), slice_of(der, n), err);
}

int ngx_http_lua_ffi_ssl_set_der_private_key(void *r, const char *der, size_t n, const char **err)
{
    UNUSED(r);
    return use_key_der(client_of(err), slice_of(der, n), err);
}

int ngx_http_lua_ffi_set_cert(void *r, struct stack_st_X509 *chain, const char **err)
{
    UNUSED(r);
    return use_chain(client_of(err), chain, err);
}

int ngx_http_lua_ffi_set_priv_key(void *r, struct evp_pkey_st *key, const char **err)
{
    UNUSED(r);
    return use_key(client_of(err), key, err);
}

int ngx_http_lua_ffi_ssl_verify_client(void *r, struct stack_st_X509 *named,
                                       struct stack_st_X509 *trusted, int depth, const char **err)
{
    struct stream *s = client_of(err);

    UNUSED(r);
    if (!s)
        return FAILED;
    tls_material_verify_client(s, named, trusted, depth);
    return OK;
}

/* --- facts about the client's connection --- */

static int address(bool is_peer, struct slice *out, int *type, const char **err)
{
    static struct addr a; /* process-wide: what the answer points into */
    const struct stream *s = client_of(err);

    if (!s)
        return FAILED;
    if (addr_of_fd(stream_fd(s), is_peer, &a))
        return fail(err, "no address");
    switch (a.sa.sa_family) {
    case AF_INET:
        *type = 1;
        *out = slice_of((const char *)&((const struct sockaddr_in *)&a.sa)->sin_addr, 4);
        return OK;
    case AF_INET6:
        *type = 2;
        *out = slice_of((const char *)&((const struct sockaddr_in6 *)&a.sa)->sin6_addr, 16);
        return OK;
    default:
        *type = 0;
        *out = a.len > offsetof(struct sockaddr_un, sun_path)
                   ? slice_str(((const struct sockaddr_un *)&a.sa)->sun_path)
                   : SLICE_EMPTY;
        return OK;
    }
}

static int give(int rc, struct slice what, const char **out, size_t *n)
{
    if (rc == OK) {
        *out = what.p;
        *n = what.n;
    }
    return rc;
}

int ngx_http_lua_ffi_ssl_raw_server_addr(void *r, const char **addr, size_t *n, int *type,
                                         const char **err)
{
    struct slice bytes = SLICE_EMPTY;
    int rc = address(false, &bytes, type, err);

    UNUSED(r);
    return give(rc, bytes, addr, n);
}

int ngx_http_lua_ffi_ssl_raw_client_addr(void *r, const char **addr, size_t *n, int *type,
                                         const char **err)
{
    struct slice bytes = SLICE_EMPTY;
    int rc = address(true, &bytes, type, err);

    UNUSED(r);
    return give(rc, bytes, addr, n);
}

int ngx_http_lua_ffi_ssl_server_port(void *r, unsigned short *port, const char **err)
{
    const struct stream *s = client_of(err);
    struct addr a;

    UNUSED(r);
    if (!s)
        return FAILED;
    if (addr_of_fd(stream_fd(s), false, &a))
        return fail(err, "no address");
    if (addr_is_unix(&a))
        return fail(err, "unix domain has no port");
    *port = (unsigned short)addr_port(&a);
    return OK;
}

static int server_name(const struct stream *s, const char **name, size_t *n)
{
    struct slice asked = s ? tls_server_name(s) : SLICE_EMPTY;

    return give(!s ? FAILED : asked.n ? OK : DECLINED, asked, name, n);
}

int ngx_http_lua_ffi_ssl_server_name(void *r, const char **name, size_t *n, const char **err)
{
    UNUSED(r);
    return server_name(client_of(err), name, n);
}

int ngx_http_lua_ffi_ssl_get_tls1_version(void *r, const char **err)
{
    const struct stream *s = client_of(err);

    UNUSED(r);
    return s ? tls_version_number(s) : FAILED;
}

static int give_bytes(size_t (*read)(const struct stream *s, unsigned char *out, size_t most),
                      unsigned char *out, size_t *n, const char **err)
{
    const struct stream *s = client_of(err);

    if (!s)
        return FAILED;
    *n = read(s, out, *n);
    return OK;
}

int ngx_http_lua_ffi_ssl_client_random(void *r, unsigned char *out, size_t *n, const char **err)
{
    UNUSED(r);
    return give_bytes(tls_client_random, out, n, err);
}

int ngx_http_lua_ffi_ssl_server_random(void *r, unsigned char *out, size_t *n, const char **err)
{
    UNUSED(r);
    return give_bytes(tls_server_random, out, n, err);
}

int ngx_http_lua_ffi_ssl_session_master_key(void *r, unsigned char *out, size_t *n,
                                            const char **err)
{
    UNUSED(r);
    return give_bytes(tls_master_key, out, n, err);
}

/* signature: OpenResty's */
int ngx_http_lua_ffi_ssl_export_keying_material(void *r, unsigned char *out, size_t size,
                                                const char *label, size_t label_n,
                                                const char *context, size_t context_n,
                                                int has_context, const char **err)
{
    const struct stream *s = client_of(err);
    struct slice c = has_context ? slice_of(context, context_n) : slice_of(NULL, 0);

    UNUSED(r);
    if (!s)
        return FAILED;
    if (tls_export_key(s, slice_of(label, label_n), c, false, out, size))
        return OK;
    return fail(err, "SSL_export_keying_material() failed");
}

/* signature: OpenResty's */
int ngx_http_lua_ffi_ssl_export_keying_material_early(void *r, unsigned char *out, size_t size,
                                                      const char *label, size_t label_n,
                                                      const char *context, size_t context_n,
                                                      const char **err)
{
    const struct stream *s = client_of(err);

    UNUSED(r);
    if (!s)
        return FAILED;
    if (tls_export_key(s, slice_of(label, label_n), slice_of(context, context_n), true, out, size))
        return OK;
    return fail(err, "SSL_export_keying_material_early() failed");
}

/* Numbers that clients offer only to see whether servers ignore them (RFC 8701): 0x?a?a. */
static bool is_grease(uint16_t n)
{
    return (n & 0x0f0f) == 0x0a0a && n >> 8 == (n & 0xff);
}

int ngx_http_lua_ffi_req_shared_ssl_ciphers(void *r, uint16_t *ciphers, uint16_t *n,
                                            int without_grease, const char **err)
{
    const struct stream *s = client_of(err);
    size_t all, kept = 0;

    UNUSED(r);
    if (!s)
        return FAILED;
    all = tls_shared_ciphers(s, ciphers, *n);
    if (all > *n) {
        *n = 0;
        return fail(err, "buffer too small");
    }
    for (size_t i = 0; i < all; i++)
        if (!without_grease || !is_grease(ciphers[i]))
            ciphers[kept++] = ciphers[i];
    *n = (uint16_t)kept;
    return OK;
}

void *ngx_http_lua_ffi_get_req_ssl_pointer(void *r, const char **err)
{
    const struct stream *s = client_of(err);

    UNUSED(r);
    return s ? tls_pointer(s) : NULL;
}

/* --- the ClientHello --- */

int ngx_http_lua_ffi_ssl_get_client_hello_server_name(void *r, const char **name, size_t *n,
                                                      const char **err)
{
    UNUSED(r);
    return server_name(hello_of(err), name, n);
}

int ngx_http_lua_ffi_ssl_get_client_hello_ext(void *r, unsigned type, const char **out, size_t *n,
                                              const char **err)
{
    const struct stream *s = hello_of(err);
    struct slice body = SLICE_EMPTY;
    bool is_there = s && tls_hello_extension(s, type, &body);

    UNUSED(r);
    return give(!s ? FAILED : is_there ? OK : DECLINED, body, out, n);
}

int ngx_http_lua_ffi_ssl_get_client_hello_ext_present(void *r, int **out, size_t *n,
                                                      const char **err)
{
    static int numbers[EXTENSIONS_MOST]; /* process-wide: what the answer points to */
    const struct stream *s = hello_of(err);

    UNUSED(r);
    if (!s)
        return FAILED;
    *n = tls_hello_extensions(s, numbers, EXTENSIONS_MOST);
    *out = numbers;
    return *n ? OK : DECLINED;
}

int ngx_http_lua_ffi_ssl_get_client_hello_ciphers(void *r, uint16_t *out, size_t most,
                                                  const char **err)
{
    const struct stream *s = hello_of(err);

    UNUSED(r);
    return s ? (int)tls_hello_ciphers(s, out, most) : FAILED;
}

int ngx_http_lua_ffi_ssl_set_protocols(void *r, int protocols, const char **err)
{
    static const struct {
        int theirs;
        unsigned ours;
    } all[] = {{0x08, TLS_1_0}, {0x10, TLS_1_1}, {0x20, TLS_1_2}, {0x40, TLS_1_3}};
    struct stream *s = hello_of(err);
    unsigned wanted = 0;

    UNUSED(r);
    if (!s)
        return FAILED;
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        if (protocols & all[i].theirs)
            wanted |= all[i].ours;
    tls_hello_set_protocols(s, wanted);
    return OK;
}

/* --- the connection to a server --- */

int ngx_http_lua_ffi_proxy_ssl_clear_certs(void *r, const char **err)
{
    UNUSED(r);
    return clear(server_of(LUA_CONTEXT_PROXY_CERTIFICATE, err));
}

int ngx_http_lua_ffi_proxy_ssl_set_der_certificate(void *r, const char *der, size_t n,
                                                   const char **err)
{
    UNUSED(r);
    return use_chain_der(server_of(LUA_CONTEXT_PROXY_CERTIFICATE, err), slice_of(der, n), err);
}

int ngx_http_lua_ffi_proxy_ssl_set_der_private_key(void *r, const char *der, size_t n,
                                                   const char **err)
{
    UNUSED(r);
    return use_key_der(server_of(LUA_CONTEXT_PROXY_CERTIFICATE, err), slice_of(der, n), err);
}

int ngx_http_lua_ffi_proxy_ssl_set_cert(void *r, struct stack_st_X509 *chain, const char **err)
{
    UNUSED(r);
    return use_chain(server_of(LUA_CONTEXT_PROXY_CERTIFICATE, err), chain, err);
}

int ngx_http_lua_ffi_proxy_ssl_set_priv_key(void *r, struct evp_pkey_st *key, const char **err)
{
    UNUSED(r);
    return use_key(server_of(LUA_CONTEXT_PROXY_CERTIFICATE, err), key, err);
}

int ngx_http_lua_ffi_proxy_ssl_get_tls1_version(void *r, const char **err)
{
    const struct stream *s = server_of(LUA_CONTEXT_NONE, err);

    UNUSED(r);
    return s ? tls_version_number(s) : FAILED;
}

int ngx_http_lua_ffi_proxy_ssl_get_verify_result(void *r, const char **err)
{
    const struct stream *s = server_of(LUA_CONTEXT_PROXY_VERIFY, err);

    UNUSED(r);
    return s ? (int)tls_verify_result(s) : FAILED;
}

int ngx_http_lua_ffi_proxy_ssl_set_verify_result(void *r, int result, const char **err)
{
    struct stream *s = server_of(LUA_CONTEXT_PROXY_VERIFY, err);

    UNUSED(r);
    if (!s)
        return FAILED;
    tls_verify_set_result(s, result);
    return OK;
}

void *ngx_http_lua_ffi_proxy_ssl_get_verify_cert(void *r, const char **err)
{
    const struct stream *s = server_of(LUA_CONTEXT_PROXY_VERIFY, err);
    void *x509 = s ? tls_verify_certificate(s) : NULL;

    UNUSED(r);
    if (s && !x509)
        *err = "no certificate";
    return x509;
}

void ngx_http_lua_ffi_proxy_ssl_free_verify_cert(void *x509)
{
    tls_verify_free_certificate(x509);
}

void *ngx_http_lua_ffi_get_upstream_ssl_pointer(void *r, const char **err)
{
    const struct visit *v = lua_current_visit();
    const struct proxy *p = v ? proxy_of(v) : NULL;
    const struct stream *s = server_of(LUA_CONTEXT_NONE, err);

    UNUSED(r);
    if (!s && p && p->up)
        s = client_h1_stream(p->up);
    if (s && tls_is(s))
        return tls_pointer(s);
    *err = "bad upstream connection";
    return NULL;
}
