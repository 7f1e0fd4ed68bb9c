/* The request's fields under the names of nginx's Lua module, for Lua libraries that read them by
 * FFI; `resty.core.request` declares the same. */
#ifndef APP_LUA_FFI_NGINX_FIELDS_H
#define APP_LUA_FFI_NGINX_FIELDS_H

/* ngx_http_lua_ffi_str_t */
struct ffi_nginx_bytes {
    int n;
    const unsigned char *p;
};

/* ngx_http_lua_ffi_table_elt_t */
struct ffi_nginx_field {
    struct ffi_nginx_bytes name, value;
};

/* How many fields the running request has, whatever `request` is: at most `most`, 100 when that is
 * negative, any number when it is 0; `*is_cut` tells whether there are more. -100: there is no
 * request. */
int ngx_http_lua_ffi_req_get_headers_count(void *request, int most, int *is_cut);

/* The first `n` of them, of those that there are; names as they were sent when `is_raw`, else in
 * lower case. They live until the request's fields change. 0; -100: there is no request. */
int ngx_http_lua_ffi_req_get_headers(void *request, struct ffi_nginx_field *out, int n, int is_raw);

#endif
