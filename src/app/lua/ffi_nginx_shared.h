/* Shared dictionaries for libraries that call OpenResty's C functions by FFI, with its names and
 * contracts. */
#ifndef APP_LUA_FFI_NGINX_SHARED_H
#define APP_LUA_FFI_NGINX_SHARED_H

#include <stddef.h>
#include <stdint.h>

/* What an entry holds; of strings `p` is the caller's room, `n` its size, then how much of it is
 * filled. */
struct ffi_nginx_value {
    uint8_t type; /* 1: boolean, 3: number, 4: string */
    union {
        int boolean;
        double number;
        struct {
            size_t n;
            char *p;
        } string;
    };
};

/* The dictionary of that name, or NULL. */
void *ngx_http_lua_find_zone(const char *name, size_t n);

/* Looks an entry up: 0 with `out` filled; -5: there is none; -1: no room for a string, or a list.
 */
intptr_t ngx_http_lua_shared_dict_get(void *zone, const char *key, size_t n,
                                      struct ffi_nginx_value *out);

/* As ngx_http_lua_find_zone. */
void *ngx_stream_lua_find_zone(const char *name, size_t n);

/* As ngx_http_lua_shared_dict_get. */
intptr_t ngx_stream_lua_shared_dict_get(void *zone, const char *key, size_t n,
                                        struct ffi_nginx_value *out);

#endif
