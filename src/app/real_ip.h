/* The client behind a proxy that is trusted: who it is for variables, rules, limits and logs, where
 * set_real_ip_from and its kin say so. */
#ifndef APP_REAL_IP_H
#define APP_REAL_IP_H

#include "app/location.h"
#include "net/forwarded.h"
#include "proto/header.h"

enum real_ip_source {
    REAL_IP_FIELD,          /* the first field of that name */
    REAL_IP_FORWARDED_FOR,  /* all of X-Forwarded-For */
    REAL_IP_PROXY_PROTOCOL, /* what the connection began with */
};

/* What the directives of a level say. */
struct real_ip_conf {
    struct forwarded_trust trust;
    unsigned room; /* of trust.ranges */
    enum real_ip_source source;
    struct slice field;
    bool is_recursive;
};

/* What holds where nothing is said. */
extern const struct real_ip_conf real_ip_defaults;

/* Makes the client of the visit the one that is told, unless that was done before. */
void real_ip_learn(struct visit *v, const struct real_ip_conf *c);

/* Goes back from *a along X-Forwarded-For (see net/forwarded.h): one address, or with
 * `is_recursive` as far as they are trusted. False: nowhere. */
bool real_ip_forwarded_for(const struct visit *v, const struct forwarded_trust *trust,
                           bool is_recursive, struct addr *a);

/* The step: the same by the settings of the visit's location. */
enum step_result real_ip_step(struct visit *v, const struct step *s);

#endif
