/* The sockets of a configuration: opened before the workers are forked, taken over at a reload. */
#ifndef APP_LISTENERS_H
#define APP_LISTENERS_H

#include "app/conf.h"

/* Opens every listening socket of `conf`, taking over those of `old` (may be NULL) that have the
 * same address; what only `old` has stays open there until listeners_close(old). False with `e`
 * filled: nothing of `conf` is open then. */
bool listeners_open(struct app_conf *conf, struct app_conf *old, struct config_error *e);

/* In worker `id` of `n_workers`: closes the sockets of other workers. How many are left to accept
 * on, those of l->fds that are >= 0. */
unsigned listeners_choose(struct listen_conf *l, int id, int n_workers);

/* Closes a worker's view of the sockets, which others share. */
void listeners_leave(struct app_conf *conf);

/* The same for the Unix socket that is called `name` ("unix:/path"). False: there is none. */
bool listeners_leave_unix(struct app_conf *conf, struct slice name);

/* Closes the sockets that `conf` still owns (those taken over are not), and removes the files of
 * Unix sockets unless another program serves them. */
void listeners_close(struct app_conf *conf, bool removes_files);

/* The one of `conf` (may be NULL) that has the address and kind of `like`, or NULL. */
struct listen_conf *listeners_find(struct app_conf *conf, const struct listen_conf *like);

#endif
