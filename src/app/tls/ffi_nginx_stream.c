/* The same functions under the names that stream-lua-nginx-module gives them. They are found by
 * ffi.C, too, so each must be one of its own.
 *
 * To add one: a row with its type, name, parameters and arguments. */
#include "app/tls/ffi_nginx_certificate.h"
#include "app/tls/ffi_nginx_proxy_ssl.h"
#include "app/tls/ffi_nginx_ssl.h"

#define SAME(type, name, parameters, arguments)                                                    \
    type ngx_stream_lua_ffi_##name parameters;                                                     \
    type ngx_stream_lua_ffi_##name parameters                                                      \
    {                                                                                              \
        return ngx_http_lua_ffi_##name arguments;                                                  \
    }

#define SAME_VOID(name, parameter, argument)                                                       \
    void ngx_stream_lua_ffi_##name(parameter);                                                     \
    void ngx_stream_lua_ffi_##name(parameter)                                                      \
    {                                                                                              \
        ngx_http_lua_ffi_##name(argument);                                                         \
    }

/* clang-format off */
SAME(int, cert_pem_to_der,
     (const char *pem, size_t n, char *der, const char **err),
     (pem, n, der, err))
SAME(int, priv_key_pem_to_der,
     (const char *pem, size_t n, const char *passphrase, char *der, const char **err),
     (pem, n, passphrase, der, err))
SAME(struct stack_st_X509 *, parse_pem_cert,
     (const char *pem, size_t n, const char **err),
     (pem, n, err))
SAME(struct stack_st_X509 *, parse_der_cert,
     (const char *der, size_t n, const char **err),
     (der, n, err))
SAME(struct evp_pkey_st *, parse_pem_priv_key,
     (const char *pem, size_t n, const char **err),
     (pem, n, err))
SAME(struct evp_pkey_st *, parse_der_priv_key,
     (const char *der, size_t n, const char **err),
     (der, n, err))
SAME_VOID(free_cert, struct stack_st_X509 *chain, chain)
SAME_VOID(free_priv_key, struct evp_pkey_st *key, key)
SAME(int, ssl_clear_certs, (void *r, const char **err), (r, err))
SAME(int, ssl_set_der_certificate,
     (void *r, const char *der, size_t n, const char **err),
     (r, der, n, err))
SAME(int, ssl_set_der_private_key,
     (void *r, const char *der, size_t n, const char **err),
     (r, der, n, err))
SAME(int, set_cert, (void *r, struct stack_st_X509 *chain, const char **err), (r, chain, err))
SAME(int, set_priv_key, (void *r, struct evp_pkey_st *key, const char **err), (r, key, err))
SAME(int, ssl_verify_client,
     (void *r, struct stack_st_X509 *named, struct stack_st_X509 *trusted, int depth, const char **err),
     (r, named, trusted, depth, err))
SAME(int, ssl_raw_server_addr,
     (void *r, const char **addr, size_t *n, int *type, const char **err),
     (r, addr, n, type, err))
SAME(int, ssl_raw_client_addr,
     (void *r, const char **addr, size_t *n, int *type, const char **err),
     (r, addr, n, type, err))
SAME(int, ssl_server_port, (void *r, unsigned short *port, const char **err), (r, port, err))
SAME(int, ssl_server_name,
     (void *r, const char **name, size_t *n, const char **err),
     (r, name, n, err))
SAME(int, ssl_get_tls1_version, (void *r, const char **err), (r, err))
SAME(int, ssl_client_random,
     (void *r, unsigned char *out, size_t *n, const char **err),
     (r, out, n, err))
SAME(int, req_shared_ssl_ciphers,
     (void *r, uint16_t *ciphers, uint16_t *n, int without_grease, const char **err),
     (r, ciphers, n, without_grease, err))
SAME(void *, get_req_ssl_pointer, (void *r, const char **err), (r, err))
SAME(int, ssl_get_client_hello_server_name,
     (void *r, const char **name, size_t *n, const char **err),
     (r, name, n, err))
SAME(int, ssl_get_client_hello_ext,
     (void *r, unsigned type, const char **out, size_t *n, const char **err),
     (r, type, out, n, err))
SAME(int, ssl_set_protocols, (void *r, int protocols, const char **err), (r, protocols, err))
SAME(int, proxy_ssl_clear_certs, (void *r, const char **err), (r, err))
SAME(int, proxy_ssl_set_der_certificate,
     (void *r, const char *der, size_t n, const char **err),
     (r, der, n, err))
SAME(int, proxy_ssl_set_der_private_key,
     (void *r, const char *der, size_t n, const char **err),
     (r, der, n, err))
SAME(int, proxy_ssl_set_cert,
     (void *r, struct stack_st_X509 *chain, const char **err),
     (r, chain, err))
SAME(int, proxy_ssl_set_priv_key,
     (void *r, struct evp_pkey_st *key, const char **err),
     (r, key, err))
SAME(int, proxy_ssl_get_tls1_version, (void *r, const char **err), (r, err))
SAME(int, proxy_ssl_get_verify_result, (void *r, const char **err), (r, err))
SAME(int, proxy_ssl_set_verify_result, (void *r, int result, const char **err), (r, result, err))
SAME(void *, proxy_ssl_get_verify_cert, (void *r, const char **err), (r, err))
SAME_VOID(proxy_ssl_free_verify_cert, void *x509, x509)
SAME(void *, get_upstream_ssl_pointer, (void *r, const char **err), (r, err))
/* clang-format on */
