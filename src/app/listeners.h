/* The sockets of a configuration: opened before the workers are forked, taken over at a reload. */
#ifndef APP_LISTENERS_H
#define APP_LISTENERS_H

#include "app/conf.h"

/* As app_open_listeners. */
bool listeners_open(struct app_conf *conf, struct app_conf *old, struct config_error *e);

/* In worker `id`: the socket to accept on; the ones of other workers are closed. */
int listeners_choose(struct listen_conf *l, int id);

/* Closes a worker's view of the sockets, which others share. */
void listeners_leave(struct app_conf *conf);

/* As app_close_listeners. */
void listeners_close(struct app_conf *conf);

#endif
