/* Where a directory is: each form of the Location field. */
#include "app/files/static_redirect.h"

#include "../captured.h"

static const struct {
    bool is_absolute, has_port, has_name, is_tls;
    const char *host, *path, *query, *expected;
} cases[] = {
    {true, true, false, false, "h", "/a", NULL, "http://h:8080/a/"},
    {true, false, false, false, "h", "/a", NULL, "http://h/a/"},
    {true, true, true, false, "h", "/a", NULL, "http://example.com:8080/a/"},
    {true, true, false, true, "h", "/a", NULL, "https://h:8080/a/"},
    {true, true, false, false, "", "/a", NULL, "http://127.0.0.1:8080/a/"},
    {true, false, false, false, "h", "/a b", "x=1", "http://h/a%20b/?x=1"},
    {true, false, false, false, "h", "/a", "", "http://h/a/"},
    {true, false, false, false, "h", "/a\r\nX: y", NULL, "http://h/a%0D%0AX:%20y/"},
    {true, false, false, false, "h", "//a?#", NULL, "http://h//a%3F%23/"},
    {false, true, true, false, "h", "/a", "q", "/a/?q"},
    {false, true, true, false, "h", "//evil.example/x", NULL, "/evil.example/x/"},
    {false, true, true, false, "h", "/\\evil.example", NULL, "/evil.example/"},
    {false, true, true, false, "h", "/\\/\\/x", NULL, "/x/"},
    {false, true, true, false, "h", "/a\\b", NULL, "/a%5Cb/"},
};

static void test_location(void **state)
{
    struct captured t;

    UNUSED(state);
    captured_init(&t);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        captured_again(&t, cases[i].path);
        t.w.base.is_redirect_absolute = cases[i].is_absolute;
        t.w.base.is_port_in_redirect = cases[i].has_port;
        t.w.base.is_name_in_redirect = cases[i].has_name;
        t.w.x.req.is_tls = cases[i].is_tls;
        t.w.x.req.host = slice_str(cases[i].host);
        if (cases[i].query)
            t.w.x.req.query = slice_str(cases[i].query);
        assert_int_equal(static_redirect_to_dir(&t.w.v), STEP_DONE);
        assert_int_equal(t.w.x.res.status, 301);
        assert_string_equal(captured_field(&t, "Location"), cases[i].expected);
    }
    captured_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_location)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
