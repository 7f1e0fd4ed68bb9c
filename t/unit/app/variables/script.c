/* Evaluating compiled strings: constants, lone variables, joins of few and of many parts. */
#include "../world.h"

static void test_constants(void **state)
{
    struct pool pool;
    struct script *s;

    UNUSED(state);
    pool_init(&pool, NULL, 0);
    assert_true(script_is_constant(NULL));
    assert_int_equal(script_constant(NULL).n, 0);
    assert_non_null(script_constant(NULL).p);
    s = script_literal(&pool, SLICE("a$b"));
    assert_true(script_is_constant(s));
    assert_true(slice_eq(script_constant(s), SLICE("a$b")));
    assert_true(script_eval(s, NULL).p == script_constant(s).p);
    pool_reset(&pool);
}

static const struct world_case cases[] = {
    {"$uri", "/a b"},
    {"<$uri>", "</a b>"},
    {"${uri}x", "/a bx"},
    {"$arg_none", ""},
    {"[$arg_none$uri$arg_none]", "[/a b]"},
    {"$scheme://$host$request_uri", "http://example.com/a%20b?x=1"},
    {"$uri$uri$uri$uri$uri$uri$uri$uri$uri$uri$uri$uri$uri$uri$uri$uri$uri$uri-",
     "/a b/a b/a b/a b/a b/a b/a b/a b/a b/a b/a b/a b/a b/a b/a b/a b/a b/a b-"},
};

static void test_eval(void **state)
{
    struct world w;

    UNUSED(state);
    world_init(&w);
    world_begin_visit(&w);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct script *s;
        struct slice error, value;

        assert_true(script_compile(&w.conf.variables, slice_str(cases[i].name), &s, &error));
        assert_false(script_is_constant(s));
        value = script_eval(s, &w.v);
        assert_non_null(value.p);
        assert_string_equal(world_text(&w, value), cases[i].expected);
    }
    world_end(&w);
}

static void test_lone_variable_is_borrowed(void **state)
{
    struct world w;
    struct script *s;
    struct slice error;

    UNUSED(state);
    world_init(&w);
    world_begin_visit(&w);
    assert_true(script_compile(&w.conf.variables, SLICE("$uri"), &s, &error));
    assert_ptr_equal(script_eval(s, &w.v).p, w.x.req.path.p);
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_constants),
        cmocka_unit_test(test_eval),
        cmocka_unit_test(test_lone_variable_is_borrowed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
