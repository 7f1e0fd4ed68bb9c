#include "fixture.h"

#include <unistd.h>

/* The tree as text: name(args){children} or name(args)<lua>. */
static void describe(const struct config_node *parent, struct buf *out)
{
    for (const struct config_node *n = parent->children; n; n = n->next) {
        assert_ptr_equal(n->parent, parent);
        assert_int_equal(n->depth, parent->depth + 1);
        buf_add_slice(out, n->name);
        buf_add_char(out, '(');
        for (size_t i = 0; i < n->n_args; i++)
            buf_printf(out, n->quoted[i] ? "%s'%s'" : "%s%s", i ? "," : "", n->args[i].p);
        buf_add_char(out, ')');
        if (n->content == CONFIG_LUA)
            buf_printf(out, "<%s>", n->lua.p);
        if (n->content == CONFIG_BLOCK) {
            buf_add_char(out, '{');
            describe(n, out);
            buf_add_char(out, '}');
        }
    }
}

static void expect_tree(const struct config_tree *tree, const char *expected)
{
    struct buf out = BUF_EMPTY;

    describe(&tree->root, &out);
    assert_string_equal(buf_cstr(&out), expected);
    buf_free(&out);
}

static void test_shapes(void **state)
{
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"", ""},
        {"a; b 1 '2';", "a()b(1,'2')"},
        {"a { b { c; } d; } e;", "a(){b(){c()}d()}e()"},
        {"a 1 2 3 4 5 6 7 8 9 '10';", "a(1,2,3,4,5,6,7,8,9,'10')"},
        {"x_by_lua_block { f{} } b;", "x_by_lua_block()< f{} >b()"},
        {"set_by_lua_block $r {}", "set_by_lua_block($r)<>"},
        {"x_by_lua 'f{}';", "x_by_lua('f{}')"},
    };

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct config_tree tree;

        load(&tree, cases[i].text, NULL);
        expect_tree(&tree, cases[i].expected);
        config_free(&tree);
    }
}

static void test_errors(void **state)
{
    static const struct {
        const char *text, *directives, *expected;
    } cases[] = {
        {"a {\n", NULL,
         "unexpected end of file, expecting \"}\" in f:2; \"a\" of line 1 is not closed"},
        {"a {} }", NULL, "unexpected \"}\" in f:1"},
        {"include a b;", NULL, "invalid number of arguments in \"include\" directive in f:1"},
        {"\ninclude a {}", NULL, "directive \"include\" is not terminated by \";\" in f:2"},
        {"\ninclude /nonexistent/x;", NULL,
         "open() \"/nonexistent/x\" failed (2: No such file or directory) in f:2"},
        {"a;", "b", "unexpected end of parameter, expecting \";\" in command line"},
        {"a;", "b {}", "block directives are not supported in -g option in command line"},
        {"a;", "b_by_lua_block {}",
         "block directives are not supported in -g option in command line"},
        {"a;", "b; }", "unexpected \"}\" in command line"},
        {"a;", "include /nonexistent/x;",
         "open() \"/nonexistent/x\" failed (2: No such file or directory) in command line"},
        {"include /nonexistent/*.x; a;", NULL, ""},
        {"a;", "b 'c';", ""},
    };

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        expect_error(cases[i].text, cases[i].directives, NULL, cases[i].expected);
}

static void test_lines_and_files(void **state)
{
    struct config_source src = {
        .path = "f", .text = SLICE("\na\nb\n'c'\n{ d; }"), .directives = "g\n1;"};
    struct config_tree tree;
    struct config_error e;
    const struct config_node *a;

    UNUSED(state);
    assert_true(config_load(&tree, &src, &e));
    expect_tree(&tree, "g(1)a(b,'c'){d()}");
    assert_string_equal(tree.root.children->file, CONFIG_COMMAND_LINE);
    assert_int_equal(tree.root.children->line, 0);
    a = config_child(&tree.root, "a");
    assert_string_equal(a->file, "f");
    assert_int_equal(a->line, 2);
    assert_int_equal(a->end_line, 5);
    assert_null(config_child(&tree.root, "d"));
    config_free(&tree);
}

static void test_blocks_have_a_limit(void **state)
{
    struct buf text = BUF_EMPTY;
    char *line;

    UNUSED(state);
    for (int i = 0; i < 100; i++)
        buf_add_lit(&text, "a { ");
    line = load_error(buf_cstr(&text), NULL, NULL);
    assert_string_equal(line, "blocks are nested deeper than 64 in f:1");
    free(line);
    buf_free(&text);
}

static unsigned visited;

static bool stop_at_third(struct config_node *node, struct config_error *e)
{
    return ++visited < 3 || config_node_error(node, e, "stop at %s", node->name.p);
}

static void test_on_node(void **state)
{
    UNUSED(state);
    visited = 0;
    expect_error("a {\n b;\n c;\n d; } }", NULL, stop_at_third, "stop at c in f:3");
    assert_int_equal(visited, 3);
}

/* A directory with files; each test that reads files has its own. */
struct dir {
    char path[64];
    char file[40][96];
    size_t n;
};

static void dir_open(struct dir *d)
{
    snprintf(d->path, sizeof(d->path), "/tmp/config_tree.XXXXXX");
    assert_non_null(mkdtemp(d->path));
    d->n = 0;
}

/* The path of a file in `d`, which will be removed with it. */
static const char *dir_name(struct dir *d, const char *name)
{
    char path[sizeof(d->file[0])];

    assert_true(d->n < ARRAY_LEN(d->file));
    snprintf(path, sizeof(path), "%s/%s", d->path, name);
    return memcpy(d->file[d->n++], path, sizeof(path));
}

static void dir_add(struct dir *d, const char *name, const char *text)
{
    FILE *f = fopen(dir_name(d, name), "w");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void dir_close(struct dir *d)
{
    while (d->n > 0)
        unlink(d->file[--d->n]);
    rmdir(d->path);
}

/* Loads "main" of `d`; the error line (malloc'd) or NULL. */
static char *dir_load(const struct dir *d, struct config_tree *tree)
{
    struct config_source src = {.path = "main", .prefix = d->path};
    struct config_error e;
    struct buf out = BUF_EMPTY;
    char *line;

    if (config_load(tree, &src, &e))
        return NULL;
    config_error_format(&e, CONFIG_ERROR_NGINX, &out);
    line = strdup(buf_cstr(&out));
    buf_free(&out);
    return line;
}

static void test_include(void **state)
{
    struct config_tree tree;
    struct buf dump = BUF_EMPTY;
    struct dir d;
    char expected[512];

    UNUSED(state);
    dir_open(&d);
    dir_add(&d, "main", "a;\nb { include x.conf; include [xy]*.conf; }\ninclude none*;");
    dir_add(&d, "x.conf", "x 1;");
    dir_add(&d, "y.conf", "y { include x.conf; }\n");
    assert_null(dir_load(&d, &tree));
    expect_tree(&tree, "a()b(){x(1)x(1)y(){x(1)}}");
    assert_string_equal(config_child(&tree.root, "b")->children->file, d.file[1]);
    config_dump(&tree, &dump);
    snprintf(expected, sizeof(expected),
             "# configuration file %s:\na;\nb { include x.conf; include [xy]*.conf; }\n"
             "include none*;\n# configuration file %s:\nx 1;\n"
             "# configuration file %s:\ny { include x.conf; }\n\n",
             d.file[0], d.file[1], d.file[2]);
    assert_string_equal(buf_cstr(&dump), expected);
    buf_free(&dump);
    config_free(&tree);
    dir_close(&d);
}

/* Which error stands in `x.conf` when the main file includes it from line 2. */
static void expect_include_error(const char *text, const char *format)
{
    struct config_tree tree;
    struct dir d;
    char expected[256];
    char *line;

    dir_open(&d);
    dir_add(&d, "main", "a {\ninclude x.conf;\n}");
    dir_add(&d, "x.conf", text);
    line = dir_load(&d, &tree);
    assert_non_null(line);
    snprintf(expected, sizeof(expected), format, d.path, d.path);
    assert_string_equal(line, expected);
    free(line);
    config_free(&tree);
    dir_close(&d);
}

static void test_include_errors(void **state)
{
    UNUSED(state);
    expect_include_error("}", "unexpected \"}\" in %s/x.conf:1");
    expect_include_error("b {", "unexpected end of file, expecting \"}\" in %s/x.conf:1; \"b\" of "
                                "line 1 is not closed");
    expect_include_error("\ninclude main;", "\"%s/main\" includes itself in %s/x.conf:2");
    expect_include_error("\ninclude x.*;", "\"%s/x.conf\" includes itself in %s/x.conf:2");
    expect_include_error("include y;", "open() \"%s/y\" failed (2: No such file or directory) in "
                                       "%s/x.conf:1");
    expect_include_error("include .;",
                         "read() \"%s/.\" failed (21: Is a directory) in %s/x.conf:1");
}

static void test_include_depth(void **state)
{
    struct config_tree tree;
    struct dir d;
    char *line;

    UNUSED(state);
    dir_open(&d);
    dir_add(&d, "main", "include 0;");
    for (int i = 0; i < 35; i++) {
        char name[16], text[32];
        snprintf(name, sizeof(name), "%d", i);
        snprintf(text, sizeof(text), i < 34 ? "include %d;" : "a;", i + 1);
        dir_add(&d, name, text);
    }
    line = dir_load(&d, &tree);
    assert_non_null(line);
    assert_non_null(strstr(line, "includes are nested deeper than 32 in"));
    free(line);
    config_free(&tree);
    dir_close(&d);
}

static void test_include_by_link(void **state)
{
    struct config_tree tree;
    struct dir d;
    char *line;

    UNUSED(state);
    dir_open(&d);
    dir_add(&d, "main", "include link/main;");
    assert_int_equal(symlink(".", dir_name(&d, "link")), 0);
    line = dir_load(&d, &tree);
    assert_non_null(line);
    assert_non_null(strstr(line, "/link/main\" includes itself in"));
    free(line);
    config_free(&tree);
    dir_close(&d);
}

static void test_missing_main(void **state)
{
    struct config_source src = {.path = "main", .prefix = "/nonexistent/"};
    struct config_tree tree;
    struct config_error e;
    struct buf out = BUF_EMPTY;

    UNUSED(state);
    assert_false(config_load(&tree, &src, &e));
    config_error_format(&e, CONFIG_ERROR_NGINX, &out);
    assert_string_equal(buf_cstr(&out),
                        "open() \"/nonexistent/main\" failed (2: No such file or directory)");
    buf_free(&out);
    config_free(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shapes),          cmocka_unit_test(test_errors),
        cmocka_unit_test(test_lines_and_files), cmocka_unit_test(test_blocks_have_a_limit),
        cmocka_unit_test(test_on_node),         cmocka_unit_test(test_include),
        cmocka_unit_test(test_include_errors),  cmocka_unit_test(test_include_depth),
        cmocka_unit_test(test_include_by_link), cmocka_unit_test(test_missing_main),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
