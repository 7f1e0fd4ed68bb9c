/* Listings of directories: a page for people, JSON for programs. */
#ifndef APP_FILES_AUTOINDEX_H
#define APP_FILES_AUTOINDEX_H

#include "app/visit.h"

/* The listing of the directory `dir` (terminated path), in the visit's pool; *type_out is its media
 * type. JSON when autoindex_format says so, or when the request's Accept names application/json and
 * not text/html. 0, or the errno value why it cannot be read. Blocks. */
int autoindex_page(struct visit *v, struct slice dir, struct slice *page_out,
                   struct slice *type_out) MUST_USE;

#endif
