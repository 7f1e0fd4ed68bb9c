/* Children: what they inherit, and how their own steps and children are added. */
#include "world.h"

static enum step_result nothing(struct visit *v, const struct step *s)
{
    UNUSED(v);
    UNUSED(s);
    return STEP_NEXT;
}

static void test_inherits(void **state)
{
    struct world w;
    struct location *l;
    struct try_files files = {.n = 1};

    UNUSED(state);
    world_init(&w);
    w.base.has_etag = true;
    w.base.root = script_literal(&w.conf.pool, SLICE("/r"));
    w.base.try_files = &files;
    l = world_location(&w.base, LOCATION_PREFIX, "/a");
    assert_true(l->has_etag);
    assert_ptr_equal(l->root, w.base.root);
    assert_ptr_equal(l->parent, &w.base);
    assert_ptr_equal(l->vhost, &w.vhost);
    assert_true(l->kind == LOCATION_PREFIX && slice_eq(l->name, SLICE("/a")));
    assert_int_equal(l->n_children, 0);
    assert_null(l->try_files);
    assert_true(l->is_access_log_inherited && l->are_headers_inherited);
    assert_true(l->are_error_pages_inherited && l->is_types_inherited);
    assert_ptr_equal(location_new_child(&w.base, LOCATION_IF, SLICE_EMPTY)->try_files, &files);
    world_end(&w);
}

static void test_steps(void **state)
{
    struct world w;
    struct location *a, *b, *c;
    struct step_list *list;

    UNUSED(state);
    world_init(&w);
    for (unsigned i = 0; i < 9; i++)
        location_add_step(&w.base, PHASE_ACCESS, nothing, NULL, i);
    location_add_step(&w.base, PHASE_CONTENT, nothing, NULL, 1);
    a = world_location(&w.base, LOCATION_PREFIX, "/a");
    b = world_location(&w.base, LOCATION_PREFIX, "/b");
    c = location_new_child(&w.base, LOCATION_IF, SLICE_EMPTY);
    location_add_step(b, PHASE_ACCESS, nothing, &w, 77);
    location_add_step(b, PHASE_ACCESS, nothing, NULL, 78);
    list = &a->steps[PHASE_ACCESS];
    assert_int_equal(list->n, 9);
    for (unsigned i = 0; i < 9; i++)
        assert_int_equal(list->steps[i].line, i);
    assert_true(list->is_inherited);
    list = &b->steps[PHASE_ACCESS];
    assert_int_equal(list->n, 2);
    assert_int_equal(list->steps[0].line, 77);
    assert_ptr_equal(list->steps[0].arg, &w);
    assert_false(list->is_inherited);
    assert_int_equal(w.base.steps[PHASE_ACCESS].n, 9);
    assert_int_equal(a->steps[PHASE_CONTENT].n, 0);
    assert_int_equal(c->steps[PHASE_CONTENT].n, 1);
    world_end(&w);
}

static enum step_result other(struct visit *v, const struct step *s)
{
    UNUSED(v);
    UNUSED(s);
    return STEP_DONE;
}

static void test_put_steps(void **state)
{
    struct world w;
    struct location *a;
    const struct step_list *list;

    UNUSED(state);
    world_init(&w);
    location_add_step(&w.base, PHASE_ACCESS, nothing, NULL, 1);
    a = world_location(&w.base, LOCATION_PREFIX, "/a");
    location_put_step(a, PHASE_ACCESS, true, other, NULL);
    location_put_step(a, PHASE_ACCESS, false, other, NULL);
    list = &a->steps[PHASE_ACCESS];
    assert_int_equal(list->n, 3);
    assert_true(list->steps[0].run == other && list->steps[1].run == nothing &&
                list->steps[2].run == other);
    assert_int_equal(w.base.steps[PHASE_ACCESS].n, 1);
    location_put_step(a, PHASE_PREACCESS, true, other, NULL);
    assert_int_equal(a->steps[PHASE_PREACCESS].n, 1);
    world_end(&w);
}

/* Settings that a level has not said anything about are its parent's, until it does. */
static void test_own(void **state)
{
    static const char defaults[24] = "defaults";
    const size_t at = offsetof(struct location, mirror);
    struct world w;
    struct location *a, *b;
    void *of_a, *of_b;

    UNUSED(state);
    world_init(&w);
    a = world_location(&w.base, LOCATION_PREFIX, "/a");
    of_a = location_own(a, at, sizeof(defaults), defaults);
    assert_ptr_equal(a->mirror, of_a);
    assert_ptr_equal(location_own(a, at, sizeof(defaults), defaults), of_a);
    assert_string_equal(of_a, defaults);
    assert_null(w.base.mirror);
    memcpy(of_a, "changed", sizeof("changed"));
    b = world_location(a, LOCATION_PREFIX, "/a/b");
    assert_ptr_equal(b->mirror, of_a);
    of_b = location_own(b, at, sizeof(defaults), defaults);
    assert_ptr_not_equal(of_b, of_a);
    assert_ptr_equal(b->mirror, of_b);
    assert_string_equal(of_b, "changed");
    world_end(&w);
}

static void test_children(void **state)
{
    struct world w;

    UNUSED(state);
    world_init(&w);
    for (int i = 0; i < 20; i++)
        world_location(&w.base, LOCATION_PREFIX, world_text(&w, pool_printf(&w.x.pool, "/%d", i)));
    assert_int_equal(w.base.n_children, 20);
    for (unsigned i = 0; i < 20; i++)
        assert_true(slice_eq(w.base.children[i]->name, pool_printf(&w.x.pool, "/%u", i)));
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inherits),  cmocka_unit_test(test_steps),
        cmocka_unit_test(test_put_steps), cmocka_unit_test(test_own),
        cmocka_unit_test(test_children),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
