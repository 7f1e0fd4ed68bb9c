/* File name → media type, by the extension. */
#ifndef PROTO_MIME_H
#define PROTO_MIME_H

#include "base/map.h"
#include "base/slice.h"

struct mime_types {
    struct map by_extension; /* lower-case extension → struct slice * in the owner's pool */
};

/* The type for the extension of `path` (after the last '.' of the last segment, any case); p ==
 * NULL when unknown. */
struct slice mime_find(const struct mime_types *types, struct slice path);

#endif
