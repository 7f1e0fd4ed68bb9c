/* add_before_body, add_after_body: what other locations answer, around the body of an answer. */
#ifndef APP_FILTERS_ADDITION_H
#define APP_FILTERS_ADDITION_H

#include "app/location.h"
#include "http/media_set.h"

/* What the directives of a level say. */
struct addition_conf {
    struct slice paths[2]; /* before, after; empty: nothing */
    struct media_set types;
};

/* What holds where nothing is said. */
extern const struct addition_conf addition_defaults;

/* What those locations have answered for a visit. */
struct addition {
    const struct addition_conf *conf; /* that of the location which has asked */
    struct slice texts[2];
};

/* Puts the filter behind those that the exchange of `v` has, where its location says so. Only
 * before the response starts. */
void addition_filter_add(struct visit *v);

#endif
