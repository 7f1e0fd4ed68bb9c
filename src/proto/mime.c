/* Media types by file name. The table is the configuration's (`types { }`); this only finds the
 * extension. */
#include "proto/mime.h"

enum { EXTENSION_MOST = 32 };

struct slice mime_find(const struct mime_types *types, struct slice path)
{
    char lower[EXTENSION_MOST];
    const struct slice *type;
    size_t at = path.n, n;

    while (at > 0 && path.p[at - 1] != '.' && path.p[at - 1] != '/')
        at--;
    n = path.n - at;
    if (at == 0 || path.p[at - 1] != '.' || n == 0 || n > sizeof lower)
        return slice_of(NULL, 0);
    for (size_t i = 0; i < n; i++) {
        char c = path.p[at + i];
        lower[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
    }
    type = map_get(&types->by_extension, slice_of(lower, n));
    return type ? *type : slice_of(NULL, 0);
}
