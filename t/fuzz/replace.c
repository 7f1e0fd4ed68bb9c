/* Strings replaced in a text that comes in pieces: the same as in the whole text, by a walk over
 * it.
 */
#include "proto/replace.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

enum { PAIRS_MOST = 4, FROM_MOST = 6 };

/* Strings of few letters, so that they meet. */
static size_t read_pairs(const uint8_t *data, size_t size, char from[PAIRS_MOST][FROM_MOST],
                         struct replace_pair *pairs, unsigned *n_out)
{
    size_t at = 0;

    for (*n_out = 0; *n_out < PAIRS_MOST && at < size; (*n_out)++) {
        size_t n = 1 + data[at++] % FROM_MOST;

        if (at + n > size)
            break;
        for (size_t i = 0; i < n; i++)
            from[*n_out][i] = (char)('a' + data[at + i] % 3);
        pairs[*n_out] = (struct replace_pair){slice_of(from[*n_out], n), SLICE("[x]"), false};
        at += n;
    }
    return at;
}

static void walk(const char *p, size_t n, struct replace_pair *pairs, unsigned n_pairs,
                 bool is_once, struct buf *out)
{
    for (size_t at = 0; at < n;) {
        unsigned i = 0;

        while (i < n_pairs && (pairs[i].is_done || pairs[i].from.n > n - at ||
                               strncasecmp(p + at, pairs[i].from.p, pairs[i].from.n) != 0))
            i++;
        if (i == n_pairs) {
            buf_add_char(out, p[at++]);
            continue;
        }
        buf_add_slice(out, pairs[i].to);
        pairs[i].is_done = is_once;
        at += pairs[i].from.n;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct replace_pair pairs[PAIRS_MOST], again[PAIRS_MOST];
    struct buf out = BUF_EMPTY, expected = BUF_EMPTY;
    char from[PAIRS_MOST][FROM_MOST], *text;
    bool is_once = size > 0 && data[0] % 2;
    struct replace r;
    unsigned n_pairs;
    size_t at, n, cut;

    at = size > 0 ? 1 + read_pairs(data + 1, size - 1, from, pairs, &n_pairs) : 0;
    if (size < 2 || n_pairs == 0 || at >= size)
        return 0;
    cut = 1 + data[at++] % 7;
    n = size - at;
    text = malloc(n + 1);
    for (size_t i = 0; i < n; i++)
        text[i] = data[at + i] & 1 ? (char)('a' + data[at + i] / 2 % 3) : (char)data[at + i];
    memcpy(again, pairs, sizeof(pairs));
    replace_init(&r, pairs, n_pairs, is_once);
    for (size_t i = 0; i < n; i += cut) {
        replace_feed(&r, slice_of(text + i, MIN(cut, n - i)), false, &out);
        CHECK(r.held.n < FROM_MOST);
    }
    replace_feed(&r, SLICE_EMPTY, true, &out);
    CHECK(r.held.n == 0);
    walk(text, n, again, n_pairs, is_once, &expected);
    CHECK(slice_eq(buf_slice(&out), buf_slice(&expected)));
    replace_free(&r);
    buf_free(&out);
    buf_free(&expected);
    free(text);
    return 0;
}
