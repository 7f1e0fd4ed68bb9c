/* Ranges and conditions: what is asked for, or told, lies inside, and its sum is no more than the
 * whole. The first eight bytes are the size, the next the field that the rest stands in. */
#include "proto/range.h"

#include "base/check.h"

static void check_ranges(struct slice value, int64_t size)
{
    struct range out[8];
    unsigned n;
    int64_t sum = 0;
    enum range_result r = range_parse(value, size, out, ARRAY_LEN(out), &n);

    CHECK(n <= ARRAY_LEN(out) && (r == RANGE_SOME) == (n > 0));
    for (unsigned i = 0; i < n; i++) {
        CHECK(out[i].first >= 0 && out[i].size > 0 && out[i].size <= size - out[i].first);
        CHECK(out[i].size <= size - sum);
        sum += out[i].size;
    }
}

static void check_content(struct slice value)
{
    struct range r;
    int64_t total;

    if (range_parse_content(value, &r, &total))
        CHECK(r.first >= 0 && r.size > 0 && r.size <= total - r.first);
}

static void check_conditions(struct slice value, enum header_id id, int64_t mtime)
{
    struct header f = {header_name(id), value, id, false};
    struct header_list l = {&f, 1, 1};
    int status = range_check_conditions(&l, METHOD_GET, SLICE("\"a\""), mtime, mtime & 1);

    CHECK(status == 0 || status == 304 || status == 412);
    range_if_range_holds(&l, SLICE("\"a\""), mtime);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum header_id ids[] = {HEADER_IF_MATCH, HEADER_IF_NONE_MATCH,
                                         HEADER_IF_MODIFIED_SINCE, HEADER_IF_UNMODIFIED_SINCE,
                                         HEADER_IF_RANGE};
    struct slice value;
    int64_t n;

    if (size < 9)
        return 0;
    memcpy(&n, data, sizeof n);
    n &= INT64_MAX;
    value = slice_of((const char *)data + 9, size - 9);
    check_ranges(value, n);
    check_ranges(value, n & 1023);
    check_content(value);
    check_conditions(value, ids[data[8] % ARRAY_LEN(ids)], n);
    return 0;
}
