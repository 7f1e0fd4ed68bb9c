#include "fixture.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/schema.h"

static const struct directive table[] = {
    {.name = "http",
     .contexts = CTX_MAIN,
     .flags = DIRECTIVE_BLOCK,
     .opens = CTX_HTTP,
     .group = "Blocks",
     .syntax = "http { … }",
     .doc = "Holds servers."},
    {.name = "server",
     .contexts = CTX_HTTP,
     .flags = DIRECTIVE_BLOCK | DIRECTIVE_REPEATS,
     .opens = CTX_SERVER,
     .group = "Blocks",
     .doc = "A server."},
    {.name = "server",
     .contexts = CTX_UPSTREAM,
     .flags = DIRECTIVE_REPEATS,
     .min_args = 1,
     .max_args = ARGS_MANY,
     .group = "Upstream",
     .doc = "An address."},
    {.name = "server_name",
     .contexts = CTX_SERVER,
     .max_args = 1,
     .group = "Server",
     .doc = "Names."},
    {.name = "listen", .contexts = CTX_SERVER, .max_args = 1, .group = "Server", .doc = "A port."},
    {.name = "if",
     .contexts = CTX_SERVER,
     .flags = DIRECTIVE_BLOCK | DIRECTIVE_REPEATS,
     .opens = CTX_IF_SERVER,
     .max_args = ARGS_MANY,
     .group = "Blocks",
     .syntax = "if (condition) { … }",
     .default_text = "none",
     .doc = "A condition."},
    {.name = "if",
     .contexts = CTX_LOCATION,
     .flags = DIRECTIVE_BLOCK | DIRECTIVE_REPEATS,
     .opens = CTX_IF_LOCATION,
     .max_args = ARGS_MANY},
};

/* Registered first, printed last. */
static const struct directive accepted[] = {
    {.name = "tables", .contexts = CTX_HTTP, .group = SCHEMA_GROUP_ACCEPTED, .doc = "Checked."}};

static int set_up(void **state)
{
    UNUSED(state);
    schema_register(accepted, ARRAY_LEN(accepted));
    schema_register(table, ARRAY_LEN(table));
    return 0;
}

static int tear_down(void **state)
{
    UNUSED(state);
    schema_reset();
    return 0;
}

static void test_find(void **state)
{
    UNUSED(state);
    assert_ptr_equal(schema_find(SLICE("server"), CTX_HTTP), &table[1]);
    assert_ptr_equal(schema_find(SLICE("server"), CTX_UPSTREAM), &table[2]);
    assert_ptr_equal(schema_find(SLICE("server"), CTX_ANY), &table[1]);
    assert_ptr_equal(schema_find(SLICE("if"), CTX_LOCATION), &table[6]);
    assert_null(schema_find(SLICE("server"), CTX_MAIN));
    assert_null(schema_find(SLICE("serve"), CTX_ANY));
    assert_null(schema_find(SLICE(""), CTX_ANY));
}

static void test_suggest(void **state)
{
    static const struct {
        const char *name;
        uint32_t context;
        const char *expected;
    } cases[] = {
        {"lisen", CTX_SERVER, "listen"},
        {"fi", CTX_SERVER, "if"},
        {"litsen", CTX_SERVER, "listen"},
        {"listens", CTX_MAIN, "listen"},
        {"servername", CTX_SERVER, "server_name"},
        {"htp", CTX_MAIN, "http"},
        {"completely_different", CTX_SERVER, NULL},
        {"x", CTX_SERVER, NULL},
        {"", CTX_SERVER, NULL},
        {"a_name_that_is_longer_than_any_name_which_is_compared_with_the_table_of_names",
         CTX_SERVER, NULL},
    };

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *got = schema_suggest(slice_str(cases[i].name), cases[i].context);

        if (cases[i].expected ? !got || strcmp(got, cases[i].expected) != 0 : got != NULL)
            fail_msg("%s: %s", cases[i].name, got ? got : "none");
    }
}

static void test_context_names(void **state)
{
    struct buf out = BUF_EMPTY;

    UNUSED(state);
    schema_context_names(CTX_HTTP_ALL | CTX_IF_LOCATION, &out);
    assert_string_equal(buf_cstr(&out), "http, server, location, if in location");
    buf_free(&out);
}

static void test_reference(void **state)
{
    struct buf out = BUF_EMPTY;

    UNUSED(state);
    schema_print_reference(&out);
    assert_string_equal(buf_cstr(&out),
                        "# Directives\n\n"
                        "## Blocks\n\n"
                        "### http\n\n- Syntax: `http { … }`\n- Context: main\n\nHolds servers.\n\n"
                        "### server\n\n- Context: http\n\nA server.\n\n"
                        "### if\n\n- Syntax: `if (condition) { … }`\n- Default: `none`\n"
                        "- Context: server, location\n\nA condition.\n\n"
                        "## Upstream\n\n"
                        "### server\n\n- Context: upstream\n\nAn address.\n\n"
                        "## Server\n\n"
                        "### server_name\n\n- Context: server\n\nNames.\n\n"
                        "### listen\n\n- Context: server\n\nA port.\n\n"
                        "## Accepted for compatibility\n\n"
                        "### tables\n\n- Context: http\n\nChecked.\n\n");
    buf_free(&out);
}

/* Does registering `d` end the process? */
static bool is_refused(const struct directive *d)
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        signal(SIGABRT, SIG_DFL);
        if (!freopen("/dev/null", "w", stderr))
            _exit(2);
        schema_register(d, 1);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

static void test_contradictions(void **state)
{
    static const struct directive sound = {.name = "x", .contexts = CTX_MAIN};
    static const char *const choices[] = {"a", NULL};
    static const struct directive with_choices = {
        .name = "x", .contexts = CTX_MAIN, .kinds = {ARG_ENUM}, .choices = choices};
    static const struct directive wrong[] = {
        {.name = "", .contexts = CTX_MAIN},
        {.name = "x"},
        {.name = "x", .contexts = 1u << 30},
        {.name = "x", .contexts = CTX_MAIN, .min_args = 2, .max_args = 1},
        {.name = "x", .contexts = CTX_MAIN, .flags = DIRECTIVE_BLOCK},
        {.name = "x", .contexts = CTX_MAIN, .flags = DIRECTIVE_BLOCK, .opens = CTX_ANY},
        {.name = "x", .contexts = CTX_MAIN, .opens = CTX_HTTP},
        {.name = "x", .contexts = CTX_MAIN, .flags = DIRECTIVE_LUA | DIRECTIVE_FREE},
        {.name = "x", .contexts = CTX_MAIN, .kinds = {ARG_ENUM}},
        {.name = "x", .contexts = CTX_MAIN, .kinds = {0, 200}},
        {.name = "server", .contexts = CTX_HTTP | CTX_MAIN},
    };

    UNUSED(state);
    assert_false(is_refused(&sound));
    assert_false(is_refused(&with_choices));
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        if (!is_refused(&wrong[i]))
            fail_msg("contradiction %zu was accepted", i);
}

struct trace {
    struct buf names;
    unsigned left;
};

static bool apply_leaf(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct trace *t = ctx;

    if (t->left-- == 0)
        return config_node_error(node, e, "enough");
    buf_printf(&t->names, "%s ", node->name.p);
    return true;
}

static bool apply_block(void *ctx, const struct config_node *node, struct config_error *e)
{
    return apply_leaf(ctx, node, e) && config_apply(node, ctx, e);
}

static const struct directive applied[] = {
    {.name = "a", .contexts = CTX_MAIN, .apply = apply_leaf},
    {.name = "b", .contexts = CTX_MAIN, .apply = apply_block},
    {.name = "n", .contexts = CTX_MAIN},
};

/* Gives nodes their schema by name alone. */
static bool resolve(struct config_node *node, struct config_error *e)
{
    UNUSED(e);
    for (size_t i = 0; i < ARRAY_LEN(applied); i++)
        if (slice_eq(node->name, slice_str(applied[i].name)))
            node->schema = &applied[i];
    return true;
}

static void test_apply(void **state)
{
    struct trace all = {.left = 100}, some = {.left = 2};
    struct config_tree tree;
    struct config_error e;

    UNUSED(state);
    load(&tree, "a; unknown; n;\nb { a;\n a; } a;", resolve);
    assert_true(config_apply(&tree.root, &all, &e));
    assert_string_equal(buf_cstr(&all.names), "a b a a a ");
    assert_false(config_apply(&tree.root, &some, &e));
    assert_string_equal(buf_cstr(&some.names), "a b ");
    assert_string_equal(e.message, "enough");
    assert_int_equal(e.line, 2);
    buf_free(&all.names);
    buf_free(&some.names);
    config_free(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),      cmocka_unit_test(test_suggest),
        cmocka_unit_test(test_reference), cmocka_unit_test(test_context_names),
        cmocka_unit_test(test_apply),     cmocka_unit_test(test_contradictions),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
