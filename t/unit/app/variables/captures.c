/* Captures: numbered and named, kept over changes of the subject, untouched by a miss. */
#include "app/variables/captures.h"
#include "../world.h"

static const struct captures_names *bind_names(struct world *w, const struct regex *re)
{
    const struct captures_names *names;
    struct slice error;

    assert_true(captures_bind(&w->conf.variables, re, &names, &error));
    return names;
}

static void test_match(void **state)
{
    static const struct world_case expected[] = {
        {"1", "12"},  {"2", "(none)"}, {"3", "z"},    {"4", "(none)"},
        {"id", "12"}, {"gone", ""},    {"last", "z"},
    };
    struct world w;
    struct slice error;
    struct regex *re, *other;
    const struct captures_names *names;
    char subject[] = "/12/z";

    UNUSED(state);
    world_init(&w);
    re = regex_compile(&w.conf.pool, SLICE("^/(?<id>\\d+)/(?<gone>y)?(?<last>.)"), false, &error);
    other = regex_compile(&w.conf.pool, SLICE("(q)(u)"), false, &error);
    names = bind_names(&w, re);
    assert_non_null(names);
    assert_null(bind_names(&w, other));
    world_begin_visit(&w);
    assert_string_equal(world_get(&w, "1"), "(none)");
    assert_string_equal(world_get(&w, "id"), "(none)");
    assert_int_equal(captures_match(&w.v, re, names, slice_str(subject)), CAPTURES_SET);
    memset(subject, '#', sizeof(subject) - 1);
    world_check(&w, expected, ARRAY_LEN(expected));
    assert_int_equal(captures_match(&w.v, other, NULL, SLICE("abc")), CAPTURES_NONE);
    world_check(&w, expected, ARRAY_LEN(expected));
    assert_int_equal(captures_match(&w.v, other, NULL, SLICE("qu")), CAPTURES_SET);
    assert_string_equal(world_get(&w, "1"), "q");
    assert_string_equal(world_get(&w, "id"), "12");
    world_end(&w);
}

/* What a copy matches changes nothing of whom it is of. */
static void test_copy(void **state)
{
    struct world w;
    struct slice error;
    struct regex *re;
    struct visit copy;

    UNUSED(state);
    world_init(&w);
    re = regex_compile(&w.conf.pool, SLICE("(..)$"), false, &error);
    world_begin_visit(&w);
    copy = (struct visit){.x = w.v.x};
    captures_copy(&copy, &w.v);
    assert_null(copy.captures);
    assert_int_equal(captures_match(&w.v, re, NULL, SLICE("abc")), CAPTURES_SET);
    captures_copy(&copy, &w.v);
    assert_int_equal(copy.n_captures, 2);
    assert_int_equal(captures_match(&copy, re, NULL, SLICE("something else")), CAPTURES_SET);
    assert_string_equal(world_get(&w, "1"), "bc");
    world_end(&w);
}

static void test_builtin_names(void **state)
{
    struct world w;
    struct slice error;
    const struct captures_names *names;
    struct regex *re;

    UNUSED(state);
    world_init(&w);
    re = regex_compile(&w.conf.pool, SLICE("(?<uri>.)"), false, &error);
    assert_false(captures_bind(&w.conf.variables, re, &names, &error));
    assert_true(slice_eq(error, SLICE("the duplicate \"uri\" variable")));
    re = regex_compile(&w.conf.pool, SLICE("^(?<args>.*)$"), false, &error);
    names = bind_names(&w, re);
    world_begin_visit(&w);
    assert_int_equal(captures_match(&w.v, re, names, SLICE("k=v")), CAPTURES_SET);
    assert_true(slice_eq(w.x.req.query, SLICE("k=v")));
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_match),
        cmocka_unit_test(test_copy),
        cmocka_unit_test(test_builtin_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
