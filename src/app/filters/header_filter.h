/* add_header, expires: fields that a location adds to its responses. */
#ifndef APP_FILTERS_HEADER_FILTER_H
#define APP_FILTERS_HEADER_FILTER_H

#include "app/visit.h"

/* Puts the filter behind those that the exchange of `v` has, unless the location has nothing to add
 * or the filter is there already. Only before the response starts. What it adds is decided by the
 * location the visit is in when the head goes out. */
void header_filter_add(struct visit *v);

/* All rules of a level have been read: add_header_inherit and add_trailer_inherit say which of
 * those above hold, too. */
void header_filter_end_level(struct location *l);

#endif
