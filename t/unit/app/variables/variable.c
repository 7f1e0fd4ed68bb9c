/* The table: defining, finding, taking over, run-time look-ups. */
#include "../world.h"

static void test_define(void **state)
{
    struct world w;
    const struct variable *a;

    UNUSED(state);
    world_init(&w);
    a = variable_define(&w.conf.variables, SLICE("Mine"));
    assert_non_null(a);
    assert_ptr_equal(variable_define(&w.conf.variables, SLICE("mine")), a);
    assert_ptr_equal(variable_find(&w.conf.variables, SLICE("MINE")), a);
    assert_true(slice_eq(a->name, SLICE("mine")));
    assert_null(variable_define(&w.conf.variables, SLICE("uri")));
    assert_null(variable_define(&w.conf.variables, SLICE("http_host")));
    assert_null(variable_define(&w.conf.variables, SLICE("1")));
    assert_non_null(variable_define(&w.conf.variables, SLICE("args")));
    assert_null(variable_find(&w.conf.variables, SLICE("nobody")));
    assert_ptr_equal(variable_define_getter(&w.conf.variables, SLICE("mine"), NULL, NULL), a);
    world_end(&w);
}

static void test_slots(void **state)
{
    struct world w;
    const struct variable *a, *b;
    char text[] = "value";

    UNUSED(state);
    world_init(&w);
    a = variable_define(&w.conf.variables, SLICE("a"));
    b = variable_define_getter(&w.conf.variables, SLICE("b"), variable_get_slot, NULL);
    assert_int_not_equal(a->slot, b->slot);
    world_begin_visit(&w);
    assert_string_equal(world_get(&w, "a"), "");
    assert_string_equal(world_get(&w, "b"), "(none)");
    assert_true(a->set(&w.v, a, slice_str(text)));
    assert_true(b->set(&w.v, b, SLICE_EMPTY));
    memset(text, '#', sizeof(text) - 1);
    assert_string_equal(world_get(&w, "a"), "value");
    assert_string_equal(world_get(&w, "b"), "");
    assert_true(variable_set(&w.v, b, (struct slice){NULL, 0}));
    assert_string_equal(world_get(&w, "b"), "(none)");
    world_end(&w);
}

static void test_members_can_be_taken_over(void **state)
{
    struct world w;
    const struct variable *arg;

    UNUSED(state);
    world_init(&w);
    arg = variable_find(&w.conf.variables, SLICE("arg_x"));
    assert_ptr_equal(variable_define(&w.conf.variables, SLICE("arg_x")), arg);
    assert_ptr_equal(variable_define(&w.conf.variables, SLICE("arg_x")), arg);
    assert_ptr_equal(
        variable_define_getter(&w.conf.variables, SLICE("arg_y"), variable_get_slot, NULL),
        variable_find(&w.conf.variables, SLICE("arg_y")));
    world_begin_visit(&w);
    w.x.req.query = SLICE("x=theirs&y=theirs");
    assert_string_equal(world_get(&w, "arg_x"), "theirs");
    variable_set(&w.v, arg, SLICE("mine"));
    assert_string_equal(world_get(&w, "arg_x"), "mine");
    assert_true(variable_unset(&w.v, arg));
    assert_string_equal(world_get(&w, "arg_x"), "(none)");
    assert_string_equal(world_get(&w, "arg_y"), "(none)");
    world_end(&w);
}

static void test_at_run(void **state)
{
    struct world w;
    const struct variable *a;
    unsigned made;
    size_t used;

    UNUSED(state);
    world_init(&w);
    world_begin_visit(&w);
    variable_refer(&w.conf.variables, SLICE("never_defined"));
    assert_null(variable_find_at_run(&w.v, SLICE("never_defined")));
    assert_null(variable_find_at_run(&w.v, SLICE("nobody")));
    assert_null(variable_find_at_run(&w.v, SLICE("arg_")));
    assert_null(variable_find_at_run(&w.v, SLICE_EMPTY));
    a = variable_find_at_run(&w.v, SLICE("arg_x"));
    assert_non_null(a);
    assert_ptr_equal(variable_find_at_run(&w.v, SLICE("arg_x")), a);
    made = w.conf.variables.made_at_run;
    for (int i = 0; i < 3000; i++)
        assert_non_null(variable_find_at_run(&w.v, pool_printf(&w.x.pool, "http_name_%d", i)));
    assert_true(w.conf.variables.made_at_run > made);
    used = w.conf.variables.by_name.used;
    assert_non_null(variable_find_at_run(&w.v, SLICE("http_one_more")));
    assert_int_equal(w.conf.variables.by_name.used, used);
    assert_true(used < 1200);
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_define),
        cmocka_unit_test(test_slots),
        cmocka_unit_test(test_members_can_be_taken_over),
        cmocka_unit_test(test_at_run),
    };

    log_set_default(&(struct log_sink){.level = LOG_EMERG});
    return cmocka_run_group_tests(tests, NULL, NULL);
}
