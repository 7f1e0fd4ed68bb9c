/* Families: arguments, cookies, fields of heads. */
#include "../world.h"

static const struct {
    const char *query, *name, *expected;
} args[] = {
    {"x=1", "arg_x", "1"},       {"x=1", "arg_X", "1"},
    {"X=1", "arg_x", "1"},       {"a=2&x=1&x=3", "arg_x", "1"},
    {"ax=2", "arg_x", "(none)"}, {"xy=2", "arg_x", "(none)"},
    {"x", "arg_x", "(none)"},    {"x&x=5", "arg_x", "5"},
    {"x=", "arg_x", ""},         {"x=a%20b+c=d", "arg_x", "a%20b+c=d"},
    {"", "arg_x", "(none)"},     {"&&x=1&", "arg_x", "1"},
    {"a-b=1", "arg_a-b", "1"},
};

static void test_args(void **state)
{
    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(args); i++) {
        struct world w;

        world_init(&w);
        world_begin_visit(&w);
        w.x.req.query = slice_str(args[i].query);
        assert_string_equal(world_get(&w, args[i].name), args[i].expected);
        world_end(&w);
    }
}

static void test_no_query(void **state)
{
    struct world w;

    UNUSED(state);
    world_init(&w);
    world_begin_visit(&w);
    w.x.req.query = (struct slice){NULL, 0};
    assert_string_equal(world_get(&w, "arg_x"), "(none)");
    world_end(&w);
}

static void test_cookies(void **state)
{
    static const struct world_case expected[] = {
        {"cookie_a", "1"},
        {"cookie_b", "x=y"},
        {"cookie_c", ""},
        {"cookie_d", "4"},
        {"cookie_e", "(none)"},
        {"cookie_A", "1"},
        {"http_cookie", "a=1; b=x=y;c=; ee; bad; d=4"},
    };
    struct world w;

    UNUSED(state);
    world_init(&w);
    world_begin_visit(&w);
    assert_string_equal(world_get(&w, "cookie_a"), "(none)");
    world_header(&w, &w.x.req.headers, "Cookie", "a=1; b=x=y;c=; ee");
    world_header(&w, &w.x.req.headers, "cookie", "bad; d=4");
    world_check(&w, expected, ARRAY_LEN(expected));
    world_end(&w);
}

static void test_fields(void **state)
{
    static const struct world_case expected[] = {
        {"http_accept", "text/html"},
        {"HTTP_ACCEPT", "text/html"},
        {"http_x_mine", "a, b, c"},
        {"http_x_other", "(none)"},
        {"http_x_min", "(none)"},
        {"http_age", "(none)"},
        {"http_x_empty", ""},
        {"sent_http_etag", "\"e\""},
        {"sent_http_x_mine", "(none)"},
        {"sent_http_set_cookie", "a=1, b=2"},
        {"sent_trailer_grpc_status", "0"},
        {"sent_trailer_etag", "(none)"},
    };
    struct world w;
    struct header_list *q = &w.x.req.headers, *s = &w.x.res.headers;

    UNUSED(state);
    world_init(&w);
    world_begin_visit(&w);
    world_header(&w, q, "ACCEPT", "text/html");
    world_header(&w, q, "X-Mine", "a");
    world_header(&w, q, "Host", "x");
    world_header(&w, q, "x-mine", "b");
    world_header(&w, q, "X-MINE", "c");
    world_header(&w, q, "X-Empty", "");
    world_header(&w, s, "ETag", "\"e\"");
    world_header(&w, s, "Set-Cookie", "a=1");
    world_header(&w, s, "Set-Cookie", "b=2");
    world_header(&w, &w.x.res.trailers, "grpc-status", "0");
    world_check(&w, expected, ARRAY_LEN(expected));
    world_end(&w);
}

static void test_single_field_is_borrowed(void **state)
{
    struct world w;
    const struct variable *var;
    const char *value = "text/html";

    UNUSED(state);
    world_init(&w);
    world_begin_visit(&w);
    world_header(&w, &w.x.req.headers, "Accept", value);
    var = variable_find(&w.conf.variables, SLICE("http_accept"));
    assert_ptr_equal(var->get(&w.v, var).p, value);
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_args),
        cmocka_unit_test(test_no_query),
        cmocka_unit_test(test_cookies),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_single_field_is_borrowed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
