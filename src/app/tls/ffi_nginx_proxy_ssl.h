/* The connection to a server for libraries that call OpenResty's C functions by FFI, with its names
 * and contracts: those behind ngx.ssl.proxysslverify and ngx.proxyssl. What `r` is and how they
 * answer: ffi_nginx_ssl.h. */
#ifndef APP_TLS_FFI_NGINX_PROXY_SSL_H
#define APP_TLS_FFI_NGINX_PROXY_SSL_H

/* In proxy_ssl_certificate_by_lua or proxy_ssl_verify_by_lua: its version of TLS, or -1. */
int ngx_http_lua_ffi_proxy_ssl_get_tls1_version(void *r, const char **err);

/* In proxy_ssl_verify_by_lua: the judgement so far (see net/tls/tls_verify.h), or -1. */
int ngx_http_lua_ffi_proxy_ssl_get_verify_result(void *r, const char **err);

/* There: another one in its place. */
int ngx_http_lua_ffi_proxy_ssl_set_verify_result(void *r, int result, const char **err);

/* There: the certificate, an X509 to be freed; NULL: an error. */
void *ngx_http_lua_ffi_proxy_ssl_get_verify_cert(void *r, const char **err);

/* Frees that. */
void ngx_http_lua_ffi_proxy_ssl_free_verify_cert(void *x509);

/* The library's SSL of the server's connection, in a handshake with it or while its answer is
 * passed on. */
void *ngx_http_lua_ffi_get_upstream_ssl_pointer(void *r, const char **err);

#endif
