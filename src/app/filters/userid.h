/* userid: a cookie that tells one client from another. */
#ifndef APP_FILTERS_USERID_H
#define APP_FILTERS_USERID_H

#include "app/location.h"

enum userid_mode {
    USERID_OFF,
    USERID_LOG, /* what clients have is read, nothing is set */
    USERID_V1,  /* set, in the older form */
    USERID_ON,  /* set */
};

enum {
    USERID_NEVER_EXPIRES = -1, /* for as long as the browser runs */
    USERID_FAR_EXPIRES = -2,   /* as late as there is */
};

/* What the directives of a level say. */
struct userid_conf {
    enum userid_mode mode;
    struct slice name, domain, path, p3p, flags; /* flags: as they are sent; n == 0: none */
    const struct variable *cookie;               /* the client's, by that name; NULL: of `uid` */
    int64_t expires;                             /* seconds, or one of the above */
    int64_t service;                             /* -1: the server's address */
    char mark;                                   /* 0: none */
};

/* What holds where nothing is said. */
extern const struct userid_conf userid_defaults;

/* Adds the cookie to the answer, when the client should get one. */
void userid_apply(struct visit *v);

#endif
