#include "../loaded.h"

#include "app/filters/more_headers.h"

static void test_options(void **state)
{
    struct app_conf *conf = loaded(IN_SERVER(
        "more_set_headers 'A: 1'; location / { more_set_headers -s '404  500' 'B: 2' -t 'a/b' C; "
        "more_clear_input_headers -t x/y D*; more_set_input_headers -r -a 'E: $uri'; }"));
    const struct more_header *m = loaded_location(conf, 0)->more_headers;

    UNUSED(state);
    loaded_slice_is(m->name, "A");
    m = m->next;
    loaded_slice_is(m->name, "B");
    assert_int_equal(m->when->n_statuses, 2);
    assert_int_equal(m->when->statuses[1], 500);
    loaded_slice_is(m->when->types[0], "a/b");
    assert_ptr_equal(m->next->when, m->when);
    assert_null(m->next->value);
    assert_null(m->next->next);
    assert_null(loaded_server(conf)->more_headers->next);
    m = loaded_location(conf, 0)->more_input_headers;
    loaded_slice_is(m->name, "D*");
    assert_null(m->value);
    assert_true(m->next->only_there && m->next->is_added);
    conf_free(&conf);
}

static void test_errors(void **state)
{
    static const struct loaded_case cases[] = {
        {"more_set_headers -s;", "more_set_headers: option -s takes an argument. in code:1"},
        {"more_set_headers -t;", "more_set_headers: option -t takes an argument. in code:1"},
        {"more_set_headers -s '200 x' 'A: 1';", "invalid status \"x\" in code:1"},
        {"more_set_headers -s 99 'A: 1';", "invalid status \"99\" in code:1"},
        {"more_set_headers -x 'A: 1';", "more_set_headers: invalid option name: \"-x\" in code:1"},
        {"more_set_headers -r 'A: 1';", "more_set_headers: invalid option name: \"-r\" in code:1"},
        {"more_clear_headers -a A;", "more_clear_headers: invalid option name: \"-a\" in code:1"},
        {"more_set_input_headers -s 200 'A: 1';",
         "more_set_input_headers: invalid option name: \"-s\" in code:1"},
        {"more_set_headers 'A@b: 1';", "invalid header name \"A@b\" in code:1"},
        {"more_set_headers ': 1';", "invalid header name \"\" in code:1"},
        {"more_set_headers 'A*: 1';", NULL}, /* a `*` is a byte of names */
        {"more_clear_headers '*';", NULL},
        {"more_clear_headers 'a@b*';", "invalid header name \"a@b*\" in code:1"},
    };

    UNUSED(state);
    loaded_check(IN_LOCATION("%s"), cases, ARRAY_LEN(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_errors),
    };

    return LOADED_MAIN(tests);
}
