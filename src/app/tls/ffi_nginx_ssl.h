/* TLS for libraries that call OpenResty's C functions by FFI, with its names and contracts: those
 * behind ngx.ssl, ngx.ssl.clienthello, ngx.ssl.proxysslcert, ngx.ssl.proxysslverify, ngx.proxyssl.
 * Our own Lua modules of these names call them, too.
 *
 * `r` stands for the running request or handshake, which is known without it: it is not looked at.
 * Functions answer 0, or -1 with a text in *err that is valid until the next call; -5: there is no
 * such thing. */
#ifndef APP_TLS_FFI_NGINX_SSL_H
#define APP_TLS_FFI_NGINX_SSL_H

#include <stddef.h>
#include <stdint.h>

struct stack_st_X509;
struct evp_pkey_st;

/* --- certificates and keys, see net/tls_material.h --- */

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

/* --- the client's connection --- */

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

/* Our address: its bytes (4, 16, or a path); *type 0: Unix, 1: IPv4, 2: IPv6. */
int ngx_http_lua_ffi_ssl_raw_server_addr(void *r, const char **addr, size_t *n, int *type,
                                         const char **err);

/* The client's, likewise. */
int ngx_http_lua_ffi_ssl_raw_client_addr(void *r, const char **addr, size_t *n, int *type,
                                         const char **err);

/* Our port. */
int ngx_http_lua_ffi_ssl_server_port(void *r, unsigned short *port, const char **err);

/* The name that the client asked for. */
int ngx_http_lua_ffi_ssl_server_name(void *r, const char **name, size_t *n, const char **err);

/* The version of TLS, as TLS numbers it; or -1. */
int ngx_http_lua_ffi_ssl_get_tls1_version(void *r, const char **err);

/* The first *n bytes of the client's random number; with *n 0: how many there are. */
int ngx_http_lua_ffi_ssl_client_random(void *r, unsigned char *out, size_t *n, const char **err);

/* The server's, likewise. */
int ngx_http_lua_ffi_ssl_server_random(void *r, unsigned char *out, size_t *n, const char **err);

/* The session's master key, likewise. */
int ngx_http_lua_ffi_ssl_session_master_key(void *r, unsigned char *out, size_t *n,
                                            const char **err);

/* signature: `size` bytes of keying material (RFC 5705) by `label`; -5: not now */
int ngx_http_lua_ffi_ssl_export_keying_material(void *r, unsigned char *out, size_t size,
                                                const char *label, size_t label_n,
                                                const char *context, size_t context_n,
                                                int has_context, const char **err);

/* signature: the same of early data */
int ngx_http_lua_ffi_ssl_export_keying_material_early(void *r, unsigned char *out, size_t size,
                                                      const char *label, size_t label_n,
                                                      const char *context, size_t context_n,
                                                      const char **err);

/* Numbers of the ciphers that both sides have, ours first; *n: room, then how many. */
int ngx_http_lua_ffi_req_shared_ssl_ciphers(void *r, uint16_t *ciphers, uint16_t *n,
                                            int without_grease, const char **err);

/* The library's SSL. */
void *ngx_http_lua_ffi_get_req_ssl_pointer(void *r, const char **err);

/* --- the ClientHello, in ssl_client_hello_by_lua --- */

/* The name that it asks for. */
int ngx_http_lua_ffi_ssl_get_client_hello_server_name(void *r, const char **name, size_t *n,
                                                      const char **err);

/* The body of an extension. */
int ngx_http_lua_ffi_ssl_get_client_hello_ext(void *r, unsigned type, const char **out, size_t *n,
                                              const char **err);

/* The numbers of its extensions, valid until the next call. */
int ngx_http_lua_ffi_ssl_get_client_hello_ext_present(void *r, int **out, size_t *n,
                                                      const char **err);

/* The numbers of its ciphers; how many, or -1. */
int ngx_http_lua_ffi_ssl_get_client_hello_ciphers(void *r, uint16_t *out, size_t most,
                                                  const char **err);

/* Speaks only these versions: bits 2 (SSL 2), 4 (SSL 3), 8 (TLS 1.0), 16, 32, 64 (TLS 1.3). */
int ngx_http_lua_ffi_ssl_set_protocols(void *r, int protocols, const char **err);

/* --- the connection to a server --- */

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

/* There, or in proxy_ssl_verify_by_lua: its version of TLS, or -1. */
int ngx_http_lua_ffi_proxy_ssl_get_tls1_version(void *r, const char **err);

/* In proxy_ssl_verify_by_lua: the judgement so far (see net/tls_verify.h), or -1. */
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
