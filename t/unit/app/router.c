/* Finding locations as nginx does, named locations, and the errors of a configuration's routes. */
#include "app/router.h"

#include <stdio.h>

#include "app/variables/regex.h"
#include "world.h"

static struct location *add(struct world *w, struct location *parent, const char *text)
{
    static const struct {
        struct slice mark;
        enum location_kind kind;
    } marks[] = {{SLICE("= "), LOCATION_EXACT},
                 {SLICE("^~ "), LOCATION_PREFIX_FINAL},
                 {SLICE("~ "), LOCATION_REGEX},
                 {SLICE("@"), LOCATION_NAMED}};
    enum location_kind kind = LOCATION_PREFIX;
    struct slice name = slice_str(text), error;
    struct location *l;

    for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
        if (slice_has_prefix(name, marks[i].mark)) {
            kind = marks[i].kind;
            name = slice_from(name, marks[i].mark.n);
            break;
        }
    }
    l = world_location(parent, kind, world_text(w, name));
    if (kind == LOCATION_REGEX)
        l->regex = regex_compile(&w->conf.pool, name, false, &error);
    return l;
}

static void build(struct world *w, const char *expected)
{
    struct config_error e = {.message = ""};
    struct vhost *vhosts[] = {&w->vhost};
    bool is_ok;

    w->conf.vhosts = vhosts;
    w->conf.n_vhosts = 1;
    is_ok = router_build(&w->conf, &e);
    if (!is_ok && !expected)
        fail_msg("%s", e.message);
    assert_int_equal(is_ok, expected == NULL);
    if (expected)
        assert_string_equal(e.message, expected);
}

static void expect(struct world *w, const char *path, const char *location)
{
    w->x.req.path = slice_str(path);
    router_find_location(&w->v);
    if (!slice_eq(w->v.loc->name, slice_str(location)))
        fail_msg("%s leads to \"" SLICE_FMT "\", not \"%s\"", path, SLICE_ARG(w->v.loc->name),
                 location);
}

static void test_order(void **state)
{
    static const char *const locations[] = {
        "= /", "/", "/documents/", "^~ /images/", "~ \\.(gif|jpg)$", "~ ^/doc", "= /x.gif",
    };
    static const struct world_case expected[] = {
        {"/", "/"},
        {"/index.html", "/"},
        {"/documents/a.html", "^/doc"},
        {"/documents/1.jpg", "\\.(gif|jpg)$"},
        {"/images/1.gif", "/images/"},
        {"/images", "/"},
        {"/x.gif", "/x.gif"},
        {"/y.gif", "\\.(gif|jpg)$"},
    };
    struct world w;

    UNUSED(state);
    world_init(&w);
    for (size_t i = 0; i < ARRAY_LEN(locations); i++)
        add(&w, &w.base, locations[i]);
    build(&w, NULL);
    world_begin_visit(&w);
    for (size_t i = 0; i < ARRAY_LEN(expected); i++)
        expect(&w, expected[i].name, expected[i].expected);
    expect(&w, "/", "/");
    assert_int_equal(w.v.loc->kind, LOCATION_EXACT);
    assert_true(slice_eq(w.v.path_prefix, SLICE("/")));
    world_end(&w);
}

static void test_nothing_matches(void **state)
{
    struct world w;

    UNUSED(state);
    world_init(&w);
    build(&w, NULL);
    expect(&w, "/x", "");
    assert_ptr_equal(w.v.loc, &w.base);
    world_end(&w);
    world_init(&w);
    add(&w, &w.base, "/a");
    build(&w, NULL);
    expect(&w, "/x", "");
    assert_ptr_equal(w.v.loc, &w.base);
    world_end(&w);
}

/* Regexes inside the longest prefix come before those outside; what is inside a regex comes after
 * it. */
static void test_nested(void **state)
{
    struct world w;
    struct location *a, *r, *f;

    UNUSED(state);
    world_init(&w);
    a = add(&w, &w.base, "/a/");
    add(&w, a, "/a/b/");
    add(&w, a, "~ \\.in$");
    add(&w, a, "= /a/exact.php");
    r = add(&w, &w.base, "~ \\.php$");
    add(&w, r, "~ admin");
    f = add(&w, &w.base, "^~ /f/");
    add(&w, f, "/f/g/");
    build(&w, NULL);
    world_begin_visit(&w);
    expect(&w, "/a/x", "/a/");
    expect(&w, "/a/b/x", "/a/b/");
    expect(&w, "/a/x.in", "\\.in$");
    expect(&w, "/a/b/x.php", "\\.php$");
    expect(&w, "/a/exact.php", "/a/exact.php");
    expect(&w, "/admin.php", "admin");
    expect(&w, "/f/x.php", "/f/");
    expect(&w, "/f/g/x.php", "/f/g/");
    expect(&w, "/g/x", "");
    world_end(&w);
}

static void test_captures(void **state)
{
    struct world w;

    UNUSED(state);
    world_init(&w);
    add(&w, &w.base, "~ ^/users/(?<id>\\d+)/(.*)$");
    build(&w, NULL);
    world_begin_visit(&w);
    expect(&w, "/users/12/name", "^/users/(?<id>\\d+)/(.*)$");
    assert_string_equal(world_get(&w, "id"), "12");
    assert_string_equal(world_get(&w, "2"), "name");
    assert_int_equal(w.v.path_prefix.n, 0);
    world_end(&w);
}

static void test_named(void **state)
{
    struct world w;
    struct location *l;

    UNUSED(state);
    world_init(&w);
    assert_null(router_find_named(&w.vhost, SLICE("x")));
    l = add(&w, &w.base, "@x");
    build(&w, NULL);
    assert_ptr_equal(router_find_named(&w.vhost, SLICE("x")), l);
    assert_null(router_find_named(&w.vhost, SLICE("y")));
    expect(&w, "/x", "");
    world_end(&w);
}

static const struct {
    const char *outer, *inner, *message; /* inner stands beside outer when it begins with a '+' */
} mistakes[] = {
    {"/x", "+/x", "duplicate location \"/x\""},
    {"/x", "+^~ /x", "duplicate location \"/x\""},
    {"= /x", "+= /x", "duplicate location \"/x\""},
    {"= /x", "+/x", NULL},
    {"~ x", "+~ x", NULL},
    {"@x", "+@x", "duplicate location \"x\""},
    {"/x", "/y", "location \"/y\" is outside location \"/x\""},
    {"= /x", "/x", "location \"/x\" cannot be inside the exact location \"/x\""},
    {"@x", "/x", "location \"/x\" cannot be inside the named location \"x\""},
    {"/x", "@y", "named location \"y\" can be on the server level only"},
    {"/x", "~ y", NULL},
    {"/x", "+~ (?<uri>.)", "the duplicate \"uri\" variable"},
};

static void test_mistakes(void **state)
{
    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(mistakes); i++) {
        struct world w;
        struct location *outer;

        world_init(&w);
        outer = add(&w, &w.base, mistakes[i].outer);
        if (mistakes[i].inner[0] == '+')
            add(&w, &w.base, mistakes[i].inner + 1);
        else
            add(&w, outer, mistakes[i].inner);
        build(&w, mistakes[i].message);
        world_end(&w);
    }
}

static void test_place_and_unknown_variable(void **state)
{
    struct world w;
    struct config_error e;
    struct vhost *vhosts[] = {&w.vhost};

    UNUSED(state);
    world_init(&w);
    add(&w, &w.base, "/x");
    add(&w, &w.base, "/x");
    w.conf.vhosts = vhosts;
    w.conf.n_vhosts = 1;
    assert_false(router_build(&w.conf, &e));
    assert_string_equal(e.file, "x.conf");
    assert_int_equal(e.line, 7);
    world_end(&w);
    world_init(&w);
    variable_refer(&w.conf.variables, SLICE("nobody"));
    build(&w, "unknown \"nobody\" variable");
    world_end(&w);
}

/* A location's named group may be used by scripts that were compiled before. */
static void test_group_defines_variable(void **state)
{
    struct world w;

    UNUSED(state);
    world_init(&w);
    variable_refer(&w.conf.variables, SLICE("id"));
    add(&w, &w.base, "~ (?<id>.)");
    build(&w, NULL);
    world_end(&w);
}

static void test_find_vhost(void **state)
{
    struct world w;
    struct listen_conf *listens[] = {&w.listen};
    struct vhost other = {.n_names = 1, .names = &(struct slice){"b.example", 9}, .base = &w.base};
    struct vhost *vhosts[] = {&w.vhost, &other};

    UNUSED(state);
    world_init(&w);
    w.listen.vhosts = vhosts;
    w.listen.n_vhosts = 2;
    w.conf.listens = listens;
    w.conf.n_listens = 1;
    build(&w, NULL);
    assert_ptr_equal(router_find_vhost(&w.listen, SLICE("b.example"), NULL), &other);
    assert_ptr_equal(router_find_vhost(&w.listen, SLICE("c.example"), NULL), &w.vhost);
    assert_ptr_equal(router_find_vhost(&w.listen, SLICE_EMPTY, NULL), &w.vhost);
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_nothing_matches),
        cmocka_unit_test(test_nested),
        cmocka_unit_test(test_captures),
        cmocka_unit_test(test_named),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_place_and_unknown_variable),
        cmocka_unit_test(test_group_defines_variable),
        cmocka_unit_test(test_find_vhost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
