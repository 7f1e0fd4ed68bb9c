/* Headers of the PROXY protocol: what is read whole is read again from what is written. */
#include "proto/proxy_proto.h"

#include <stdlib.h>

#include "base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = malloc(size ? size : 1);
    struct proxy_proto p, back;

    if (size)
        memcpy(copy, data, size);
    if (proxy_proto_read(slice_of(copy, size), &p) == PROXY_PROTO_DONE) {
        CHECK(p.n <= size && p.n <= PROXY_PROTO_V2_MAX);
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
