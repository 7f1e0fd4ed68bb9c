#include "../loaded.h"

static void test_modifiers(void **state)
{
    static const struct {
        const char *name;
        enum location_kind kind;
    } expected[] = {
        {"/a", LOCATION_PREFIX},       {"/b", LOCATION_EXACT},    {"/c", LOCATION_EXACT},
        {"/d", LOCATION_PREFIX_FINAL}, {"\\.e$", LOCATION_REGEX}, {"\\.f$", LOCATION_REGEX},
        {"@g", LOCATION_NAMED},
    };
    struct app_conf *conf =
        loaded(IN_SERVER("location /a { } location = /b { } location =/c { } location ^~ /d { } "
                         "location ~ \\.e$ { } location ~*\\.f$ { } location @g { }"));

    UNUSED(state);
    for (unsigned i = 0; i < ARRAY_LEN(expected); i++) {
        const struct location *l = loaded_location(conf, i);

        assert_int_equal(l->kind, expected[i].kind);
        loaded_slice_is(l->name, expected[i].name);
        assert_int_equal(l->regex != NULL, l->kind == LOCATION_REGEX);
    }
    conf_free(&conf);
}

static void test_error_pages(void **state)
{
    struct app_conf *conf =
        loaded(IN_SERVER("error_page 404 500 /e?x=1; error_page 502 = @n; error_page 503 =200 "
                         "http://x/; location @n { } location / { } location /o { error_page 400 "
                         "/p$uri; }"));
    const struct error_page *p = loaded_location(conf, 1)->error_pages;

    UNUSED(state);
    assert_int_equal(p->status, 404);
    assert_int_equal(p->answer, 0);
    loaded_slice_is(script_constant(p->target), "/e");
    loaded_slice_is(p->query, "x=1");
    p = p->next;
    assert_int_equal(p->status, 500);
    p = p->next;
    assert_int_equal(p->answer, -1);
    assert_true(p->is_named && !p->is_url);
    p = p->next;
    assert_int_equal(p->answer, 200);
    assert_true(p->is_url);
    assert_null(p->next);
    p = loaded_location(conf, 2)->error_pages;
    assert_int_equal(p->status, 400);
    assert_null(p->query.p);
    assert_null(p->next);
    conf_free(&conf);
}

static void test_tokens(void **state)
{
    struct app_conf *conf =
        loaded(IN_SERVER("server_tokens off; location / { server_tokens on; }"));

    UNUSED(state);
    assert_string_equal(loaded_server(conf)->http.server_name, "perilune");
    assert_false(loaded_server(conf)->has_server_tokens);
    assert_true(loaded_location(conf, 0)->has_server_tokens);
    assert_non_null(strchr(loaded_location(conf, 0)->http.server_name, '/'));
    conf_free(&conf);
}

static void test_errors(void **state)
{
    static const struct loaded_case cases[] = {
        {"location ! /x { }",
         "invalid location modifier \"!\" in code:1; modifiers are =, ~, ~*, ^~"},
        {"location ~ ( { }",
         "pcre2_compile() failed: missing closing parenthesis in \"(\" in code:1"},
        {"location /a { location /b { } }", "location \"/b\" is outside location \"/a\" in code:1"},
        {"location = /a { location /a/b { } }",
         "location \"/a/b\" cannot be inside the exact location \"/a\" in code:1"},
        {"location /a { location @b { } }",
         "named location \"@b\" can be on the server level only in code:1"},
        {"error_page 200 /x;", "value \"200\" must be between 300 and 599 in code:1"},
        {"error_page 499 /x;", "invalid value \"499\" in code:1"},
        {"error_page 404 =x /x;", "invalid value \"=x\" in code:1"},
        {"error_page =200 /x;", "invalid value \"=200\" in code:1"},
        {"server_tokens maybe;",
         "invalid value \"maybe\" in code:1; \"server_tokens\" takes on, off, build"},
    };

    UNUSED(state);
    loaded_check(IN_SERVER("%s"), cases, ARRAY_LEN(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_modifiers),
        cmocka_unit_test(test_error_pages),
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_errors),
    };

    return LOADED_MAIN(tests);
}
