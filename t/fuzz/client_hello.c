/* ClientHellos: nothing is read beyond the end, and what is known of the start stays true. */
#include "proto/client_hello.h"

#include <stdlib.h>

#include "base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = malloc(size ? size : 1);
    struct client_hello whole, part;
    enum client_hello_result r, early;

    if (size)
        memcpy(copy, data, size);
    r = client_hello_read(slice_of(copy, size), &whole);
    CHECK(whole.name_n <= CLIENT_HELLO_NAME_MAX && whole.alpn_n <= CLIENT_HELLO_ALPN_MAX);
    early = client_hello_read(slice_of(copy, size / 2), &part);
    CHECK(early == CLIENT_HELLO_MORE || early == r);
    free(copy);
    return 0;
}
