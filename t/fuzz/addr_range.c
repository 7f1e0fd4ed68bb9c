/* Ranges of addresses: what is taken is cut to its prefix, holds its own first address when that is
 * one, and is as long as its kind allows. The first 16 bytes are an address to look for. */
#include "net/addr_range.h"

#include <netinet/in.h>

#include "base/check.h"

static struct addr v6_address(const void *bytes)
{
    struct addr a = {.len = sizeof(struct sockaddr_in6)};
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)(void *)&a.storage;

    in6->sin6_family = AF_INET6;
    memcpy(&in6->sin6_addr, bytes, sizeof in6->sin6_addr);
    return a;
}

static struct addr v4_address(const void *bytes)
{
    struct addr a = {.len = sizeof(struct sockaddr_in)};
    struct sockaddr_in *in = (struct sockaddr_in *)(void *)&a.storage;

    in->sin_family = AF_INET;
    memcpy(&in->sin_addr, bytes, sizeof in->sin_addr);
    return a;
}

static void check_prefix(const struct addr_range *r)
{
    unsigned width = r->kind == ADDR_RANGE_V4 ? 32 : 128;
    struct addr first = r->kind == ADDR_RANGE_V4 ? v4_address(r->bytes) : v6_address(r->bytes);

    CHECK(r->bits <= width);
    for (unsigned i = r->bits; i < width; i++)
        CHECK(!(r->bytes[i / 8] & 0x80 >> i % 8));
    CHECK(addr_range_has(r, &first));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct addr_range r;
    struct addr a6, a4;
    bool is_loose;

    if (size < 16)
        return 0;
    if (!addr_range_parse(slice_of((const char *)data + 16, size - 16), &r, &is_loose))
        return 0;
    if (r.kind == ADDR_RANGE_V4 || r.kind == ADDR_RANGE_V6)
        check_prefix(&r);
    a6 = v6_address(data);
    a4 = v4_address(data);
    CHECK(addr_range_has(&r, &a6) <= (r.kind != ADDR_RANGE_UNIX));
    CHECK(addr_range_has(&r, &a4) <= (r.kind == ADDR_RANGE_ALL || r.kind == ADDR_RANGE_V4));
    return 0;
}
