#include "fixture.h"

#include "config/schema_check.h"

static const char *const satisfy_words[] = {"all", "any", NULL};
static const char *const auto_word[] = {"auto", NULL};

#define BLOCK(n, where, inner)                                                                     \
    {                                                                                              \
        .name = (n), .contexts = (where), .flags = DIRECTIVE_BLOCK, .opens = (inner)               \
    }

static const struct directive table[] = {
    BLOCK("events", CTX_MAIN, CTX_EVENTS),
    BLOCK("http", CTX_MAIN, CTX_HTTP),
    {.name = "server",
     .contexts = CTX_HTTP,
     .flags = DIRECTIVE_BLOCK | DIRECTIVE_REPEATS,
     .opens = CTX_SERVER},
    {.name = "location",
     .contexts = CTX_SERVER | CTX_LOCATION,
     .flags = DIRECTIVE_BLOCK | DIRECTIVE_REPEATS,
     .opens = CTX_LOCATION,
     .min_args = 1,
     .max_args = 2,
     .syntax = "location [=|~] uri { … }"},
    {.name = "types", .contexts = CTX_HTTP_ALL, .flags = DIRECTIVE_FREE},
    {.name = "content_by_lua_block", .contexts = CTX_LOCATION, .flags = DIRECTIVE_LUA},
    {.name = "set_by_lua_block",
     .contexts = CTX_LOCATION,
     .flags = DIRECTIVE_LUA | DIRECTIVE_REPEATS,
     .min_args = 1,
     .max_args = 1},
    {.name = "script", .contexts = CTX_LOCATION, .flags = DIRECTIVE_LUA},
    {.name = "tcp_nodelay", .contexts = CTX_HTTP_ALL, .max_args = 1, .kinds = {ARG_FLAG}},
    {.name = "workers",
     .contexts = CTX_MAIN,
     .min_args = 1,
     .max_args = 1,
     .kinds = {ARG_NUMBER},
     .choices = auto_word},
    {.name = "buffers",
     .contexts = CTX_HTTP_ALL,
     .min_args = 2,
     .max_args = 2,
     .kinds = {ARG_NUMBER, ARG_SIZE}},
    {.name = "timeout",
     .contexts = CTX_HTTP_ALL,
     .flags = DIRECTIVE_VARS,
     .min_args = 1,
     .max_args = 1,
     .kinds = {ARG_TIME}},
    {.name = "satisfy",
     .contexts = CTX_HTTP_ALL,
     .min_args = 1,
     .max_args = ARGS_MANY,
     .flags = DIRECTIVE_SAME,
     .kinds = {ARG_ENUM},
     .choices = satisfy_words},
    {.name = "listen", .contexts = CTX_SERVER, .flags = DIRECTIVE_REPEATS, .max_args = ARGS_MANY},
};

static int set_up(void **state)
{
    UNUSED(state);
    schema_register(table, ARRAY_LEN(table));
    return 0;
}

static int tear_down(void **state)
{
    UNUSED(state);
    schema_reset();
    return 0;
}

static void test_errors(void **state)
{
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"http { server { listen 80; listen 81; location / { } location /b { } } server { } }", ""},
        {"\nlisen 80;", "unknown directive \"lisen\" in f:2; did you mean \"listen\"?"},
        {"geoip_country f;",
         "unknown directive \"geoip_country\" in f:1; there is no GeoIP module: "
         "list the networks with \"geo\", or read the database in Lua"},
        {"nothing_like_it;", "unknown directive \"nothing_like_it\" in f:1"},
        {"listen 80;", "\"listen\" directive is not allowed here in f:1; it belongs in server"},
        {"http { location / { } }",
         "\"location\" directive is not allowed here in f:1; it belongs in server, location"},
        {"http ;", "directive \"http\" has no opening \"{\" in f:1"},
        {"http { types; }", "directive \"types\" has no opening \"{\" in f:1"},
        {"workers 1 { }", "directive \"workers\" is not terminated by \";\" in f:1"},
        {"http { server { listen_by_lua_block { } } }",
         "unknown directive \"listen_by_lua_block\" in f:1"},
        {"workers;", "invalid number of arguments in \"workers\" directive in f:1"},
        {"workers 1 2;", "invalid number of arguments in \"workers\" directive in f:1"},
        {"http { server { location a b c { } } }",
         "invalid number of arguments in \"location\" directive in f:1; syntax: location [=|~] uri "
         "{ … }"},
        {"workers 1;\nworkers 2;", "\"workers\" directive is duplicate in f:2; the first one is in "
                                   "f:1"},
        {"http { } http { }", "\"http\" directive is duplicate in f:1; the first one is in f:1"},
        {"http { tcp_nodelay on; server { tcp_nodelay OFF; } }", ""},
        {"http { tcp_nodelay yes; }",
         "invalid value \"yes\" in \"tcp_nodelay\" directive, it must be \"on\" or \"off\" in f:1"},
        {"workers auto;", ""},
        {"workers x;", "\"workers\" directive invalid number in f:1; \"x\" is not a number"},
        {"http { buffers 4 8k; }", ""},
        {"http { buffers 8k 4; }", "\"buffers\" directive invalid number in f:1; \"8k\" is not a "
                                   "number"},
        {"http { buffers 4 8q; }", "\"buffers\" directive invalid value in f:1; \"8q\" is not a "
                                   "size such as 512, 8k or 1m"},
        {"http { timeout 1h30m; }", ""},
        {"http { timeout $t; }", ""},
        {"http { timeout 1x; }", "\"timeout\" directive invalid value in f:1; \"1x\" is not a time "
                                 "such as 500ms, 60s or 1h30m"},
        {"http { satisfy all any all any all any; }", ""},
        {"http { satisfy all any all any all some; }",
         "invalid value \"some\" in f:1; \"satisfy\" takes all, any"},
        {"http { types { text/html html; http; listen 1; listen 2; } }", ""},
        {"http { types { a\n{ } } }", "unexpected \"{\" in f:2"},
        {"http { types { include a b; } }",
         "invalid number of arguments in \"include\" directive in f:1"},
        {"http { types { include /nonexistent/x; } }",
         "open() \"/nonexistent/x\" failed (2: No such file or directory) in f:1"},
        {"http { server { location / { content_by_lua_block { \" } \" } } } }", ""},
        {"http { server { location / { set_by_lua_block $a { return {} } } } }", ""},
        {"http { server { location / { set_by_lua_block { } } } }",
         "invalid number of arguments in \"set_by_lua_block\" directive in f:1"},
        {"http { server { location / { content_by_lua_block ; } } }",
         "directive \"content_by_lua_block\" has no opening \"{\" in f:1"},
        {"http { server { location / { content_by_lua_block { x = {} \n } } events { }",
         "\"events\" directive is not allowed here in f:2; it belongs in main"},
        {"http { server { listen 1\n timeout 5; listen 2; } }", ""},
        {"http { timeout 5\n buffers 1 2; }",
         "invalid number of arguments in \"timeout\" directive in f:1; \"buffers\" of line 2 is a "
         "directive: a \";\" may be missing before it"},
        {"http { tcp_nodelay\n timeout 5; }", "invalid number of arguments in \"tcp_nodelay\" "
                                              "directive in f:1; \"timeout\" of line 2 is "
                                              "a directive: a \";\" may be missing before it"},
        {"http { timeout 5\n\n server { } }",
         "directive \"timeout\" is not terminated by \";\" in f:1; \"server\" of line 3 is a "
         "directive: a \";\" may be missing before it"},
        {"http { timeout 5\n \"buffers\" 1 2; }",
         "invalid number of arguments in \"timeout\" directive in f:1"},
        {"http { timeout 5\n listen 1; }",
         "invalid number of arguments in \"timeout\" directive in f:1"},
        {"// note\n",
         "unexpected end of file, expecting \";\" or \"}\" in f:2; \"//\" of line 1 is no "
         "directive: a comment begins with \"#\""},
        {"// note\nhttp { }", "unknown directive \"//\" in f:1; a comment begins with \"#\""},
        {"/* note */ http { }", "unknown directive \"/*\" in f:1; a comment begins with \"#\""},
        {"--note;", "unknown directive \"--note\" in f:1; a comment begins with \"#\""},
        {"unknown;\n }", "unknown directive \"unknown\" in f:1"},
    };

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        expect_error(cases[i].text, NULL, schema_check_node, cases[i].expected);
}

static void test_contents(void **state)
{
    struct config_tree tree;
    const struct config_node *http, *types, *script;

    UNUSED(state);
    load(&tree, "http { types { a b; } server { location / { script { return '}' } } } }",
         schema_check_node);
    http = config_child(&tree.root, "http");
    assert_int_equal(http->content, CONFIG_BLOCK);
    assert_ptr_equal(http->schema, schema_find(SLICE("http"), CTX_MAIN));
    types = config_child(http, "types");
    assert_int_equal(types->content, CONFIG_FREE);
    assert_string_equal(types->children->name.p, "a");
    assert_null(types->children->schema);
    script = config_child(config_child(config_child(http, "server"), "location"), "script");
    assert_int_equal(script->content, CONFIG_LUA);
    assert_string_equal(script->lua.p, " return '}' ");
    config_free(&tree);
}

static void test_load(void **state)
{
    struct config_source src = {
        .path = "f", .text = SLICE("workers 1;"), .directives = "workers 2;"};
    struct config_tree tree;
    struct config_error e;

    UNUSED(state);
    assert_false(schema_check_load(&tree, &src, &e));
    assert_string_equal(e.message, "\"workers\" directive is duplicate");
    assert_string_equal(e.hint, "the first one is in the command line");
    config_free(&tree);
    src.directives = NULL;
    assert_true(schema_check_load(&tree, &src, &e));
    assert_non_null(tree.root.children->schema);
    config_free(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_contents),
        cmocka_unit_test(test_load),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
