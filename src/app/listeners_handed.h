/* Listening sockets that one program hands over to the one that takes its place. */
#ifndef APP_LISTENERS_HANDED_H
#define APP_LISTENERS_HANDED_H

#include "app/conf.h"

/* For the process that will execute the other program: the sockets of `conf` survive that; appends
 * their descriptors, "6;7;". */
void listeners_hand_over(const struct app_conf *conf, struct buf *out);

/* In the other program: a configuration that has these sockets and nothing else, to open its own
 * with (listeners_open). What is no socket is passed over. */
struct app_conf *listeners_take_handed(struct slice descriptors);

#endif
