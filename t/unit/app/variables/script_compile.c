/* Cutting strings into texts and variables; what is wrong with a string. */
#include "../world.h"

static const struct {
    const char *text, *parts; /* text in [], names in () */
} cuts[] = {
    {"", ""},
    {"abc", "[abc]"},
    {"$a", "(a)"},
    {"$a_1-x", "(a_1)[-x]"},
    {"x${a}y$b", "[x](a)[y](b)"},
    {"$12", "(1)[2]"},
    {"${1}2", "(1)[2]"},
    {"$0", "(0)"},
    {"$a$b", "(a)(b)"},
    {"${a}{b}", "(a)[{b}]"},
    {"$", "!invalid variable name"},
    {"a$$b", "[a]!invalid variable name"},
    {"$-", "!invalid variable name"},
    {"${}", "!invalid variable name"},
    {"${a", "!the closing bracket in \"a\" variable is missing"},
    {"${a-b}", "!the closing bracket in \"a\" variable is missing"},
    {"${", "!the closing bracket in \"\" variable is missing"},
};

static void test_parts(void **state)
{
    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(cuts); i++) {
        struct slice rest = slice_str(cuts[i].text), text, name, error;
        struct buf got = BUF_EMPTY;
        struct pool pool;
        int r;

        pool_init(&pool, NULL, 0);
        while ((r = script_next_part(&pool, &rest, &text, &name, &error)) > 0)
            buf_printf(&got, name.p ? "(" SLICE_FMT ")" : "[" SLICE_FMT "]",
                       SLICE_ARG(name.p ? name : text));
        if (r < 0)
            buf_printf(&got, "!" SLICE_FMT, SLICE_ARG(error));
        assert_string_equal(buf_cstr(&got), cuts[i].parts);
        buf_free(&got);
        pool_reset(&pool);
    }
}

static void test_kinds(void **state)
{
    struct world w;
    struct script *s;
    struct slice error = SLICE_EMPTY;
    const char text[] = "plain";

    UNUSED(state);
    world_init(&w);
    assert_true(script_compile(&w.conf.variables, SLICE_EMPTY, &s, &error));
    assert_null(s);
    assert_true(script_compile(&w.conf.variables, slice_str(text), &s, &error));
    assert_true(script_is_constant(s));
    assert_string_equal(script_constant(s).p, "plain");
    assert_ptr_not_equal(script_constant(s).p, text);
    assert_false(script_compile(&w.conf.variables, SLICE("a$"), &s, &error));
    assert_true(slice_eq(error, SLICE("invalid variable name")));
    world_end(&w);
}

static void test_unknown_until_defined(void **state)
{
    struct world w;
    struct script *s;
    struct config_node node = {.file = "a.conf", .line = 7};
    struct config_error e;
    struct slice error;

    UNUSED(state);
    world_init(&w);
    w.conf.place = &node;
    assert_true(variable_table_check(&w.conf.variables, &e));
    assert_true(script_compile(&w.conf.variables, SLICE("<$Later>"), &s, &error));
    assert_null(variable_find(&w.conf.variables, SLICE("later")));
    assert_false(variable_table_check(&w.conf.variables, &e));
    assert_string_equal(e.message, "unknown \"later\" variable");
    assert_string_equal(e.file, "a.conf");
    assert_int_equal(e.line, 7);
    assert_non_null(variable_define(&w.conf.variables, SLICE("later")));
    assert_true(variable_table_check(&w.conf.variables, &e));
    world_begin_visit(&w);
    variable_set(&w.v, variable_find(&w.conf.variables, SLICE("LATER")), SLICE("now"));
    assert_string_equal(world_text(&w, script_eval(s, &w.v)), "<now>");
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_unknown_until_defined),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
