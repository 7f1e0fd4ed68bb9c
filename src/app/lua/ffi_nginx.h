/* Functions of nginx's own and of its Lua module that Lua libraries call by FFI, with their names
 * and contracts: those of lua-resty-string, lua-resty-jit-uuid, Kong. */
#ifndef APP_LUA_FFI_NGINX_H
#define APP_LUA_FFI_NGINX_H

#include <stddef.h>
#include <stdint.h>

/* Writes `n` bytes as 2 x n lower-case hexadecimal digits; where they end. */
unsigned char *ngx_hex_dump(unsigned char *out, const unsigned char *p, size_t n);

/* The decimal number in `n` digits; -1: it is none, or too large. */
intptr_t ngx_atoi(const unsigned char *p, size_t n);

/* The number in 1 to 16 hexadecimal digits; -1: it is none, or too large. */
intptr_t ngx_hextoi(const unsigned char *p, size_t n);

/* ngx_str_t */
struct ffi_nginx_str {
    size_t n;
    const unsigned char *p;
};

/* In init_worker_by_lua: this worker will not accept on the Unix socket of that name, "unix:/path".
 * 0; -1: there is none, or it is too late. */
int ngx_lua_ffi_disable_listening_unix_socket(const struct ffi_nginx_str *name);

/* A time like "1h 30m" in seconds, where milliseconds are none, or in milliseconds; -1: it is no
 * time. */
intptr_t ngx_parse_time(const struct ffi_nginx_str *text, uintptr_t is_in_seconds);

/* The number of the running request's ngx.ctx in `ngx_lua_ctx_tables` of the registry, whatever
 * `request` is; -2: it has none yet, -100: there is no request. The others, unless NULL: not in a
 * handshake, no number of one. */
int ngx_http_lua_ffi_get_ctx_ref(void *request, int *is_handshake, int *handshake_ref);

/* The same; of `stream`. */
int ngx_stream_lua_ffi_get_ctx_ref(void *session, int *is_handshake, int *handshake_ref);

/* Writes a line as it is to the error log of the running code, whatever `request` is. -1: no such
 * level. */
int ngx_http_lua_ffi_raw_log(void *request, int level, const unsigned char *text, size_t n);

/* The same; of `stream`. */
int ngx_stream_lua_ffi_raw_log(void *session, int level, const unsigned char *text, size_t n);

#endif
