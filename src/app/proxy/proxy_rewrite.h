/* What clients see of a server's Location, Refresh and cookies. */
#ifndef APP_PROXY_PROXY_REWRITE_H
#define APP_PROXY_PROXY_REWRITE_H

#include "app/proxy/proxy.h"

enum proxy_flag_change { PROXY_FLAG_KEPT, PROXY_FLAG_SET, PROXY_FLAG_TAKEN };

/* proxy_cookie_flags */
struct proxy_cookie_flags {
    struct script *name;
    struct regex *pattern; /* in place of name */
    const struct captures_names *names;
    enum proxy_flag_change secure, http_only, same_site;
    const char *site; /* what SameSite is set to */
    struct proxy_cookie_flags *next;
};

/* The value of a field for the client: another one by the rules of the location, or the same. */
struct slice proxy_rewrite_value(const struct proxy *p, const struct header *h);

#endif
