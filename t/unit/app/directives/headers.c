#include "../loaded.h"

static void test_add_header(void **state)
{
    struct app_conf *conf = loaded(IN_SERVER(
        "add_header A 1; add_header B $uri always; location / { } location /o { add_header "
        "C 3; }"));
    const struct header_rule *rule = loaded_location(conf, 0)->headers;

    UNUSED(state);
    loaded_slice_is(rule->name, "A");
    assert_false(rule->always);
    loaded_slice_is(rule->next->name, "B");
    assert_true(rule->next->always);
    assert_null(rule->next->next);
    rule = loaded_location(conf, 1)->headers;
    loaded_slice_is(rule->name, "C");
    assert_null(rule->next);
    conf_free(&conf);
}

static void test_expires(void **state)
{
    static const struct {
        const char *text;
        enum expires_kind kind;
        int64_t seconds;
    } cases[] = {
        {"off", EXPIRES_OFF, 0},
        {"epoch", EXPIRES_EPOCH, 0},
        {"max", EXPIRES_MAX, 0},
        {"1h", EXPIRES_SECONDS, 3600},
        {"+10", EXPIRES_SECONDS, 10},
        {"-1", EXPIRES_SECONDS, -1},
        {"@15h30m", EXPIRES_DAILY, 55800},
        {"modified 2m", EXPIRES_MODIFIED, 120},
        {"modified -2m", EXPIRES_MODIFIED, -120},
    };

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[128];
        struct app_conf *conf;

        snprintf(text, sizeof(text), "http { access_log off; expires %s; }", cases[i].text);
        conf = loaded(text);
        assert_int_equal(conf->http->expires.kind, cases[i].kind);
        assert_int_equal(conf->http->expires.seconds, cases[i].seconds);
        conf_free(&conf);
    }
}

static void test_errors(void **state)
{
    static const struct loaded_case cases[] = {
        {"add_header A 1 never;",
         "invalid parameter \"never\" in code:1; syntax: add_header name value [always];"},
        {"add_header 'A b' 1;", "invalid header name \"A b\" in code:1"},
        {"expires soon;", "\"expires\" directive invalid value in code:1"},
        {"expires @25h;", "\"expires\" directive invalid value in code:1"},
        {"expires modified @1h;", "\"expires\" directive invalid value in code:1"},
        {"expires changed 1h;", "invalid value \"changed\" in code:1"},
    };

    UNUSED(state);
    loaded_check(IN_HTTP("%s"), cases, ARRAY_LEN(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_add_header),
        cmocka_unit_test(test_expires),
        cmocka_unit_test(test_errors),
    };

    return LOADED_MAIN(tests);
}
