/* A range is a prefix of so many bits. */
#include "net/addr_range.h"

#include <netinet/in.h>
#include <string.h>

#include "base/num.h"

static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

/* The bytes of the address and which kind it is. False: no IP address. */
static bool bytes_of(const struct addr *a, enum addr_range_kind *kind, unsigned char bytes[16])
{
    if (a->sa.sa_family == AF_INET) {
        *kind = ADDR_RANGE_V4;
        memcpy(bytes, &((const struct sockaddr_in *)(const void *)&a->storage)->sin_addr, 4);
        return true;
    }
    if (a->sa.sa_family != AF_INET6)
        return false;
    *kind = ADDR_RANGE_V6;
    memcpy(bytes, &((const struct sockaddr_in6 *)(const void *)&a->storage)->sin6_addr, 16);
    return true;
}

/* Clears what is behind the prefix. True: there was something. */
static bool cut(struct addr_range *r, unsigned width)
{
    bool is_loose = false;

    for (unsigned i = r->bits; i < width; i++) {
        unsigned char bit = (unsigned char)(0x80 >> i % 8);

        is_loose |= r->bytes[i / 8] & bit;
        r->bytes[i / 8] &= (unsigned char)~bit;
    }
    return is_loose;
}

bool addr_range_parse(struct slice text, struct addr_range *out, bool *is_loose_out)
{
    struct slice rest = text, host = slice_cut(&rest, '/');
    struct addr a = {0};
    unsigned width;
    int64_t bits;

    *out = (struct addr_range){.kind = ADDR_RANGE_ALL};
    *is_loose_out = false;
    if (slice_eq(text, SLICE("all")))
        return true;
    if (slice_eq(text, SLICE("unix:"))) {
        out->kind = ADDR_RANGE_UNIX;
        return true;
    }
    if (host.n == 0 || host.p[0] == '[' || !addr_literal(host, &a) ||
        !bytes_of(&a, &out->kind, out->bytes))
        return false;
    width = out->kind == ADDR_RANGE_V4 ? 32 : 128;
    bits = width;
    if (rest.p && (!num_parse_u63(rest, &bits) || bits > width))
        return false;
    out->bits = (unsigned)bits;
    *is_loose_out = cut(out, width);
    return true;
}

bool addr_range_of(const struct addr *a, struct addr_range *out)
{
    *out = (struct addr_range){.kind = ADDR_RANGE_ALL};
    if (!bytes_of(a, &out->kind, out->bytes))
        return false;
    out->bits = out->kind == ADDR_RANGE_V4 ? 32 : 128;
    return true;
}

static bool begins_with(const unsigned char *bytes, const struct addr_range *r)
{
    unsigned whole = r->bits / 8, left = r->bits % 8;

    return memcmp(bytes, r->bytes, whole) == 0 &&
           (left == 0 || (bytes[whole] >> (8 - left)) == (r->bytes[whole] >> (8 - left)));
}

bool addr_range_has(const struct addr_range *r, const struct addr *a)
{
    enum addr_range_kind kind;
    unsigned char bytes[16];

    if (r->kind == ADDR_RANGE_ALL)
        return true;
    if (r->kind == ADDR_RANGE_UNIX)
        return addr_is_unix(a);
    if (!bytes_of(a, &kind, bytes))
        return false;
    if (kind == r->kind)
        return begins_with(bytes, r);
    return r->kind == ADDR_RANGE_V4 && memcmp(bytes, mapped, sizeof(mapped)) == 0 &&
           begins_with(bytes + sizeof(mapped), r);
}
