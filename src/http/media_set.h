/* Media types that a directive is about. */
#ifndef HTTP_MEDIA_SET_H
#define HTTP_MEDIA_SET_H

#include "base/map.h"
#include "base/slice.h"

/* `text/html` is always one of them. */
struct media_set {
    const struct map *names; /* the others, in any case; NULL: none */
    bool has_all;
};

/* Is the type of this Content-Type, whose parameters do not matter, one of them? */
bool media_set_has(const struct media_set *s, struct slice content_type);

#endif
