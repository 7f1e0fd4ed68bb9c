/* Host names: limits of RFC 1035, IDNA by libidn2. Underscores and other printing ASCII are let
 * through, since names of services have them. */
#include "net/dns/dns_name.h"

#include <idn2.h>
#include <netinet/in.h>

#include "base/mem.h"

enum { LABEL_MAX = 63, NAME_MAX_TEXT = 253 };

static bool is_ascii(struct slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] >= 0x80)
            return false;
    }
    return true;
}

static bool is_plain(struct slice label)
{
    for (size_t i = 0; i < label.n; i++) {
        unsigned char c = (unsigned char)label.p[i];

        if (c <= ' ' || c >= 0x7f || c == '\\')
            return false;
    }
    return label.n > 0 && label.n <= LABEL_MAX;
}

static bool is_well_formed(struct slice name)
{
    struct slice label;

    if (name.n && name.p[name.n - 1] == '.')
        name.n--;
    if (name.n == 0 || name.n > NAME_MAX_TEXT)
        return false;
    while ((label = slice_cut(&name, '.')).p) {
        if (!is_plain(label))
            return false;
    }
    return true;
}

bool dns_name_to_ascii(struct slice name, struct buf *out)
{
    char *text, *ascii = NULL;
    bool ok;

    if (is_ascii(name)) {
        buf_add_slice(out, name);
        return is_well_formed(name);
    }
    if (slice_find(name, '\0') >= 0 || name.n > 4 * NAME_MAX_TEXT)
        return false;
    text = mem_strdup(name);
    ok = idn2_to_ascii_8z(text, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) == IDN2_OK;
    mem_free(text);
    if (ok)
        buf_add_slice(out, slice_str(ascii));
    ok = ok && is_well_formed(slice_str(ascii));
    idn2_free(ascii);
    return ok;
}

bool dns_name_is_localhost(struct slice name)
{
    static const struct slice suffix = {".localhost", 10};

    if (name.n && name.p[name.n - 1] == '.')
        name.n--;
    return slice_ieq(name, SLICE("localhost")) ||
           (name.n > suffix.n && slice_ieq(slice_from(name, name.n - suffix.n), suffix));
}

void dns_name_reverse(const struct addr *a, struct buf *out)
{
    bool is_v4 = a->sa.sa_family == AF_INET;
    const char *ip =
        is_v4 ? (const char *)&((const struct sockaddr_in *)(const void *)&a->storage)->sin_addr
              : (const char *)&((const struct sockaddr_in6 *)(const void *)&a->storage)->sin6_addr;

    for (size_t i = is_v4 ? 4 : 16; i-- > 0;) {
        unsigned char c = (unsigned char)ip[i];

        if (is_v4)
            buf_printf(out, "%u.", c);
        else
            buf_printf(out, "%x.%x.", c & 15, c >> 4);
    }
    buf_add_slice(out, is_v4 ? SLICE("in-addr.arpa") : SLICE("ip6.arpa"));
}
