/* The names of one listener's servers, compiled: from a host to its server. */
#ifndef APP_ROUTER_HOSTS_H
#define APP_ROUTER_HOSTS_H

#include "app/conf.h"
#include "app/visit.h"

struct hosts;

/* Compiles the names of `l` into l->hosts, in the configuration's pool. Names that an earlier
 * server has are warned about and left to it. False with `e` filled: a name or a regex is not
 * valid. */
bool router_hosts_build(struct app_conf *conf, struct listen_conf *l, struct config_error *e);

/* The server for `host` (lower case, without port) or NULL. Captures of a regex go to `v`, which
 * may be NULL. */
const struct vhost *router_hosts_find(const struct hosts *h, struct slice host, struct visit *v);

#endif
