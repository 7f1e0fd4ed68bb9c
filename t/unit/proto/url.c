/* Targets, paths, hosts, arguments. */
#include "proto/url.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static bool is_text(struct slice s, const char *want)
{
    return want ? s.p && slice_eq(s, slice_str(want)) : s.p == NULL;
}

static void test_targets(void **state)
{
    static const struct {
        const char *in;
        enum method method;
        enum url_form form;
        const char *scheme, *authority, *path, *query;
    } cases[] = {
        {"/", METHOD_GET, URL_ORIGIN, "", "", "/", NULL},
        {"/a?b?c", METHOD_GET, URL_ORIGIN, "", "", "/a", "b?c"},
        {"/?", METHOD_GET, URL_ORIGIN, "", "", "/", ""},
        {"//a", METHOD_GET, URL_ORIGIN, "", "", "//a", NULL},
        {"/\xc3\xa9", METHOD_OTHER, URL_ORIGIN, "", "", "/\xc3\xa9", NULL},
        {"http://a", METHOD_GET, URL_ABSOLUTE, "http", "a", "/", NULL},
        {"http://a?x", METHOD_GET, URL_ABSOLUTE, "http", "a", "/", "x"},
        {"HTTPS://a:1/b?c", METHOD_GET, URL_ABSOLUTE, "HTTPS", "a:1", "/b", "c"},
        {"http://[::1]/", METHOD_OPTIONS, URL_ABSOLUTE, "http", "[::1]", "/", NULL},
        {"*", METHOD_OPTIONS, URL_ASTERISK, "", "", "/", NULL},
        {"a:443", METHOD_CONNECT, URL_AUTHORITY, "", "a:443", "/", NULL},
    };
    struct url_target t;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        if (!url_parse_target(slice_str(cases[i].in), cases[i].method, &t) ||
            t.form != cases[i].form || !is_text(t.scheme, cases[i].scheme) ||
            !is_text(t.authority, cases[i].authority) || !is_text(t.path, cases[i].path) ||
            !is_text(t.query, cases[i].query))
            fail_msg("%s", cases[i].in);
    }
}

static void test_bad_targets(void **state)
{
    static const struct {
        const char *in;
        enum method method;
    } cases[] = {
        {"", METHOD_GET},          {"a", METHOD_GET},
        {"*", METHOD_GET},         {"*a", METHOD_OPTIONS},
        {"/a b", METHOD_GET},      {"/a\tb", METHOD_GET},
        {"/a\x7f", METHOD_GET},    {"/a#", METHOD_GET},
        {"/a?b#c", METHOD_GET},    {"/a?b c", METHOD_GET},
        {"/a?b\x7f", METHOD_GET},  {"/", METHOD_CONNECT},
        {"a", METHOD_CONNECT},     {"a:", METHOD_CONNECT},
        {"a:0", METHOD_CONNECT},   {"http://a/", METHOD_CONNECT},
        {"http:a", METHOD_GET},    {"http:/a", METHOD_GET},
        {"http://", METHOD_GET},   {"http:///", METHOD_GET},
        {"://a/", METHOD_GET},     {"1://a/", METHOD_GET},
        {"ht_p://a/", METHOD_GET}, {"http://u@a/", METHOD_GET},
        {"?x", METHOD_GET},
    };
    struct url_target t;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        if (url_parse_target(slice_str(cases[i].in), cases[i].method, &t))
            fail_msg("%s", cases[i].in);
    assert_false(url_parse_target(SLICE("/a\0b"), METHOD_GET, &t));
}

static void test_paths(void **state)
{
    static const struct {
        const char *in;
        bool merge;
        const char *out; /* NULL: refused */
    } cases[] = {
        {"/", true, "/"},
        {"/a/b", true, "/a/b"},
        {"/a//b///c", true, "/a/b/c"},
        {"//a", true, "/a"},
        {"/a//b", false, "/a//b"},
        {"/a/", true, "/a/"},
        {"/a/./b", true, "/a/b"},
        {"/.", true, "/"},
        {"/a/.", true, "/a/"},
        {"/./", true, "/"},
        {"/a/..", true, "/"},
        {"/a/../b", true, "/b"},
        {"/a/b/../../c/", true, "/c/"},
        {"/a/...", true, "/a/..."},
        {"/.a/..b/c.", true, "/.a/..b/c."},
        {"/a//../b", true, "/b"},
        {"/a//../b", false, "/a/b"},
        {"//../a", false, "/a"},
        {"/..", true, NULL},
        {"/../a", true, NULL},
        {"/a/../../b", true, NULL},
        {"//../a", true, NULL},
        {"/%41%62", true, "/Ab"},
        {"/a%2fb", true, "/a/b"},
        {"/a%2F%2fb", true, "/a/b"},
        {"/%2e%2E/a", true, NULL},
        {"/a/%2e%2e/b", true, "/b"},
        {"/a/.%2e", true, "/"},
        {"/a%2f..%2fb", true, "/b"},
        {"/%25", true, "/%"},
        {"/%3f%23", true, "/?#"},
        {"/%c3%a9", true, "/\xc3\xa9"},
        {"/%", true, NULL},
        {"/%4", true, NULL},
        {"/%g1", true, NULL},
        {"/%1g", true, NULL},
        {"/a%00", true, NULL},
        {"/a+b", true, "/a+b"},
        {"", true, NULL},
        {"a", true, NULL},
        {"*", true, NULL},
    };
    struct pool pool;
    struct url_target t;
    struct slice out;

    (void)state;
    pool_init(&pool, NULL, 0);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct slice in = slice_str(cases[i].in);
        bool is_ok = url_normalise_path(in, cases[i].merge, &pool, &out);
        if (is_ok != (cases[i].out != NULL) || (is_ok && !is_text(out, cases[i].out)))
            fail_msg("%s: %d %.*s", cases[i].in, is_ok, is_ok ? (int)out.n : 0, out.p);
        if (is_ok && slice_eq(in, out))
            assert_ptr_equal(in.p, out.p); /* no copy of what is clean */
        if (url_parse_target(in, METHOD_GET, &t) && t.form == URL_ORIGIN && t.is_normal)
            assert_true(is_ok && slice_eq(in, out));
    }
    assert_true(url_parse_target(SLICE("/a/b.c?d//./%"), METHOD_GET, &t) && t.is_normal);
    pool_reset(&pool);
}

static void test_hosts(void **state)
{
    static const struct {
        const char *in, *name; /* NULL: refused */
        int port;
    } cases[] = {
        {"a", "a", 0},
        {"a.b-c_d~:80", "a.b-c_d~", 80},
        {"127.0.0.1:65535", "127.0.0.1", 65535},
        {"[::1]", "[::1]", 0},
        {"[2001:db8::1]:8080", "[2001:db8::1]", 8080},
        {"[::ffff:1.2.3.4]", "[::ffff:1.2.3.4]", 0},
        {"A%41", "A%41", 0},
        {"a:", "a", 0},
        {"a:080", "a", 80},
        {"!$&'()*+,;=", "!$&'()*+,;=", 0},
        {"", NULL, 0},
        {":80", NULL, 0},
        {".", NULL, 0},
        {"..", NULL, 0},
        {".a", NULL, 0},
        {"a..b", NULL, 0},
        {"a.b.", "a.b.", 0},
        {"a:0", NULL, 0},
        {"a:65536", NULL, 0},
        {"a:99999999999999999999", NULL, 0},
        {"a:-1", NULL, 0},
        {"a:+1", NULL, 0},
        {"a:1 ", NULL, 0},
        {"a:1:2", NULL, 0},
        {"a b", NULL, 0},
        {"a/b", NULL, 0},
        {"a?b", NULL, 0},
        {"a#b", NULL, 0},
        {"u@a", NULL, 0},
        {"a\\b", NULL, 0},
        {"a%4", NULL, 0},
        {"a%zz", NULL, 0},
        {"\xc3\xa9", NULL, 0},
        {"[]", NULL, 0},
        {"[::1", NULL, 0},
        {"::1", NULL, 0},
        {"[::1]a", NULL, 0},
        {"[::1]:", "[::1]", 0},
        {"[1.2.3.4]", NULL, 0},
        {"[fe80::1%25eth0]", NULL, 0},
        {"a[::1]", NULL, 0},
        {"[v1.x]", NULL, 0},
        {"[11111111111111111111111111111111111111111111111111]", NULL, 0},
    };
    struct slice name;
    int port;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        bool is_ok = url_parse_host(slice_str(cases[i].in), &name, &port);
        if (is_ok != (cases[i].name != NULL) ||
            (is_ok && (!is_text(name, cases[i].name) || port != cases[i].port)))
            fail_msg("%s", cases[i].in);
    }
}

static void test_args(void **state)
{
    static const struct {
        const char *name, *value; /* NULL: none */
    } want[] = {{"a", "1"}, {"b", ""}, {"c", NULL}, {"", "x"}, {"d", "e=f"}, {"%41", "%42+"}};
    struct slice rest = SLICE("&a=1&&b=&c&=x&d=e=f&%41=%42+&"), name, value;
    bool has_value;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        assert_true(url_next_arg(&rest, &name, &value, &has_value));
        assert_true(is_text(name, want[i].name));
        assert_int_equal(has_value, want[i].value != NULL);
        assert_true(slice_eq(value, slice_str(want[i].value ? want[i].value : "")));
    }
    assert_false(url_next_arg(&rest, &name, &value, &has_value));
    rest = slice_of(NULL, 0);
    assert_false(url_next_arg(&rest, &name, &value, &has_value));
    rest = SLICE("");
    assert_false(url_next_arg(&rest, &name, &value, &has_value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_targets), cmocka_unit_test(test_bad_targets),
        cmocka_unit_test(test_paths),   cmocka_unit_test(test_hosts),
        cmocka_unit_test(test_args),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
