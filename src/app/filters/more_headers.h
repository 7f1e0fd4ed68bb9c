/* more_set_headers and its kin: fields of the response or of the request that are set or taken
 * away, one after the other. */
#ifndef APP_FILTERS_MORE_HEADERS_H
#define APP_FILTERS_MORE_HEADERS_H

#include "app/location.h"
#include "app/visit.h"

/* Whom a directive is meant for. */
struct more_when {
    int *statuses; /* -s; of the response */
    unsigned n_statuses;
    struct slice *types; /* -t: of the response, or of the request's body */
    unsigned n_types;
};

/* One field of a directive. Lists hold those of outer levels first. */
struct more_header {
    struct slice name;    /* may end with `*` where it is taken away: all that begin so */
    struct script *value; /* NULL: it is taken away, as by a value that turns out empty */
    const struct more_when *when;
    bool is_added;   /* -a: those that are there stay */
    bool only_there; /* -r: nothing, where there is none */
    struct more_header *next;
};

/* Puts the filter behind those that the exchange of `v` has, unless the location has nothing to say
 * of responses. Only before the response starts. */
void more_headers_filter_add(struct visit *v);

/* The step: does to the request what the visit's location says. */
enum step_result more_headers_step(struct visit *v, const struct step *s);

#endif
