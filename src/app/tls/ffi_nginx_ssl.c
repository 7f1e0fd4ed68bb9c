/* The connection of a client. The functions stand in the program's table of dynamic symbols, where
 * ffi.C finds them. */
#include "app/tls/ffi_nginx_ssl.h"

#include <netinet/in.h>
#include <sys/un.h>

#include "app/tls/ffi_nginx_tls.h"
#include "net/tls/tls_hello.h"
#include "net/tls/tls_info.h"

enum { EXTENSIONS_MOST = 256 };

static int address(bool is_peer, struct slice *out, int *type, const char **err)
{
    static struct addr a; /* process-wide: what the answer points into */
    const struct stream *s = ffi_nginx_tls_client(err);

    if (!s)
        return FFI_NGINX_TLS_FAILED;
    if (addr_of_fd(stream_fd(s), is_peer, &a))
        return ffi_nginx_tls_fail(err, "no address");
    switch (a.sa.sa_family) {
    case AF_INET:
        *type = 1;
        *out = addr_bytes(&a);
        return FFI_NGINX_TLS_OK;
    case AF_INET6:
        *type = 2;
        *out = addr_bytes(&a);
        return FFI_NGINX_TLS_OK;
    default:
        *type = 0;
        *out = a.len > offsetof(struct sockaddr_un, sun_path)
                   ? slice_str(((const struct sockaddr_un *)&a.sa)->sun_path)
                   : SLICE_EMPTY;
        return FFI_NGINX_TLS_OK;
    }
}

int ngx_http_lua_ffi_ssl_raw_server_addr(void *r, const char **addr, size_t *n, int *type,
                                         const char **err)
{
    struct slice bytes = SLICE_EMPTY;
    int rc = address(false, &bytes, type, err);

    UNUSED(r);
    return ffi_nginx_tls_give(rc, bytes, addr, n);
}

int ngx_http_lua_ffi_ssl_raw_client_addr(void *r, const char **addr, size_t *n, int *type,
                                         const char **err)
{
    struct slice bytes = SLICE_EMPTY;
    int rc = address(true, &bytes, type, err);

    UNUSED(r);
    return ffi_nginx_tls_give(rc, bytes, addr, n);
}

int ngx_http_lua_ffi_ssl_server_port(void *r, unsigned short *port, const char **err)
{
    const struct stream *s = ffi_nginx_tls_client(err);
    struct addr a;

    UNUSED(r);
    if (!s)
        return FFI_NGINX_TLS_FAILED;
    if (addr_of_fd(stream_fd(s), false, &a))
        return ffi_nginx_tls_fail(err, "no address");
    if (addr_is_unix(&a))
        return ffi_nginx_tls_fail(err, "unix domain has no port");
    *port = (unsigned short)addr_port(&a);
    return FFI_NGINX_TLS_OK;
}

static int server_name(const struct stream *s, const char **name, size_t *n)
{
    struct slice asked = s ? tls_info_server_name(s) : SLICE_EMPTY;

    return ffi_nginx_tls_give(!s        ? FFI_NGINX_TLS_FAILED
                              : asked.n ? FFI_NGINX_TLS_OK
                                        : FFI_NGINX_TLS_DECLINED,
                              asked, name, n);
}

int ngx_http_lua_ffi_ssl_server_name(void *r, const char **name, size_t *n, const char **err)
{
    UNUSED(r);
    return server_name(ffi_nginx_tls_client(err), name, n);
}

int ngx_http_lua_ffi_ssl_get_tls1_version(void *r, const char **err)
{
    const struct stream *s = ffi_nginx_tls_client(err);

    UNUSED(r);
    return s ? tls_info_version_number(s) : FFI_NGINX_TLS_FAILED;
}

static int give_bytes(size_t (*read)(const struct stream *s, unsigned char *out, size_t most),
                      unsigned char *out, size_t *n, const char **err)
{
    const struct stream *s = ffi_nginx_tls_client(err);

    if (!s)
        return FFI_NGINX_TLS_FAILED;
    *n = read(s, out, *n);
    return FFI_NGINX_TLS_OK;
}

int ngx_http_lua_ffi_ssl_client_random(void *r, unsigned char *out, size_t *n, const char **err)
{
    UNUSED(r);
    return give_bytes(tls_info_client_random, out, n, err);
}

int ngx_http_lua_ffi_ssl_server_random(void *r, unsigned char *out, size_t *n, const char **err)
{
    UNUSED(r);
    return give_bytes(tls_info_server_random, out, n, err);
}

int ngx_http_lua_ffi_ssl_session_master_key(void *r, unsigned char *out, size_t *n,
                                            const char **err)
{
    UNUSED(r);
    return give_bytes(tls_info_master_key, out, n, err);
}

/* signature: OpenResty's */
int ngx_http_lua_ffi_ssl_export_keying_material(void *r, unsigned char *out, size_t size,
                                                const char *label, size_t label_n,
                                                const char *context, size_t context_n,
                                                int has_context, const char **err)
{
    const struct stream *s = ffi_nginx_tls_client(err);
    struct slice c = has_context ? slice_of(context, context_n) : slice_of(NULL, 0);

    UNUSED(r);
    if (!s)
        return FFI_NGINX_TLS_FAILED;
    if (tls_info_export_key(s, slice_of(label, label_n), c, false, out, size))
        return FFI_NGINX_TLS_OK;
    return ffi_nginx_tls_fail(err, "SSL_export_keying_material() failed");
}

/* signature: OpenResty's */
int ngx_http_lua_ffi_ssl_export_keying_material_early(void *r, unsigned char *out, size_t size,
                                                      const char *label, size_t label_n,
                                                      const char *context, size_t context_n,
                                                      const char **err)
{
    const struct stream *s = ffi_nginx_tls_client(err);

    UNUSED(r);
    if (!s)
        return FFI_NGINX_TLS_FAILED;
    if (tls_info_export_key(s, slice_of(label, label_n), slice_of(context, context_n), true, out,
                            size))
        return FFI_NGINX_TLS_OK;
    return ffi_nginx_tls_fail(err, "SSL_export_keying_material_early() failed");
}

/* Numbers that clients offer only to see whether servers ignore them (RFC 8701): 0x?a?a. */
static bool is_grease(uint16_t n)
{
    return (n & 0x0f0f) == 0x0a0a && n >> 8 == (n & 0xff);
}

int ngx_http_lua_ffi_req_shared_ssl_ciphers(void *r, uint16_t *ciphers, uint16_t *n,
                                            int without_grease, const char **err)
{
    const struct stream *s = ffi_nginx_tls_client(err);
    size_t all, kept = 0;

    UNUSED(r);
    if (!s)
        return FFI_NGINX_TLS_FAILED;
    all = tls_info_shared_ciphers(s, ciphers, *n);
    if (all > *n) {
        *n = 0;
        return ffi_nginx_tls_fail(err, "buffer too small");
    }
    for (size_t i = 0; i < all; i++)
        if (!without_grease || !is_grease(ciphers[i]))
            ciphers[kept++] = ciphers[i];
    *n = (uint16_t)kept;
    return FFI_NGINX_TLS_OK;
}

void *ngx_http_lua_ffi_get_req_ssl_pointer(void *r, const char **err)
{
    const struct stream *s = ffi_nginx_tls_client(err);

    UNUSED(r);
    return s ? tls_info_pointer(s) : NULL;
}

/* --- the ClientHello --- */

int ngx_http_lua_ffi_ssl_get_client_hello_server_name(void *r, const char **name, size_t *n,
                                                      const char **err)
{
    UNUSED(r);
    return server_name(ffi_nginx_tls_hello(err), name, n);
}

int ngx_http_lua_ffi_ssl_get_client_hello_ext(void *r, unsigned type, const char **out, size_t *n,
                                              const char **err)
{
    const struct stream *s = ffi_nginx_tls_hello(err);
    struct slice body = SLICE_EMPTY;
    bool is_there = s && tls_hello_extension(s, type, &body);

    UNUSED(r);
    return ffi_nginx_tls_give(!s         ? FFI_NGINX_TLS_FAILED
                              : is_there ? FFI_NGINX_TLS_OK
                                         : FFI_NGINX_TLS_DECLINED,
                              body, out, n);
}

int ngx_http_lua_ffi_ssl_get_client_hello_ext_present(void *r, int **out, size_t *n,
                                                      const char **err)
{
    static int numbers[EXTENSIONS_MOST]; /* process-wide: what the answer points to */
    const struct stream *s = ffi_nginx_tls_hello(err);

    UNUSED(r);
    if (!s)
        return FFI_NGINX_TLS_FAILED;
    *n = tls_hello_extensions(s, numbers, EXTENSIONS_MOST);
    *out = numbers;
    return *n ? FFI_NGINX_TLS_OK : FFI_NGINX_TLS_DECLINED;
}

int ngx_http_lua_ffi_ssl_get_client_hello_ciphers(void *r, uint16_t *out, size_t most,
                                                  const char **err)
{
    const struct stream *s = ffi_nginx_tls_hello(err);

    UNUSED(r);
    return s ? (int)tls_hello_ciphers(s, out, most) : FFI_NGINX_TLS_FAILED;
}

int ngx_http_lua_ffi_ssl_set_protocols(void *r, int protocols, const char **err)
{
    static const struct {
        int theirs;
        unsigned ours;
    } all[] = {{0x08, TLS_1_0}, {0x10, TLS_1_1}, {0x20, TLS_1_2}, {0x40, TLS_1_3}};
    struct stream *s = ffi_nginx_tls_hello(err);
    unsigned wanted = 0;

    UNUSED(r);
    if (!s)
        return FFI_NGINX_TLS_FAILED;
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        if (protocols & all[i].theirs)
            wanted |= all[i].ours;
    tls_hello_set_protocols(s, wanted);
    return FFI_NGINX_TLS_OK;
}
