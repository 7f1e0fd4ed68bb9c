/* Records of a FastCGI server: whole and byte by byte tell the same. */
#include "proto/fastcgi.h"

#include <stdlib.h>

#include "base/check.h"

/* Adds all that was told to `told`. */
static enum fastcgi_result run(struct slice in, size_t step, struct buf *told)
{
    struct fastcgi_reader r = {0};
    enum fastcgi_result result = FASTCGI_MORE;

    for (size_t at = 0; at < in.n && result < FASTCGI_END;) {
        size_t n = MIN(step, in.n - at);
        char *copy = memcpy(malloc(n), in.p + at, n);
        struct slice part = slice_of(copy, n), piece;

        at += n;
        while ((result = fastcgi_read(&r, &part, &piece)) == FASTCGI_OUTPUT ||
               result == FASTCGI_ERRORS) {
            CHECK(piece.n > 0 && piece.p >= copy && piece.p + piece.n <= copy + n);
            for (size_t i = 0; i < piece.n; i++) {
                buf_add_char(told, (char)result);
                buf_add_char(told, piece.p[i]);
            }
        }
        CHECK(result != FASTCGI_MORE || part.n == 0);
        CHECK((result == FASTCGI_BAD) == (r.reason != NULL));
        free(copy);
    }
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice in = slice_of((const char *)data, size);
    struct buf whole = BUF_EMPTY, pieces = BUF_EMPTY;

    if (!size)
        return 0;
    CHECK(run(in, size, &whole) == run(in, 1, &pieces));
    CHECK(slice_eq(buf_slice(&whole), buf_slice(&pieces)));
    buf_free(&whole);
    buf_free(&pieces);
    return 0;
}
