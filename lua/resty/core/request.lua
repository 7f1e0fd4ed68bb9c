--- `resty.core.request`: what libraries that read the request's fields by FFI expect to be declared.
-- The functions of ngx.req are the server's own.

require("ffi").cdef [[
    typedef struct { int len; const unsigned char *data; } ngx_http_lua_ffi_str_t;
    typedef struct { ngx_http_lua_ffi_str_t key, value; } ngx_http_lua_ffi_table_elt_t;
    int ngx_http_lua_ffi_req_get_headers_count(ngx_http_request_t *r, int max, int *truncated);
    int ngx_http_lua_ffi_req_get_headers(ngx_http_request_t *r, ngx_http_lua_ffi_table_elt_t *out, int count, int raw);
]]

return { version = require("resty.core.base").version }
