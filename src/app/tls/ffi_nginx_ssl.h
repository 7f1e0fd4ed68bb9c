/* TLS for libraries that call OpenResty's C functions by FFI, with its names and contracts: those
 * behind ngx.ssl and ngx.ssl.clienthello about a client's connection. Our own Lua modules of these
 * names call them, too.
 *
 * `r` stands for the running request or handshake, which is known without it: it is not looked at.
 * Functions answer 0, or -1 with a text in *err that is valid until the next call; -5: there is no
 * such thing. */
#ifndef APP_TLS_FFI_NGINX_SSL_H
#define APP_TLS_FFI_NGINX_SSL_H

#include <stddef.h>
#include <stdint.h>

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

#endif
