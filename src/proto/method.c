/* Request methods: names to numbers and back.
 *
 * To add one: an entry in the enum and one in `names`. */
#include "proto/method.h"

static const struct slice names[METHOD_COUNT] = {
    [METHOD_OTHER] = {"", 0},
    [METHOD_GET] = {"GET", 3},
    [METHOD_HEAD] = {"HEAD", 4},
    [METHOD_POST] = {"POST", 4},
    [METHOD_PUT] = {"PUT", 3},
    [METHOD_DELETE] = {"DELETE", 6},
    [METHOD_OPTIONS] = {"OPTIONS", 7},
    [METHOD_PATCH] = {"PATCH", 5},
    [METHOD_TRACE] = {"TRACE", 5},
    [METHOD_CONNECT] = {"CONNECT", 7},
    [METHOD_MKCOL] = {"MKCOL", 5},
    [METHOD_COPY] = {"COPY", 4},
    [METHOD_MOVE] = {"MOVE", 4},
    [METHOD_PROPFIND] = {"PROPFIND", 8},
    [METHOD_PROPPATCH] = {"PROPPATCH", 9},
    [METHOD_LOCK] = {"LOCK", 4},
    [METHOD_UNLOCK] = {"UNLOCK", 6},
};

enum method method_parse(struct slice name)
{
    if (LIKELY(name.n == 3 && memcmp(name.p, "GET", 3) == 0))
        return METHOD_GET;
    for (unsigned m = METHOD_GET + 1; m < METHOD_COUNT; m++)
        if (names[m].n == name.n && memcmp(names[m].p, name.p, name.n) == 0)
            return (enum method)m;
    return METHOD_OTHER;
}

struct slice method_name(enum method m)
{
    return names[m];
}

bool method_is_safe(enum method m)
{
    return m == METHOD_GET || m == METHOD_HEAD || m == METHOD_OPTIONS || m == METHOD_TRACE ||
           m == METHOD_PROPFIND;
}
