#include "../loaded.h"

static void test_defines(void **state)
{
    struct app_conf *conf =
        loaded(IN_HTTP("map $uri $m { hostnames; volatile; default a; b $arg_c; ~x y; }"));

    UNUSED(state);
    assert_non_null(variable_find(&conf->variables, SLICE("m")));
    conf_free(&conf);
}

static void test_errors(void **state)
{
    static const struct loaded_case cases[] = {
        {"map $uri m { }", "invalid variable name \"m\" in code:1"},
        {"map $uri $uri { }", "the duplicate \"uri\" variable in code:1"},
        {"map $uri $m { a b c; }", "invalid number of the map parameters in code:1"},
        {"map $uri $m { a b; a c; }", "conflicting parameter \"a\" in code:1"},
        {"map $uri $m { default b; default c; }", "duplicate default map parameter in code:1"},
        {"map $uri $m { ~( c; }",
         "pcre2_compile() failed: missing closing parenthesis in \"(\" in code:1"},
        {"map $uri $m { a $never; }", "unknown \"never\" variable in code:1"},
    };

    UNUSED(state);
    loaded_check(IN_HTTP("%s"), cases, ARRAY_LEN(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defines),
        cmocka_unit_test(test_errors),
    };

    return LOADED_MAIN(tests);
}
