/* The name servers of a location, as the directives `resolver` and `resolver_timeout` say. */
#ifndef APP_LOCATION_RESOLVER_H
#define APP_LOCATION_RESOLVER_H

#include "app/location.h"
#include "net/dns/resolver.h"

/* What one `resolver` directive says; in the configuration's pool. */
struct location_resolver {
    char *servers;     /* "ip:port,…"; NULL: those of a file */
    char *resolv_conf; /* the file; NULL: /etc/resolv.conf */
    uint64_t valid;    /* seconds that answers are kept for; 0: as they say */
    bool has_ipv6;
    struct location_resolver_made *made; /* by their timeouts; this process's */
};

/* Names a new one in the pool of `conf`, whose end frees what was made of it. */
struct location_resolver *location_resolver_new(struct app_conf *conf);

/* The resolver of `l`, borrowed: made when first asked for, the same for all locations that inherit
 * both directives; the process's default one where no `resolver` is said. */
struct resolver *location_resolver_of(const struct location *l);

#endif
