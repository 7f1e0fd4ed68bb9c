#include "world.h"

#include "app/rewrite.h"

static struct world w;

static struct script *compile(const char *text)
{
    struct script *s;
    struct slice why;

    assert_true(script_compile(&w.conf.variables, slice_str(text), &s, &why));
    return s;
}

static const struct regex *regex(const char *pattern)
{
    struct slice why;
    const struct regex *re = regex_compile(&w.conf.pool, slice_str(pattern), false, &why);

    assert_non_null(re);
    return re;
}

static int set_up(void **state)
{
    UNUSED(state);
    world_init(&w);
    return 0;
}

static int tear_down(void **state)
{
    UNUSED(state);
    world_end(&w);
    return 0;
}

static enum step_result run(enum step_result (*fn)(struct visit *v, const struct step *s),
                            const void *arg)
{
    struct step s = {.run = fn, .arg = arg};

    return fn(&w.v, &s);
}

static void text_is(struct slice s, const char *expected)
{
    assert_string_equal(world_text(&w, s), expected);
}

static void test_set_and_if(void **state)
{
    struct rewrite_set_step set = {variable_define(&w.conf.variables, SLICE("x")),
                                   compile("<$arg_x>")};
    struct rewrite_if_step yes = {
        .condition = {REWRITE_EQUAL, .left = compile("$x"), .right = compile("<1>")}, .skip = 3};
    struct rewrite_if_step no = {
        .condition = {REWRITE_NO_MATCH, .left = compile("$x"), .pattern = {.regex = regex("1")}},
        .skip = 3};

    UNUSED(state);
    world_begin_visit(&w);
    assert_int_equal(run(rewrite_step_set, &set), STEP_NEXT);
    assert_string_equal(world_get(&w, "x"), "<1>");
    assert_int_equal(run(rewrite_step_if, &yes), STEP_NEXT);
    assert_int_equal(w.v.step, 0);
    assert_int_equal(run(rewrite_step_if, &no), STEP_NEXT);
    assert_int_equal(w.v.step, 3);
}

static void test_conditions(void **state)
{
    static const struct {
        enum rewrite_test test;
        const char *left, *right;
        bool is_negated, holds;
    } cases[] = {
        {REWRITE_IS_TRUE, "", NULL, false, false},
        {REWRITE_IS_TRUE, "0", NULL, false, false},
        {REWRITE_IS_TRUE, "00", NULL, false, true},
        {REWRITE_EQUAL, "a", "A", false, false},
        {REWRITE_NOT_EQUAL, "a", "A", false, true},
        {REWRITE_FILE, "/dev", NULL, false, false},
        {REWRITE_DIR, "/dev", NULL, false, true},
        {REWRITE_DIR, "/dev", NULL, true, false},
        {REWRITE_EXISTS, "/nowhere", NULL, false, false},
        {REWRITE_EXISTS, "/nowhere", NULL, true, true},
        {REWRITE_EXECUTABLE, "/bin/sh", NULL, false, true},
        {REWRITE_EXECUTABLE, "/etc/passwd", NULL, false, false},
    };

    UNUSED(state);
    world_begin_visit(&w);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct rewrite_if_step step = {
            .condition = {cases[i].test, cases[i].is_negated, .left = compile(cases[i].left)},
            .skip = 1};

        if (cases[i].right)
            step.condition.right = compile(cases[i].right);
        w.v.step = 0;
        run(rewrite_step_if, &step);
        assert_int_equal(w.v.step, cases[i].holds ? 0 : 1);
    }
}

static struct rewrite_piece pieces(const char *text, bool is_capture)
{
    return (struct rewrite_piece){compile(text), is_capture};
}

static void test_rewrite(void **state)
{
    struct rewrite_piece path[] = {pieces("/new/", false), pieces("$1", true)};
    struct rewrite_piece query[] = {pieces("v=", false), pieces("$1", true)};
    unsigned end = 9;
    struct rewrite_rule r = {
        .pattern = {.regex = regex("^/(.*)$")}, .path = {path, 2}, .keeps_args = true, .end = &end};

    UNUSED(state);
    world_begin_visit(&w);
    w.v.phase = PHASE_REWRITE;
    assert_int_equal(run(rewrite_step_rewrite, &r), STEP_NEXT);
    text_is(w.x.req.path, "/new/a b");
    text_is(w.x.req.query, "x=1");
    assert_true(w.v.is_uri_changed);

    w.x.req.path = SLICE("/c&d");
    r.query = (struct rewrite_text){query, 2};
    r.has_query = true;
    r.flag = REWRITE_LAST;
    assert_int_equal(run(rewrite_step_rewrite, &r), STEP_RESTART);
    text_is(w.x.req.path, "/new/c&d");
    text_is(w.x.req.query, "v=c%26d&x=1");
    w.v.phase = PHASE_SERVER_REWRITE;
    assert_int_equal(run(rewrite_step_rewrite, &r), STEP_SKIP_PHASE);

    r.keeps_args = r.has_query = false;
    r.flag = REWRITE_BREAK;
    assert_int_equal(run(rewrite_step_rewrite, &r), STEP_NEXT);
    assert_null(w.x.req.query.p);
    assert_false(w.v.is_uri_changed);
    assert_int_equal(w.v.step, 8);

    r.pattern.regex = regex("^nothing");
    w.v.step = 1;
    assert_int_equal(run(rewrite_step_rewrite, &r), STEP_NEXT);
    assert_int_equal(w.v.step, 1);
}

static void test_break(void **state)
{
    unsigned end = 5;

    UNUSED(state);
    w.v.is_uri_changed = true;
    assert_int_equal(run(rewrite_step_break, &end), STEP_NEXT);
    assert_int_equal(w.v.step, 4);
    assert_false(w.v.is_uri_changed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_set_and_if, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_conditions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rewrite, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_break, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
