#include "../loaded.h"

#include "app/rewrite.h"

static const void *arg(const struct location *l, unsigned i)
{
    assert_true(i < l->steps[PHASE_REWRITE].n);
    return l->steps[PHASE_REWRITE].steps[i].arg;
}

static void test_return(void **state)
{
    static const struct {
        const char *text;
        int status;
        bool is_redirect, has_text;
    } cases[] = {
        {"204", 204, false, false},     {"200 x", 200, false, true},
        {"404", 404, false, false},     {"301 /x", 301, true, true},
        {"http://x/", 302, true, true}, {"$scheme://x/", 302, true, true},
        {"308", 308, false, false},     {"404 ''", 404, false, false},
    };

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[128];
        struct app_conf *conf;
        const struct rewrite_return_step *r;

        snprintf(text, sizeof(text),
                 "http { access_log off; server { listen 80; location / { return %s; } } }",
                 cases[i].text);
        conf = loaded(text);
        r = arg(loaded_location(conf, 0), 0);
        assert_int_equal(r->status, cases[i].status);
        assert_int_equal(r->is_redirect, cases[i].is_redirect);
        assert_int_equal(r->has_text, cases[i].has_text);
        conf_free(&conf);
    }
}

static void test_rewrite(void **state)
{
    struct app_conf *conf = loaded(IN_LOCATION(
        "rewrite a b; rewrite a b?c=$1 last; rewrite a b? break; rewrite a http://x; rewrite a b "
        "permanent;"));
    const struct location *l = loaded_location(conf, 0);
    const struct rewrite_rule *r = arg(l, 0);

    UNUSED(state);
    assert_int_equal(r->flag, REWRITE_GO_ON);
    assert_true(r->keeps_args && !r->has_query);
    r = arg(l, 1);
    assert_int_equal(r->flag, REWRITE_LAST);
    assert_true(r->keeps_args && r->has_query);
    assert_int_equal(r->query.n, 2);
    assert_true(r->query.pieces[1].is_capture);
    r = arg(l, 2);
    assert_int_equal(r->flag, REWRITE_BREAK);
    assert_false(r->keeps_args || r->has_query);
    assert_int_equal(*r->end, 5);
    r = arg(l, 3);
    assert_int_equal(r->flag, REWRITE_REDIRECT);
    assert_int_equal(r->status, 302);
    r = arg(l, 4);
    assert_int_equal(r->status, 301);
    conf_free(&conf);
}

/* Bodies are part of the list; a body with settings brings a location with the same list. */
static void test_if(void **state)
{
    struct app_conf *conf = loaded(IN_LOCATION(
        "rewrite_by_lua 'r()'; content_by_lua 'c()'; if ($arg_a) { set $x 1; if ($x != 2) "
        "{ set $y 1; } } if (-f /x) { add_header A b; set $z 1; rewrite_by_lua 's()'; }"));
    const struct location *l = loaded_location(conf, 0), *own;
    const struct rewrite_if_step *first = arg(l, 0), *second = arg(l, 4);

    UNUSED(state);
    assert_int_equal(l->steps[PHASE_REWRITE].n, 7);
    assert_int_equal(first->skip, 3);
    assert_null(first->loc);
    assert_int_equal(second->skip, 1);
    own = second->loc;
    assert_int_equal(own->kind, LOCATION_IF);
    assert_non_null(own->headers);
    assert_int_equal(own->steps[PHASE_CONTENT].n, 1);
    assert_int_equal(own->steps[PHASE_REWRITE].n, 7);
    assert_ptr_equal(own->steps[PHASE_REWRITE].steps[4].arg, second);
    assert_ptr_not_equal(own->steps[PHASE_REWRITE].steps[6].arg, arg(l, 6));
    assert_int_equal(loaded_server(conf)->n_children, 1);
    conf_free(&conf);
}

static void test_conditions(void **state)
{
    static const struct {
        const char *text;
        enum rewrite_test test;
    } cases[] = {
        {"$uri", REWRITE_IS_TRUE},
        {"$uri = a", REWRITE_EQUAL},
        {" $uri != 'a b' ", REWRITE_NOT_EQUAL},
        {"$uri ~ a", REWRITE_MATCH},
        {"$uri ~* a", REWRITE_MATCH},
        {"$uri !~* \"a b\" ", REWRITE_NO_MATCH},
        {"-d /x", REWRITE_DIR},
        {"!-x $uri", REWRITE_EXECUTABLE},
        {"-e x", REWRITE_EXISTS},
        {"\"$uri\" ", REWRITE_IS_TRUE},
    };

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(cases) - 1; i++) {
        char text[160];
        struct app_conf *conf;
        const struct rewrite_if_step *step;

        snprintf(text, sizeof(text),
                 "http { access_log off; server { listen 80; location / { if (%s) { } } } }",
                 cases[i].text);
        conf = loaded(text);
        step = arg(loaded_location(conf, 0), 0);
        assert_int_equal(step->condition.test, cases[i].test);
        assert_int_equal(step->condition.is_negated, cases[i].text[0] == '!');
        conf_free(&conf);
    }
}

static void test_errors(void **state)
{
#define FORMS "; forms are ($v), ($v = x), ($v != x), ($v ~ regex), (-f path)"
    static const struct loaded_case cases[] = {
        {"set a b;", "invalid variable name \"a\" in code:1"},
        {"set $uri b;", "the duplicate \"uri\" variable in code:1"},
        {"return x;",
         "invalid return code \"x\" in code:1; a status from 100 to 999, or a URL alone"},
        {"return 1000;",
         "invalid return code \"1000\" in code:1; a status from 100 to 999, or a URL alone"},
        {"rewrite ( a;", "pcre2_compile() failed: missing closing parenthesis in \"(\" in code:1"},
        {"rewrite a \"\";", "empty replacement in code:1"},
        {"rewrite a b never;",
         "invalid parameter \"never\" in code:1; flags are last, break, redirect, permanent"},
        {"if $a { }", "invalid condition \"$a\" in code:1" FORMS},
        {"if ($uri { }", "invalid condition \"($uri\" in code:1" FORMS},
        {"if () { }", "invalid condition \"()\" in code:1" FORMS},
        {"if ( { }", "invalid condition \"(\" in code:1" FORMS},
        {"if (a) { }", "invalid condition \"a\" in code:1" FORMS},
        {"if (-y /x) { }", "invalid condition \"-y\" in code:1" FORMS},
        {"if ($uri =) { }", "invalid condition \"$uri\" in code:1" FORMS},
        {"if ($uri == a) { }", "unexpected \"==\" in condition in code:1; forms are ($v), ($v = "
                               "x), ($v != x), ($v ~ regex), (-f path)"},
        {"if ($uri) { index x; }", "\"index\" directive is not allowed here in code:1; it belongs "
                                   "in http, server, location"},
    };

    UNUSED(state);
    loaded_check(IN_LOCATION("%s"), cases, ARRAY_LEN(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_return), cmocka_unit_test(test_rewrite),
        cmocka_unit_test(test_if),     cmocka_unit_test(test_conditions),
        cmocka_unit_test(test_errors),
    };

    return LOADED_MAIN(tests);
}
