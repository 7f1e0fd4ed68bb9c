/* Certificates and keys for libraries that call OpenResty's C functions by FFI, with its names and
 * contracts: those behind ngx.ssl and ngx.ssl.proxysslcert. What `r` is and how they answer:
 * ffi_nginx_ssl.h. */
#ifndef APP_TLS_FFI_NGINX_CERTIFICATE_H
#define APP_TLS_FFI_NGINX_CERTIFICATE_H

#include <stddef.h>

struct stack_st_X509;
struct evp_pkey_st;

/* --- reading them, see net/tls/tls_material.h --- */

/* The certificates of a PEM text as DER, one after another, in `der`, which is as large as `pem`;
 * how many bytes, or -1. */
int ngx_http_lua_ffi_cert_pem_to_der(const char *pem, size_t n, char *der, const char **err);

/* The key of a PEM text, likewise; `passphrase` may be NULL. */
int ngx_http_lua_ffi_priv_key_pem_to_der(const char *pem, size_t n, const char *passphrase,
                                         char *der, const char **err);

/* A chain from PEM, to be freed; NULL: an error. */
struct stack_st_X509 *ngx_http_lua_ffi_parse_pem_cert(const char *pem, size_t n, const char **err);

/* A chain from DER, likewise. */
struct stack_st_X509 *ngx_http_lua_ffi_parse_der_cert(const char *der, size_t n, const char **err);

/* A key from PEM, likewise; it is not encrypted. */
struct evp_pkey_st *ngx_http_lua_ffi_parse_pem_priv_key(const char *pem, size_t n,
                                                        const char **err);

/* A key from DER, likewise. */
struct evp_pkey_st *ngx_http_lua_ffi_parse_der_priv_key(const char *der, size_t n,
                                                        const char **err);

/* Frees a chain. */
void ngx_http_lua_ffi_free_cert(struct stack_st_X509 *chain);

/* Frees a key. */
void ngx_http_lua_ffi_free_priv_key(struct evp_pkey_st *key);

/* --- choosing them for a client's connection --- */

/* It has no certificate any more. */
int ngx_http_lua_ffi_ssl_clear_certs(void *r, const char **err);

/* It gets this chain, in DER. */
int ngx_http_lua_ffi_ssl_set_der_certificate(void *r, const char *der, size_t n, const char **err);

/* And this key. */
int ngx_http_lua_ffi_ssl_set_der_private_key(void *r, const char *der, size_t n, const char **err);

/* The same with objects. */
int ngx_http_lua_ffi_set_cert(void *r, struct stack_st_X509 *chain, const char **err);

/* The same with objects. */
int ngx_http_lua_ffi_set_priv_key(void *r, struct evp_pkey_st *key, const char **err);

/* Asks the client for a certificate, see tls_material_verify_client. */
int ngx_http_lua_ffi_ssl_verify_client(void *r, struct stack_st_X509 *named,
                                       struct stack_st_X509 *trusted, int depth, const char **err);

/* --- for a connection to a server --- */

/* In proxy_ssl_certificate_by_lua: it has no certificate any more. */
int ngx_http_lua_ffi_proxy_ssl_clear_certs(void *r, const char **err);

/* There: it gets this chain, in DER. */
int ngx_http_lua_ffi_proxy_ssl_set_der_certificate(void *r, const char *der, size_t n,
                                                   const char **err);

/* There: and this key. */
int ngx_http_lua_ffi_proxy_ssl_set_der_private_key(void *r, const char *der, size_t n,
                                                   const char **err);

/* There: the same with objects. */
int ngx_http_lua_ffi_proxy_ssl_set_cert(void *r, struct stack_st_X509 *chain, const char **err);

/* There: the same with objects. */
int ngx_http_lua_ffi_proxy_ssl_set_priv_key(void *r, struct evp_pkey_st *key, const char **err);

#endif
