/* `listen`: which addresses there are, and which servers share them. */
#ifndef APP_DIRECTIVES_LISTEN_H
#define APP_DIRECTIVES_LISTEN_H

#include "app/conf.h"
#include "config/config_error.h"

/* A server that names no address listens on port 80, or on 8000 when not started by root. */
bool directives_listen_default(struct app_conf *conf, struct vhost *vh,
                               const struct config_node *node, struct config_error *e);

/* A server of `stream` must name one. */
bool directives_listen_check(const struct app_conf *conf, const struct vhost *vh,
                             const struct config_node *node, struct config_error *e);

/* Registers the table. */
void directives_listen_register(void);

#endif
