/* Response heads: whatever is accepted has lines that CRLF alone ends and one framing, and the
 * answer does not depend on where the input was cut. */
#include "proto/http1_response.h"

#include <stdlib.h>

#include "base/check.h"

static const struct http1_limits limits = {200, 600, 10};

static enum http1_result parse_part(const uint8_t *data, size_t n, struct http1_response *out)
{
    char *copy = malloc(n ? n : 1);
    enum http1_result r;

    if (n)
        memcpy(copy, data, n);
    r = http1_parse_response(copy, n, &limits, out);
    if (r == HTTP1_DONE) {
        CHECK(out->head.size <= n && out->status >= 100 && out->status <= 999);
        CHECK(!(out->head.is_chunked && out->head.content_length >= 0));
        for (unsigned i = 0; i < out->head.headers.n; i++)
            CHECK(header_is_name(out->head.fields[i].name) &&
                  header_is_value(out->head.fields[i].value));
        for (size_t i = 0; i < out->head.size; i++)
            CHECK((copy[i] != '\n' || copy[i - 1] == '\r') &&
                  (copy[i] != '\r' || copy[i + 1] == '\n'));
    }
    free(copy);
    return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct http1_response whole, part;
    enum http1_result r = parse_part(data, size, &whole);

    for (size_t n = 0; n < size && size < 600; n++) {
        enum http1_result p = parse_part(data, n, &part);

        CHECK(p == HTTP1_MORE || (p == r && part.head.size == whole.head.size));
    }
    return 0;
}
