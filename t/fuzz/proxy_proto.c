/* Headers of the PROXY protocol: what is read whole is read again from what is written. */
#include "proto/proxy_proto.h"

#include <stdlib.h>

#include "base/check.h"

/* Every value lies within the header. */
static void look_through(const struct proxy_proto *p, struct slice header)
{
    static const char *const names[] = {"alpn", "ssl", "ssl_cn", "ssl_0x22", "0xff", "0x", "?"};
    uint32_t number;

    (void)proxy_proto_verify(p, &number);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct slice value = proxy_proto_tlv(p, slice_str(names[i]));

        CHECK(!value.p || (value.p >= header.p && value.p + value.n <= header.p + header.n));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = malloc(size ? size : 1);
    struct proxy_proto p, back;

    if (size)
        memcpy(copy, data, size);
    if (proxy_proto_read(slice_of(copy, size), &p) == PROXY_PROTO_DONE) {
        CHECK(p.n <= size && p.n <= PROXY_PROTO_V2_MAX);
        look_through(&p, slice_of(copy, p.n));
        for (int version = 1; version <= 2; version++) {
            struct buf b = BUF_EMPTY;

            proxy_proto_write(&p, version, &b);
            CHECK(proxy_proto_read(buf_slice(&b), &back) == PROXY_PROTO_DONE && back.n == b.n);
            CHECK(back.kind == p.kind || (version == 1 && p.kind == PROXY_PROTO_UNIX));
            CHECK(back.kind != p.kind || back.source_port == p.source_port);
            buf_free(&b);
        }
    }
    free(copy);
    return 0;
}
