/* What the program calls itself. Its name is perilune; started under the name of nginx or openresty
 * (a link), whose place it then takes, it goes by that name wherever clients, monitoring and
 * scripts look for it. */
#ifndef BASE_PRODUCT_H
#define BASE_PRODUCT_H

#include "base/slice.h"

/* The version of nginx whose behaviour is followed: scripts test for it. */
#define NGINX_VERSION "1.31.2"

/* What the program would have been configured with, were it nginx. */
#define NGINX_ARGUMENTS                                                                            \
    "--with-debug --with-pcre-jit --with-threads --with-http_v2_module --with-http_slice_module "  \
    "--with-http_ssl_module --with-stream --with-stream_ssl_module"

/* Takes the name from `path`, under which the program was started. Once, first thing in main. */
void product_init(const char *path);

/* "perilune", "nginx" or "openresty". */
const char *product_name(void);

/* What stands in default paths (conf/….conf, logs/….pid): "perilune" or "nginx". */
const char *product_family(void);

/* Whether the name is not our own. */
bool product_is_stand_in(void);

/* Name and version behind a slash, as the Server field has it; NUL-ended. */
const char *product_token(void);

#endif
