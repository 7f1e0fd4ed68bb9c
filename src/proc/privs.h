/* Who a worker is. */
#ifndef PROC_PRIVS_H
#define PROC_PRIVS_H

#include "app/conf.h"

struct privs {
    bool is_needed; /* false: the process stays who it is */
    uid_t uid;
    gid_t gid;
    char name[256];
    bool keeps_raw; /* CAP_NET_RAW: for sockets with addresses of others */
};

/* Looks up the user and group of `conf`; without the `user` directive root's workers become nobody.
 * Without root nothing is changed later. False with `e` filled. */
bool privs_resolve(const struct app_conf *conf, struct privs *out, struct config_error *e) MUST_USE;

/* Becomes the user, for good. False (logged) when the system refuses. */
bool privs_drop(const struct privs *p) MUST_USE;

/* Gives the log files of `conf` to the user, so that workers can reopen them. */
void privs_own_logs(const struct privs *p, struct app_conf *conf);

#endif
