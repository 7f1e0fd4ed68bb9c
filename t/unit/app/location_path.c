/* URI to file: roots, aliases, what is refused. */
#include "app/location_path.h"
#include "world.h"

static struct script *compile(struct world *w, const char *text)
{
    struct script *s;
    struct slice error;

    assert_true(script_compile(&w->conf.variables, slice_str(text), &s, &error));
    return s;
}

static const struct {
    enum location_kind kind;
    const char *name, *root, *alias, *path, *expected;
} cases[] = {
    {LOCATION_PREFIX, "/", "/r", NULL, "/x/y", "/r/x/y"},
    {LOCATION_PREFIX, "/", "/r/", NULL, "/x", "/r/x"},
    {LOCATION_PREFIX, "/", "/", NULL, "/x", "/x"},
    {LOCATION_PREFIX, "/", NULL, NULL, "/x", "/srv/html/x"},
    {LOCATION_PREFIX, "/", "sites/$host", NULL, "/x", "/srv/sites/example.com/x"},
    {LOCATION_PREFIX, "/", "/r/$host/", NULL, "/x", "/r/example.com/x"},
    {LOCATION_PREFIX, "/i/", "/r", "/a/", "/i/x", "/a/x"},
    {LOCATION_PREFIX, "/i", "/r", "/a", "/i/x", "/a/x"},
    {LOCATION_PREFIX_FINAL, "/i/", "/r", "/a/", "/i/", "/a/"},
    {LOCATION_EXACT, "/i", "/r", "/a/f", "/i", "/a/f"},
    {LOCATION_REGEX, "^/u/(.)$", "/r", "/a/$host", "/u/x", "/a/example.com"},
    {LOCATION_PREFIX, "/i/", "/r", "a/", "/i/x", "/srv/a/x"},
    {LOCATION_PREFIX, "/i/", "/r", "/a/", "/other", NULL},
    {LOCATION_PREFIX, "/", "/r", NULL, "/../x", NULL},
    {LOCATION_PREFIX, "/", "/r", NULL, "/x/..", NULL},
    {LOCATION_PREFIX, "/", "/r", NULL, "..", NULL},
    {LOCATION_PREFIX, "/", "/r", NULL, "/x../..y/...", "/r/x../..y/..."},
    {LOCATION_PREFIX, "/", "/r", NULL, "/..../../x", NULL},
};

static void test_map(void **state)
{
    UNUSED(state);
    log_set_default(&(struct log_sink){.level = LOG_EMERG});
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct world w;
        struct location *l;
        struct slice path = SLICE_EMPTY;
        bool is_ok;

        world_init(&w);
        world_begin_visit(&w);
        l = world_location(&w.base, cases[i].kind, cases[i].name);
        l->root = cases[i].root ? compile(&w, cases[i].root) : NULL;
        l->alias = cases[i].alias ? compile(&w, cases[i].alias) : NULL;
        w.v.loc = l;
        is_ok = location_path_map(&w.v, slice_str(cases[i].path), &path);
        assert_int_equal(is_ok, cases[i].expected != NULL);
        if (is_ok) {
            assert_string_equal(path.p, cases[i].expected);
            assert_int_equal(path.n, strlen(cases[i].expected));
        }
        world_end(&w);
    }
    log_set_default(NULL);
}

static void test_nul(void **state)
{
    struct world w;
    struct slice path;

    UNUSED(state);
    world_init(&w);
    log_set_default(&(struct log_sink){.level = LOG_EMERG});
    assert_false(location_path_map(&w.v, SLICE("/a\0b"), &path));
    log_set_default(NULL);
    world_end(&w);
}

/* The prefix that is cut is that of the location which has the alias. */
static void test_inherited_alias(void **state)
{
    struct world w;
    struct location *outer, *inner;
    struct slice path;

    UNUSED(state);
    world_init(&w);
    world_begin_visit(&w);
    outer = world_location(&w.base, LOCATION_PREFIX, "/i/");
    outer->alias = compile(&w, "/a/");
    inner = world_location(outer, LOCATION_PREFIX, "/i/deep/");
    w.v.loc = location_new_child(inner, LOCATION_IF, SLICE_EMPTY);
    assert_true(location_path_map(&w.v, SLICE("/i/deep/x"), &path));
    assert_string_equal(path.p, "/a/deep/x");
    assert_true(slice_eq(location_path_root(&w.v), SLICE("/a/")));
    world_end(&w);
}

static void test_constant_root_is_borrowed(void **state)
{
    struct world w;

    UNUSED(state);
    world_init(&w);
    w.base.root = compile(&w, "/r/");
    assert_ptr_equal(location_path_root(&w.v).p, script_constant(w.base.root).p);
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_map),
        cmocka_unit_test(test_nul),
        cmocka_unit_test(test_inherited_alias),
        cmocka_unit_test(test_constant_root_is_borrowed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
