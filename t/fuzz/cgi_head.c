/* Heads of CGI programs: what is taken may stand in a head of HTTP. */
#include "proto/cgi_head.h"

#include "base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice in = slice_of((const char *)data, size);
    size_t seen = 0, n = cgi_head_size(slice_of(in.p, size / 2), &seen);
    struct header_list fields = {0};
    struct cgi_head h;
    struct pool pool;

    if (!n)
        n = cgi_head_size(in, &seen);
    CHECK(n <= size);
    if (!n)
        return 0;
    pool_init(&pool, NULL, 0);
    if (!cgi_head_read(slice_of(in.p, n), &pool, &fields, &h)) {
        CHECK(h.status >= 200 && h.status <= 999 && h.content_length >= -1);
        for (unsigned i = 0; i < fields.n; i++)
            CHECK(header_is_name(fields.fields[i].name) && header_is_value(fields.fields[i].value));
    }
    pool_reset(&pool);
    return 0;
}
