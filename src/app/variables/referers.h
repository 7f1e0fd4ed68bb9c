/* valid_referers: whose pages may link here, and $invalid_referer. */
#ifndef APP_VARIABLES_REFERERS_H
#define APP_VARIABLES_REFERERS_H

#include "app/location.h"
#include "app/name_table.h"
#include "app/variables/regex.h"

struct referer_regex {
    const struct regex *regex;
    bool is_of_host; /* it came as the name of a server */
    struct referer_regex *next;
};

/* What the directives of a level say. */
struct referers {
    struct name_table names; /* → struct slice *: what the path begins with */
    struct referer_regex *regexes;
    bool takes_none;    /* no Referer at all */
    bool takes_blocked; /* one without its scheme */
    bool takes_servers; /* the names of the server, added when its block ends */
    bool has_names;
};

/* Adds a name, with a path perhaps, or "~regex", kept in the configuration's pool. False with
 * nginx's words in *error_out. */
bool referers_add(struct app_conf *conf, struct referers *r, struct slice text,
                  struct slice *error_out);

/* The block of `l` has ended: adds the names of its server, where that was asked for. */
bool referers_end(struct location *l, struct slice *error_out);

#endif
