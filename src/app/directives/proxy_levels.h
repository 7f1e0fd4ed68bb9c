/* The settings of proxy_… and its kin (grpc_…, fastcgi_…, uwsgi_…, scgi_…) of a level: http,
 * server, location. */
#ifndef APP_DIRECTIVES_PROXY_LEVELS_H
#define APP_DIRECTIVES_PROXY_LEVELS_H

#include "app/proxy/proxy_conf.h"

struct apply;
struct config_error;
struct config_node;

/* Which of them a directive belongs to, by its name. */
enum proxy_kind directives_proxy_kind(const struct config_node *node);

/* The settings of this level that the directive is about. */
struct proxy_conf *directives_proxy_own(struct apply *a, const struct config_node *node);

/* Those that hold above it; NULL: there is no level above. */
const struct proxy_conf *directives_proxy_above(const struct apply *a,
                                                const struct config_node *node);

/* As directive.apply: on or off of the enum proxy_flag that is `id` of the directive. */
bool directives_proxy_flag(void *ctx, const struct config_node *node, struct config_error *e);

/* Lists are not added to those of the parent: the first entry of a level starts anew. The list is
 * `offset` bytes from the start of the settings. */
void directives_proxy_forget_inherited(struct apply *a, const struct config_node *node,
                                       size_t offset);

/* Adds an entry to such a list. */
struct proxy_field *directives_proxy_add(struct apply *a, const struct config_node *node,
                                         size_t offset, struct slice name);

/* As directive.apply: adds its argument to the list that is `id` of the directive. */
bool directives_proxy_name(void *ctx, const struct config_node *node, struct config_error *e);

#endif
