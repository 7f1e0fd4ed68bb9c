/* Addresses of servers that the configuration names: asked for by one worker when it starts, and
 * again when what was answered expires (see upstream_slots.h). */
#ifndef APP_PROXY_UPSTREAM_NAMES_H
#define APP_PROXY_UPSTREAM_NAMES_H

#include "app/conf.h"

/* Before the fork: until they are asked for, the addresses are those of the configuration before;
 * `old` may be NULL. Its groups know their addresses afterwards. */
void upstream_names_inherit(const struct app_conf *conf, const struct app_conf *old);

/* This worker is the one that asks. */
void upstream_names_start(const struct app_conf *conf);

/* It asks no more. */
void upstream_names_stop(void);

#endif
