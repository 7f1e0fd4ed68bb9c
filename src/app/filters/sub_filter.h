/* sub_filter: strings of a response's body that others take the place of. */
#ifndef APP_FILTERS_SUB_FILTER_H
#define APP_FILTERS_SUB_FILTER_H

#include "app/location.h"
#include "http/media_set.h"

/* One directive; both may hold variables. */
struct sub_pair {
    struct script *from, *to;
    struct sub_pair *next;
};

/* What the directives of a level say. */
struct sub_conf {
    struct sub_pair *pairs;
    bool is_once, keeps_modified;
    struct media_set types;
};

/* What holds where nothing is said. */
extern const struct sub_conf sub_defaults;

/* Will a whole response with the head as it is now be changed? */
bool sub_filter_is_meant(const struct visit *v);

/* Puts the filter behind those that the exchange of `v` has, where the location says so. Only
 * before the response starts. */
void sub_filter_add(struct visit *v);

#endif
