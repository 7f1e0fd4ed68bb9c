/* One loop; no name of a protocol has a comma in it. */
#include "net/tls/tls_alpn.h"

bool tls_alpn_encode(struct slice list, struct buf *out)
{
    while (list.p) {
        struct slice name = slice_trim(slice_cut(&list, ','));

        if (name.n == 0 || name.n > 255)
            return false;
        buf_add_char(out, (char)name.n);
        buf_add_slice(out, name);
    }
    return true;
}
