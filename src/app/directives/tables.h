/* The tables of directives, each in the file of its name: what registers them with the schema. */
#ifndef APP_DIRECTIVES_TABLES_H
#define APP_DIRECTIVES_TABLES_H

/* Those of stream. */
void directives_stream_register(void);

/* Those of passing sessions on. */
void directives_relay_register(void);

/* Those of processes and the event loop. */
void directives_main_register(void);

/* Those of servers. */
void directives_http_register(void);

/* Those of locations. */
void directives_location_register(void);

/* Those of files. */
void directives_files_register(void);

/* Those of what clients do to files. */
void directives_dav_register(void);

/* Those of limits and timeouts. */
void directives_limits_register(void);

/* Those of HTTP/2. */
void directives_http2_register(void);

/* Those of logs. */
void directives_log_register(void);

/* Those of compression. */
void directives_compress_register(void);

/* Those of response headers. */
void directives_headers_register(void);

/* Those of memcached. */
void directives_memcached_register(void);

/* set_md5 and its kin. */
void directives_set_misc_register(void);

/* Links that are let in. */
void directives_links_register(void);

/* Cookies that tell clients apart. */
void directives_userid_register(void);

/* Those of response bodies. */
void directives_bodies_register(void);

/* Small answers. */
void directives_answers_register(void);

/* more_set_headers and its kin. */
void directives_more_headers_register(void);

/* geo, split_clients. */
void directives_geo_register(void);

/* Those of limits by key. */
void directives_limit_zones_register(void);

/* Those of clients behind proxies. */
void directives_real_ip_register(void);

/* Those of access. */
void directives_access_register(void);

/* Those of the rewrite module. */
void directives_rewrite_register(void);

/* Those of map. */
void directives_map_register(void);

/* Those of upstream. */
void directives_upstream_register(void);

/* Those of clients that stay with a server. */
void directives_sticky_register(void);

/* Registers the table of health checks. */
void directives_health_register(void);

/* Those of echo. */
void directives_echo_register(void);

/* Those of shared memory. */
void directives_shared_register(void);

/* Those of name servers. */
void directives_resolver_register(void);

/* Those of TLS. */
void directives_tls_register(void);

/* Those of sockets of Lua. */
void directives_socket_register(void);

/* Those of Lua. */
void directives_lua_register(void);

/* lua_code_cache, lua_malloc_trim and their kin. */
void directives_lua_machine_register(void);

/* proxy_* and grpc_pass. */
void directives_proxy_register(void);

/* Those of fastcgi_*, uwsgi_* and scgi_* that are not like any of proxy_*. */
void directives_gateways_register(void);

/* Those of them and of grpc_* that are; to be called when all of proxy_* is registered. */
void directives_proxy_twins_register(void);

/* Registers the table of connections of proxy_*. */
void directives_proxy_socket_register(void);

/* proxy_redirect and proxy_cookie_*. */
void directives_proxy_rewrite_register(void);

/* proxy_cache_path and its kin. */
void directives_proxy_cache_register(void);

/* proxy_ssl_*. */
void directives_proxy_ssl_register(void);

/* Those of health checks. */
void directives_health_register(void);

/* Those of access. */
void directives_access_register(void);

#endif
