/* X-Forwarded-For: who is found is an address that can be written and read again, and never anybody
 * when the connection is from somebody who is not trusted. */
#include "net/forwarded.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = malloc(size ? size : 1);
    struct addr_range ranges[2];
    struct forwarded_trust t = {ranges, ARRAY_LEN(ranges)};
    struct addr client, back;
    bool is_loose;

    if (size)
        memcpy(copy, data, size);
    CHECK(addr_range_parse(SLICE("10.0.0.0/8"), &ranges[0], &is_loose));
    CHECK(addr_range_parse(SLICE("2001:db8::/32"), &ranges[1], &is_loose));
    CHECK(addr_parse(SLICE("11.0.0.1"), 1, &client) == NULL);
    CHECK(!forwarded_client(&t, slice_of(copy, size), FORWARDED_HOPS_ALL, &client));
    for (int hops = -1; hops < 3; hops++) {
        struct buf text = BUF_EMPTY;

        CHECK(addr_parse(SLICE("10.0.0.1"), 1, &client) == NULL);
        if (forwarded_client(&t, slice_of(copy, size), hops, &client)) {
            addr_format(&client, &text);
            CHECK(hops != 0 && addr_parse(buf_slice(&text), 0, &back) == NULL);
            CHECK(addr_eq(&client, &back));
        }
        buf_free(&text);
    }
    free(copy);
    return 0;
}
