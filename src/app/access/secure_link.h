/* Links that only those know whom they were given to: secure_link, secure_link_md5,
 * secure_link_secret. */
#ifndef APP_ACCESS_SECURE_LINK_H
#define APP_ACCESS_SECURE_LINK_H

#include "app/location.h"

/* What the directives of a level say. */
struct secure_link_conf {
    struct script *link; /* a checksum, and perhaps when it expires; NULL: not said */
    struct script *text; /* what the checksum is of; NULL: not said */
    struct slice secret; /* of links with their checksum in the path; n == 0: not said */
};

/* What holds where nothing is said. */
extern const struct secure_link_conf secure_link_defaults;

#endif
