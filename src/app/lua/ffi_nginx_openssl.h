/* The C functions by which lua-resty-openssl finds the SSL and the SSL_CTX of a request and of a
 * socket, with the names and contracts of its module for nginx: 0 with `*out` filled, or -1.
 * `request` is not looked at: it is the connection that Lua runs for. `socket` is what a socket has
 * at index 1. */
#ifndef APP_LUA_FFI_NGINX_OPENSSL_H
#define APP_LUA_FFI_NGINX_OPENSSL_H

/* Of the client's connection. */
int ngx_http_lua_resty_openssl_aux_get_request_ssl(void *request, void **out);

/* signature: the same */
int ngx_http_lua_resty_openssl_aux_get_request_ssl_ctx(void *request, void **out);

/* Of a socket behind sslhandshake. */
int ngx_http_lua_resty_openssl_aux_get_socket_ssl(void *socket, void **out);

/* signature: the same */
int ngx_http_lua_resty_openssl_aux_get_socket_ssl_ctx(void *socket, void **out);

/* The same in `stream`. */
int ngx_stream_lua_resty_openssl_aux_get_request_ssl(void *request, void **out);

/* signature: the same */
int ngx_stream_lua_resty_openssl_aux_get_request_ssl_ctx(void *request, void **out);

/* signature: the same */
int ngx_stream_lua_resty_openssl_aux_get_socket_ssl(void *socket, void **out);

/* signature: the same */
int ngx_stream_lua_resty_openssl_aux_get_socket_ssl_ctx(void *socket, void **out);

#endif
