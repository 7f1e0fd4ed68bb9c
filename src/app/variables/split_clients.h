/* `split_clients`: a variable that has one of several values, each for a share of all strings. */
#ifndef APP_VARIABLES_SPLIT_CLIENTS_H
#define APP_VARIABLES_SPLIT_CLIENTS_H

#include "app/conf.h"
#include "app/variables/script.h"

enum { SPLIT_ALL = 10000 }; /* hundredths of a percent */

struct split_part {
    uint32_t share; /* of SPLIT_ALL; 0: what is left (`*`) */
    uint32_t below; /* hashes that are its own; of `*` not used */
    struct slice value;
};

struct split_clients {
    struct script *source;
    struct split_part *parts;
    unsigned n;
};

/* Divides the hashes by the shares. False: they are more than all. */
bool split_clients_divide(struct split_clients *s);

/* Getter of the variable whose data it is. */
struct slice split_clients_get(struct visit *v, const struct variable *var);

#endif
