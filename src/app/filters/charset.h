/* charset: the encoding that responses are said to have. */
#ifndef APP_FILTERS_CHARSET_H
#define APP_FILTERS_CHARSET_H

#include "app/location.h"
#include "http/media_set.h"

/* What the directives of a level say. */
struct charset_conf {
    struct script *name; /* NULL: off */
    bool overrides;      /* what a response says already, too */
    bool has_types;      /* charset_types was said */
    struct media_set types;
};

/* What holds where nothing is said. */
extern const struct charset_conf charset_defaults;

/* Adds the parameter to the Content-Type of the response of `v`, where its location says so. */
void charset_apply(struct visit *v, const struct charset_conf *c);

#endif
