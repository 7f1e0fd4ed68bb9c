/* Functions of nginx's own that Lua libraries call by FFI, with nginx's names and contracts: those
 * of lua-resty-string. */
#ifndef APP_LUA_FFI_NGINX_H
#define APP_LUA_FFI_NGINX_H

#include <stddef.h>
#include <stdint.h>

/* Writes `n` bytes as 2 x n lower-case hexadecimal digits; where they end. */
unsigned char *ngx_hex_dump(unsigned char *out, const unsigned char *p, size_t n);

/* The decimal number in `n` digits; -1: it is none, or too large. */
intptr_t ngx_atoi(const unsigned char *p, size_t n);

#endif
