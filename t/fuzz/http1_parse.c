/* Request heads. Whatever is accepted has one reading: CRLF ends each line and nothing else does,
 * names and values keep to the grammar, one framing. And the answer must not depend on where the
 * input was cut. */
#include "proto/http1_parse.h"

#include <stdlib.h>

#include "base/check.h"

static const struct http1_limits all_limits[] = {{8192, 32768, 100}, {40, 120, 4}};

/* Leading empty lines, the request line, one line per field, the blank line. */
static void check_lines(const char *p, const struct http1_head *h)
{
    size_t lines = 0, empty = 0;

    while (p[2 * empty] == '\r')
        empty++;
    for (size_t i = 0; i < h->size; i++) {
        if (p[i] == '\r')
            CHECK(i + 1 < h->size && p[i + 1] == '\n');
        if (p[i] == '\n') {
            CHECK(i > 0 && p[i - 1] == '\r');
            lines++;
        }
        CHECK(p[i] != 0 && p[i] != 0x7f);
    }
    CHECK(lines == empty + 1 + h->headers.n + 1);
}

static void check_fields(const struct http1_head *h)
{
    unsigned hosts = 0, lengths = 0, codings = 0;

    for (unsigned i = 0; i < h->headers.n; i++) {
        const struct header *f = &h->headers.fields[i];
        CHECK(header_is_name(f->name) && header_is_value(f->value));
        CHECK(f->id == header_id(f->name));
        CHECK(f->name.p[f->name.n] == ':');
        hosts += f->id == HEADER_HOST;
        lengths += f->id == HEADER_CONTENT_LENGTH;
        codings += f->id == HEADER_TRANSFER_ENCODING;
    }
    CHECK(hosts <= 1 && lengths + codings <= 1 && hosts + (h->minor == 0) >= 1);
    CHECK((lengths == 1) == (h->content_length >= 0));
    CHECK((codings == 1) == h->is_chunked);
}

/* The bytes 0..n of `data`, in memory that ends with them. */
static enum http1_result parse_part(const uint8_t *data, size_t n, const struct http1_limits *l,
                                    struct http1_head *out)
{
    char *copy = malloc(n ? n : 1);
    enum http1_result r;

    if (n)
        memcpy(copy, data, n);
    r = http1_parse_request(copy, n, l, out);
    free(copy);
    return r;
}

static void check_cut(const uint8_t *data, size_t n, const struct http1_limits *l,
                      enum http1_result final, const struct http1_head *whole)
{
    static struct http1_head part;
    enum http1_result r = parse_part(data, n, l, &part);

    if (r == HTTP1_MORE)
        return;
    CHECK(r == final && part.status == whole->status && part.size == whole->size);
    CHECK(r == HTTP1_DONE || strcmp(part.reason, whole->reason) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct http1_head h;

    for (size_t i = 0; i < ARRAY_LEN(all_limits); i++) {
        char *copy = malloc(size ? size : 1);
        enum http1_result r;
        if (size)
            memcpy(copy, data, size);
        r = http1_parse_request(copy, size, &all_limits[i], &h);
        if (r == HTTP1_DONE) {
            CHECK(h.size <= size && h.size <= all_limits[i].block);
            check_lines(copy, &h);
            check_fields(&h);
        }
        free(copy);
        for (size_t n = 0; n < size && size < 600; n++)
            check_cut(data, n, &all_limits[i], r, &h);
    }
    return 0;
}
