#include "../loaded.h"

#include "app/variables/split_clients.h"

static void test_errors(void **state)
{
    static const struct loaded_case cases[] = {
        {"geo $g { }", NULL},
        {"geo g { }", "invalid variable name \"g\" in code:1"},
        {"geo a $g { }", "invalid variable name \"a\" in code:1"},
        {"geo $never $g { }", "unknown \"never\" variable in code:1"},
        {"geo $uri { }", "the duplicate \"uri\" variable in code:1"},
        {"geo $g { 10.0.0.0/8 a b; }", "invalid number of the geo parameters in code:1"},
        {"geo $g { 10.0.0.0/8; }", "invalid number of the geo parameters in code:1"},
        {"geo $g { 10.0.0.0/33 a; }", "invalid network \"10.0.0.0/33\" in code:1"},
        {"geo $g { all a; }", "invalid network \"all\" in code:1"},
        {"geo $g { unix: a; }", "invalid network \"unix:\" in code:1"},
        {"geo $g { 10.0.0.1-10.0.0.2 a; }", "invalid network \"10.0.0.1-10.0.0.2\" in code:1"},
        {"geo $g { delete x; }", "invalid network \"x\" in code:1"},
        {"geo $g { proxy x; }", "invalid network \"x\" in code:1"},
        {"geo $g { ranges; 10.0.0.0/8 a; }", "invalid range \"10.0.0.0/8\" in code:1"},
        {"geo $g { ranges; 10.0.0.2-10.0.0.1 a; }",
         "invalid range \"10.0.0.2-10.0.0.1\" in code:1"},
        {"geo $g { ranges; 10.0.0.2- a; }", "invalid range \"10.0.0.2-\" in code:1"},
        {"geo $g { ranges; -10.0.0.2 a; }", "invalid range \"-10.0.0.2\" in code:1"},
        {"geo $g { 10.0.0.0/8 a; ranges; }",
         "the \"ranges\" directive must be the first directive inside \"geo\" block in code:1"},
        {"split_clients $uri $s { 50% a; 50.1% b; }",
         "percent total is greater than 100% in code:1"},
        {"split_clients $uri $s { 50% a; * b; 1% c; }",
         "percent total is greater than 100% in code:1"},
        {"split_clients $uri $s { 50 a; }", "invalid percent value \"50\" in code:1"},
        {"split_clients $uri $s { % a; }", "invalid percent value \"%\" in code:1"},
        {"split_clients $uri $s { 0% a; }", "invalid percent value \"0%\" in code:1"},
        {"split_clients $uri $s { 1.234% a; }", "invalid percent value \"1.234%\" in code:1"},
        {"split_clients $uri $s { 100.01% a; }", "invalid percent value \"100.01%\" in code:1"},
        {"split_clients $uri $s { -1% a; }", "invalid percent value \"-1%\" in code:1"},
        {"split_clients $uri $s { 50% a b; }",
         "invalid number of the split_clients parameters in code:1"},
        {"split_clients $uri s { 50% a; }", "invalid variable name \"s\" in code:1"},
    };

    UNUSED(state);
    loaded_check(IN_HTTP("%s"), cases, ARRAY_LEN(cases));
}

static void test_shares(void **state)
{
    struct app_conf *conf =
        loaded(IN_HTTP("split_clients $uri $s { 0.5% a; 12.25% b; 3.% c; 0.01% d; * e; }"));
    const struct split_clients *s = variable_find(&conf->variables, SLICE("s"))->data;
    static const uint32_t shares[] = {50, 1225, 300, 1, 0};

    UNUSED(state);
    assert_int_equal(s->n, ARRAY_LEN(shares));
    for (unsigned i = 0; i < s->n; i++)
        assert_int_equal(s->parts[i].share, shares[i]);
    conf_free(&conf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_shares),
    };

    return LOADED_MAIN(tests);
}
