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
        cmocka_unit_test(test_inherits),
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_children),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
