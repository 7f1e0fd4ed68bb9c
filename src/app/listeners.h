/* The sockets of a configuration: opened before the workers are forked, taken over at a reload. */
#ifndef APP_LISTENERS_H
#define APP_LISTENERS_H

#include "app/conf.h"

/* As app_open_listeners. */
bool listeners_open(struct app_conf *conf, struct app_conf *old, struct config_error *e);

/* Closes a worker's view of the sockets, which others share. */
void listeners_leave(struct app_conf *conf);

/* As app_close_listeners. */
void listeners_close(struct app_conf *conf);

#endif
