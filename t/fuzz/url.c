/* Targets, paths, hosts and arguments: a normalised path has no dot segments, a host keeps to its
 * alphabet, and the pieces of a query string account for all of it. */
#include "proto/url.h"

#include <stdlib.h>

#include "base/check.h"

static void check_path(struct slice raw, bool merge)
{
    struct slice out, again;
    struct pool pool;

    pool_init(&pool, NULL, 0);
    if (url_normalise_path(raw, merge, &pool, &out)) {
        CHECK(out.n >= 1 && out.n <= raw.n && out.p[0] == '/');
        CHECK(!memchr(out.p, 0, out.n) || memchr(raw.p, 0, raw.n));
        for (size_t i = 0; i < out.n; i++) {
            struct slice rest = slice_from(out, i);
            CHECK(!slice_has_prefix(rest, SLICE("/./")) && !slice_has_prefix(rest, SLICE("/../")));
            CHECK(!slice_eq(rest, SLICE("/.")) && !slice_eq(rest, SLICE("/..")));
            CHECK(!merge || !slice_has_prefix(rest, SLICE("//")));
        }
        if (!memchr(out.p, '%', out.n))
            CHECK(url_normalise_path(out, merge, &pool, &again) && again.p == out.p &&
                  again.n == out.n);
    }
    pool_reset(&pool);
}

static void check_normal(struct slice path)
{
    struct pool pool;
    struct slice out;

    pool_init(&pool, NULL, 0);
    CHECK(url_normalise_path(path, true, &pool, &out) && out.p == path.p && out.n == path.n);
    pool_reset(&pool);
}

static void check_target(struct slice s, enum method method)
{
    struct url_target t;
    struct slice name;
    int port;

    if (!url_parse_target(s, method, &t))
        return;
    CHECK(t.path.n > 0 && t.path.p[0] == '/' && !memchr(t.path.p, '?', t.path.n));
    if (t.form == URL_ORIGIN && t.is_normal)
        check_normal(t.path);
    if (t.form == URL_ORIGIN)
        CHECK(t.path.n + (t.query.p ? t.query.n + 1 : 0) == s.n);
    if (t.form == URL_ABSOLUTE || t.form == URL_AUTHORITY)
        CHECK(url_parse_host(t.authority, &name, &port) && name.n > 0);
}

static void check_args(struct slice s)
{
    struct slice rest = s, name, value;
    bool has_value;
    size_t total = 0;

    while (url_next_arg(&rest, &name, &value, &has_value)) {
        CHECK(!memchr(name.p, '=', name.n) && !memchr(value.p, '&', value.n));
        CHECK(name.n + has_value > 0);
        total += name.n + has_value + value.n;
    }
    for (size_t i = 0; i < s.n; i++)
        total += s.p[i] == '&';
    CHECK(total == s.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = malloc(size ? size : 1);
    struct slice s = slice_of(copy, size), name;
    int port;

    if (size)
        memcpy(copy, data, size);
    check_path(s, true);
    check_path(s, false);
    check_target(s, METHOD_GET);
    check_target(s, METHOD_OPTIONS);
    check_target(s, METHOD_CONNECT);
    check_args(s);
    if (url_parse_host(s, &name, &port))
        CHECK(name.n > 0 && port >= 0 && port <= 65535 && !memchr(s.p, '@', s.n));
    free(copy);
    return 0;
}
