/* Who is let in: rules about addresses, a password, the answer of a subrequest, Lua; of all of
 * them, or (`satisfy any`) of one. */
#ifndef APP_ACCESS_ACCESS_H
#define APP_ACCESS_ACCESS_H

#include "app/location.h"
#include "net/addr_range.h"

enum {
    ACCESS_NO_OPINION = 0,
    ACCESS_GRANTED = 200,
};

struct access_rule {
    struct addr_range range;
    bool allows;
    struct access_rule *next;
};

/* auth_request_set */
struct access_variable {
    const struct variable *var;
    struct script *value;
    struct access_variable *next;
};

/* What the directives of a level say. */
struct access_conf {
    const struct location *owner; /* whose block it was made for */
    bool satisfies_any, are_rules_own, are_variables_own;
    struct access_rule *rules;
    struct script *realm;     /* NULL: no password is asked for */
    struct script *user_file; /* NULL: none was named */
    struct slice auth_path;   /* of auth_request; n == 0: none is made */
    struct access_variable *variables;
    uint64_t delay_ms; /* before an answer of 401; 0: none */
};

/* What is said at `l`, for a change: a copy of its parent's when it has none of its own. */
struct access_conf *access_conf_own(struct location *l);

/* What follows in the access phase from an opinion: ACCESS_NO_OPINION, ACCESS_GRANTED, 401, 403, or
 * another status, which ends the visit. */
enum step_result access_weigh(struct visit *v, int status);

#endif
