/* The defaults of the HTTP server's limits and timeouts. To add a setting, give it a default here.
 */
#include "http/settings.h"

const struct http_settings http_settings_default = {
    .header_timeout = 60000,
    .body_timeout = 60000,
    .send_timeout = 60000,
    .keepalive_timeout = 75000,
    .keepalive_header = 0,
    .lingering_timeout = 5000,
    .max_body_size = 1 << 20,
    .body_buffer_size = 16384,
    .header_line = 8192,
    .header_block = 32768,
    .header_count = 256,
    .keepalive_requests = 1000,
    .send_watermark = 65536,
    .temp_path = "/tmp",
    .server_name = "perilune",
    .is_nodelay = true,
    .has_sendfile = true,
    .does_check_abort = false,
};
