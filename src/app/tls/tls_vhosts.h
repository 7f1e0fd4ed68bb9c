/* From what the ssl_ directives of each server say to its TLS context. */
#ifndef APP_TLS_TLS_VHOSTS_H
#define APP_TLS_TLS_VHOSTS_H

#include "app/conf.h"

/* Makes the contexts of all servers that listen with `ssl`; conf_free gives them back. Reads
 * certificates and keys. False with `e` filled. */
bool tls_vhosts_build(struct app_conf *conf, struct config_error *e);

#endif
