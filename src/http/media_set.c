/* A Content-Type without its parameters, looked up. */
#include "http/media_set.h"

bool media_set_has(const struct media_set *s, struct slice content_type)
{
    struct slice type = slice_trim(slice_cut(&content_type, ';'));

    return s->has_all || slice_ieq(type, SLICE("text/html")) ||
           (s->names && map_get(s->names, type));
}
