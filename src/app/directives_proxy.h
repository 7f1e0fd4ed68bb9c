/* proxy_pass of http: what is left to do when all has been read. */
#ifndef APP_DIRECTIVES_PROXY_H
#define APP_DIRECTIVES_PROXY_H

#include "app/conf.h"
#include "config/config_error.h"

/* Finds the groups that proxy_pass and grpc_pass name. */
bool directives_proxy_resolve(struct app_conf *conf, struct config_error *e);

#endif
