/* The trie against the plain way of finding the longest prefix. */
#include "app/location_tree.h"

#include <stdio.h>

#include "world.h"

static const struct {
    const char *name;
    enum location_kind kind;
} entries[] = {
    {"/", LOCATION_PREFIX},        {"/", LOCATION_EXACT},    {"/abc", LOCATION_PREFIX},
    {"/ab", LOCATION_PREFIX},      {"/abd", LOCATION_EXACT}, {"/abde", LOCATION_PREFIX_FINAL},
    {"/abcdef", LOCATION_PREFIX},  {"/x", LOCATION_EXACT},   {"/xy", LOCATION_EXACT},
    {"/images/", LOCATION_PREFIX},
};

static const char *const paths[] = {
    "/",      "",      "/a", "/ab", "/abc", "/abcd",   "/abcdef",  "/abcdefg",      "/abd", "/abde",
    "/abdef", "/abdx", "/x", "/xy", "/xyz", "/images", "/images/", "/images/a.png", "x",
};

static const struct location *find_plainly(struct location **list, unsigned n, struct slice path)
{
    const struct location *best = NULL;

    for (unsigned i = 0; i < n; i++) {
        if (list[i]->kind == LOCATION_EXACT && slice_eq(list[i]->name, path))
            return list[i];
        if (list[i]->kind != LOCATION_EXACT && slice_has_prefix(path, list[i]->name) &&
            (!best || best->name.n < list[i]->name.n))
            best = list[i];
    }
    return best;
}

static void test_find(void **state)
{
    struct world w;
    struct location_tree t = {.root = {.n = 0}};

    UNUSED(state);
    world_init(&w);
    for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
        struct location *l = world_location(&w.base, entries[i].kind, entries[i].name);

        assert_true(location_tree_add(&t, &w.conf.pool, l));
        assert_false(location_tree_add(&t, &w.conf.pool, l));
    }
    for (size_t i = 0; i < ARRAY_LEN(paths); i++)
        assert_ptr_equal(location_tree_find(&t, slice_str(paths[i])),
                         find_plainly(w.base.children, w.base.n_children, slice_str(paths[i])));
    world_end(&w);
}

static void test_many(void **state)
{
    struct world w;
    struct location_tree t = {.root = {.n = 0}};
    unsigned seed = 1;
    char text[16];

    UNUSED(state);
    world_init(&w);
    for (int i = 0; i < 4000; i++) {
        bool is_lookup = i >= 500;
        size_t n = 0;
        struct slice path;

        text[n++] = '/';
        seed = seed * 1103515245 + 12345;
        for (unsigned bits = seed >> 8; n < 1 + (seed >> 29); bits >>= 2)
            text[n++] = "abc/"[bits & 3];
        path = slice_of(text, n);
        if (is_lookup) {
            assert_ptr_equal(location_tree_find(&t, path),
                             find_plainly(w.base.children, w.base.n_children, path));
        } else {
            struct location *l =
                location_new_child(&w.base, i % 3 == 0 ? LOCATION_EXACT : LOCATION_PREFIX, path);

            if (location_tree_add(&t, &w.conf.pool, l))
                location_add_child(&w.base, l);
        }
    }
    assert_true(w.base.n_children > 100);
    world_end(&w);
}

static void test_empty(void **state)
{
    struct location_tree t = {.root = {.n = 0}};

    UNUSED(state);
    assert_null(location_tree_find(&t, SLICE("/x")));
    assert_null(location_tree_find(&t, SLICE_EMPTY));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_empty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
