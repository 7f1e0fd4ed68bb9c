/* The list of all tables. To add a file of directives: its register function in
 * directives/tables.h and below. */
#include "app/directives/tables.h"

#include "app/app.h"

void app_register_directives(void)
{
    directives_main_register();
    directives_http_register();
    directives_location_register();
    directives_files_register();
    directives_limits_register();
    directives_http2_register();
    directives_log_register();
    directives_resolver_register();
    directives_tls_register();
    directives_headers_register();
    directives_more_headers_register();
    directives_bodies_register();
    directives_dav_register();
    directives_compress_register();
    directives_rewrite_register();
    directives_set_misc_register();
    directives_real_ip_register();
    directives_limit_zones_register();
    directives_access_register();
    directives_links_register();
    directives_userid_register();
    directives_memcached_register();
    directives_map_register();
    directives_geo_register();
    directives_echo_register();
    directives_answers_register();
    directives_proxy_register();
    directives_proxy_socket_register();
    directives_proxy_rewrite_register();
    directives_proxy_cache_register();
    directives_proxy_ssl_register();
    directives_gateways_register();
    directives_proxy_twins_register();
    directives_upstream_register();
    directives_sticky_register();
    directives_health_register();
    directives_lua_register();
    directives_lua_machine_register();
    directives_shared_register();
    directives_socket_register();
    directives_stream_register();
    directives_relay_register();
}
