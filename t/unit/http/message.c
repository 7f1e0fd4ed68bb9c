/* Targets and hosts of requests. */
#include "http/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static const struct {
    const char *target, *host;
    enum method method;
    int minor, status;
    const char *uri, *path, *query, *name;
    int port;
} rows[] = {
    {"/", "a", METHOD_GET, 1, 0, "/", "/", NULL, "a", 0},
    {"/a%20b/../c?x=1", "EXAMPLE.org:81", METHOD_GET, 1, 0, "/a%20b/../c?x=1", "/c", "x=1",
     "example.org", 81},
    {"/a//b?", "[::1]:8", METHOD_GET, 1, 0, "/a//b?", "/a/b", "", "[::1]", 8},
    {"http://H:9/p?q", "other", METHOD_GET, 1, 0, "/p?q", "/p", "q", "h", 9},
    {"HTTP://h", "other", METHOD_GET, 1, 0, "/", "/", NULL, "h", 0},
    {"http://h?q=1", "other", METHOD_GET, 1, 0, "/?q=1", "/", "q=1", "h", 0},
    {"*", "a", METHOD_OPTIONS, 1, 0, "*", "/", NULL, "a", 0},
    {"/", "Example.org.:81", METHOD_GET, 1, 0, "/", "/", NULL, "example.org", 81},
    {"http://h./", "other", METHOD_GET, 1, 0, "/", "/", NULL, "h", 0},
    {"/", ".", METHOD_GET, 1, 400, NULL, NULL, NULL, NULL, 0},
    {"/", "a..", METHOD_GET, 1, 400, NULL, NULL, NULL, NULL, 0},
    {"/", "", METHOD_GET, 1, 0, "/", "/", NULL, "", 0},
    {"/", NULL, METHOD_GET, 0, 0, "/", "/", NULL, "", 0},
    {"/", NULL, METHOD_GET, 1, 400, NULL, NULL, NULL, NULL, 0},
    {"/", "a b", METHOD_GET, 1, 400, NULL, NULL, NULL, NULL, 0},
    {"/%0", "a", METHOD_GET, 1, 400, NULL, NULL, NULL, NULL, 0},
    {"/%00", "a", METHOD_GET, 1, 400, NULL, NULL, NULL, NULL, 0},
    {"/../a", "a", METHOD_GET, 1, 400, NULL, NULL, NULL, NULL, 0},
    {"https://a/", "a", METHOD_GET, 1, 421, NULL, NULL, NULL, NULL, 0},
    {"ftp://a/", "a", METHOD_GET, 1, 421, NULL, NULL, NULL, NULL, 0},
    {"nonsense", "a", METHOD_GET, 1, 400, NULL, NULL, NULL, NULL, 0},
    {"a:80", "a", METHOD_CONNECT, 1, 405, NULL, NULL, NULL, NULL, 0},
};

static void assert_slice(struct slice s, const char *text)
{
    if (!text) {
        assert_null(s.p);
        return;
    }
    if (!slice_eq(s, slice_str(text)))
        fail_msg("\"" SLICE_FMT "\", not \"%s\"", SLICE_ARG(s), text);
}

static void resolves(void **state)
{
    struct pool pool;

    (void)state;
    pool_init(&pool, NULL, 0);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct request r = {.method = rows[i].method, .version_major = 1};
        const char *reason = NULL;

        r.version_minor = (uint8_t)rows[i].minor;
        r.target = slice_str(rows[i].target);
        if (rows[i].host)
            header_add(&r.headers, &pool, SLICE("hoST"), slice_str(rows[i].host));
        assert_int_equal(message_resolve(&r, false, &pool, &reason), rows[i].status);
        assert_int_equal(reason != NULL, rows[i].status != 0);
        if (rows[i].status)
            continue;
        assert_slice(r.uri, rows[i].uri);
        assert_slice(r.path, rows[i].path);
        assert_slice(r.query, rows[i].query);
        assert_slice(r.host, rows[i].name);
        assert_int_equal(r.host_port, rows[i].port);
    }
    pool_reset(&pool);
}

/* Its target is a host and a port, whatever Host says; what follows it is no body. */
static void resolves_connect(void **state)
{
    static const struct {
        const char *target;
        int64_t length;
        int status;
    } tries[] = {{"A:80", -1, 0}, {"a:80", 0, 0}, {"a:80", 1, 400}, {"a", -1, 400}, {"/", -1, 400}};
    struct pool pool;

    (void)state;
    pool_init(&pool, NULL, 0);
    for (size_t i = 0; i < ARRAY_LEN(tries); i++) {
        struct request r = {.method = METHOD_CONNECT, .version_major = 1, .version_minor = 1};
        const char *reason = NULL;

        r.target = slice_str(tries[i].target);
        r.content_length = tries[i].length;
        header_add(&r.headers, &pool, SLICE("Host"), SLICE("other:1"));
        assert_int_equal(message_resolve(&r, true, &pool, &reason), tries[i].status);
        if (tries[i].status)
            continue;
        assert_slice(r.uri, "/");
        assert_slice(r.path, "/");
        assert_slice(r.host, "a");
        assert_int_equal(r.host_port, 80);
    }
    pool_reset(&pool);
}

/* All slashes stay where a server wants them; segments of dots do not. */
static void keeps_slashes(void **state)
{
    static const char *const rows_kept[][2] = {
        {"/a//b?c//d", "/a//b"}, {"//%2f", "///"}, {"/a//../b", "/a/b"}, {"/a/b", "/a/b"}};
    struct pool pool;

    (void)state;
    pool_init(&pool, NULL, 0);
    for (size_t i = 0; i < ARRAY_LEN(rows_kept); i++) {
        struct request r = {.method = METHOD_GET, .version_major = 1};
        const char *reason = NULL;

        r.target = slice_str(rows_kept[i][0]);
        assert_int_equal(message_resolve(&r, false, &pool, &reason), 0);
        message_keep_slashes(&r, &pool);
        assert_slice(r.path, rows_kept[i][1]);
    }
    pool_reset(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(resolves),
                                       cmocka_unit_test(resolves_connect),
                                       cmocka_unit_test(keeps_slashes)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
