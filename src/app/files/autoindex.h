/* Listings of directories: a page for people, JSON for programs. */
#ifndef APP_FILES_AUTOINDEX_H
#define APP_FILES_AUTOINDEX_H

#include "app/visit.h"

/* The listing of the directory `dir` (terminated path), in the visit's pool; *type_out is its media
 * type. JSON when autoindex_format says so, or when the request's Accept names application/json and
 * not text/html. 0, or the errno value why it cannot be read, EINVAL when the request names a
 * callback that cannot be one. Blocks. */
int autoindex_page(struct visit *v, struct slice dir, struct slice *page_out,
                   struct slice *type_out) MUST_USE;

/* The name of one of its files, each time another; empty when there is none. 0 or errno; blocks. */
int autoindex_random(struct visit *v, struct slice dir, struct slice *name_out) MUST_USE;

#endif
