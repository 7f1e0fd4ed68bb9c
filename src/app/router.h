/* From a request to its server and its location: hashes and a trie, built when the configuration is
 * loaded. */
#ifndef APP_ROUTER_H
#define APP_ROUTER_H

#include "app/conf.h"
#include "app/visit.h"

/* Compiles the names of all listeners and the locations of all servers. False with `e` filled
 * (conflicts, bad regexes). */
bool router_build(struct app_conf *conf, struct config_error *e);

/* The server for a host as requests have it: exact, longest *.wildcard, longest wildcard.*, first
 * regex (its named captures set variables), default. `v` may be NULL. */
const struct vhost *router_find_vhost(const struct listen_conf *l, struct slice host,
                                      struct visit *v);

/* The location for v->x->req.path by nginx's rules: exact; longest prefix, remembered; ^~ ends;
 * regexes in order (captures set in `v`); nested locations. Sets v->loc, v->path_prefix. The
 * server's own level when nothing matches, and when a regex fails: false then. */
bool router_find_location(struct visit *v);

/* The named location ("x" without @) of the server, or NULL. */
const struct location *router_find_named(const struct vhost *vh, struct slice name);

#endif
