/* proxy_pass of stream: what is left to do when all has been read. */
#ifndef APP_DIRECTIVES_RELAY_H
#define APP_DIRECTIVES_RELAY_H

#include "app/conf.h"
#include "config/config_error.h"

/* All of stream has been read: finds the groups that proxy_pass names. */
bool directives_relay_resolve(struct app_conf *conf, struct config_error *e);

#endif
