#include "../loaded.h"

#include <sys/stat.h>
#include <unistd.h>

#include "app/lua/lua_code.h"
#include "app/lua/lua_step.h"

static const struct lua_code *content_of(const struct location *l)
{
    assert_int_equal(l->steps[PHASE_CONTENT].n, 1);
    return l->steps[PHASE_CONTENT].steps[0].arg;
}

static void test_forms(void **state)
{
    struct app_conf *conf = loaded(IN_SERVER("location /a { content_by_lua 'a()'; } location /b { "
                                             "content_by_lua_block { b() } } location "
                                             "/c { content_by_lua_file x/$arg_f.lua; }"));
    const struct lua_code *code = content_of(loaded_location(conf, 0));

    UNUSED(state);
    assert_int_equal(code->kind, LUA_CODE_INLINE);
    assert_string_equal(code->directive, "content_by_lua");
    loaded_slice_is(code->text, "a()");
    loaded_slice_is(code->chunk_name, "=content_by_lua(code:1)");
    loaded_slice_is(content_of(loaded_location(conf, 1))->text, " b() ");
    code = content_of(loaded_location(conf, 2));
    assert_int_equal(code->kind, LUA_CODE_FILE);
    assert_false(script_is_constant(code->path));
    conf_free(&conf);
}

static void test_places(void **state)
{
    struct app_conf *conf = loaded(IN_HTTP(
        "init_by_lua 'i()'; init_worker_by_lua 'w()'; exit_worker_by_lua 'e()'; "
        "header_filter_by_lua "
        "'h()'; body_filter_by_lua 'b()'; log_by_lua 'l()'; server { listen 80; location / { "
        "log_by_lua 'm()'; } }"));
    const struct location *l = loaded_location(conf, 0);

    UNUSED(state);
    loaded_slice_is(conf->init_by_lua[CONF_HTTP]->text, "i()");
    loaded_slice_is(conf->init_worker_by_lua[CONF_HTTP]->text, "w()");
    loaded_slice_is(conf->exit_worker_by_lua[CONF_HTTP]->text, "e()");
    loaded_slice_is(l->header_filter->text, "h()");
    loaded_slice_is(l->body_filter->text, "b()");
    loaded_slice_is(l->log_by_lua->text, "m()");
    conf_free(&conf);
}

static void test_handler(void **state)
{
    struct app_conf *conf = loaded(IN_SERVER(
        "middleware a.b c; location /x { handler app.users.list; } location /y { handler z; "
        "middleware d; middleware e; } location /z { middleware off; handler z; }"));
    const struct lua_code *code = content_of(loaded_location(conf, 0));

    UNUSED(state);
    assert_int_equal(code->kind, LUA_CODE_HANDLER);
    loaded_slice_is(code->text, "app.users.list");
    assert_int_equal(code->n_middleware, 2);
    loaded_slice_is(code->middleware[0], "a.b");
    code = content_of(loaded_location(conf, 1));
    assert_int_equal(code->n_middleware, 2);
    loaded_slice_is(code->middleware[0], "d");
    loaded_slice_is(code->middleware[1], "e");
    assert_int_equal(content_of(loaded_location(conf, 2))->n_middleware, 0);
    conf_free(&conf);
}

/* The name of the chunk for a file at `path` below a fresh directory. */
static void check_chunk_name(const char *path, const char *text, const char *expected)
{
    char dir[] = "/tmp/unit-chunk-XXXXXX", full[256];
    struct config_error e;
    struct app_conf *conf;
    FILE *f;

    assert_non_null(mkdtemp(dir));
    snprintf(full, sizeof(full), "%s/%s", dir, path);
    f = fopen(full, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    conf = conf_load(slice_str(dir), slice_str(path), SLICE_EMPTY, &e);
    if (!conf)
        fail_msg("%s", e.message);
    loaded_slice_is(content_of(loaded_location(conf, 0))->chunk_name, expected);
    conf_free(&conf);
    unlink(full);
    rmdir(dir);
}

#define CONF(text) "http { access_log off;\n server { listen 80; location / {\n" text "\n} } }"

static void test_chunk_names(void **state)
{
    UNUSED(state);
    check_chunk_name("nginx.conf", CONF("content_by_lua_block { }"),
                     "=content_by_lua(nginx.conf:3)");
    check_chunk_name("nginx.conf", CONF("content_by_lua '\n\n';"), "=content_by_lua(nginx.conf:5)");
    check_chunk_name("a-file-with-a-name-that-is-somewhat-longer.conf",
                     CONF("content_by_lua_block { }"),
                     "=content_by_lua(...th-a-name-that-is-somewhat-longer.conf:3)");
}

static void test_errors(void **state)
{
    static const struct loaded_case cases[] = {
        {"content_by_lua '';", "invalid location config: no runnable Lua code in code:1"},
        {"content_by_lua_block {}", "invalid location config: no runnable Lua code in code:1"},
        {"content_by_lua 'a'; content_by_lua_block { b }",
         "\"content_by_lua_block\" directive is duplicate in code:1; \"content_by_lua\" is in "
         "code:1"},
        {"handler a; content_by_lua 'b';",
         "\"content_by_lua\" directive is duplicate in code:1; \"handler\" is in code:1"},
        {"handler a..b;",
         "invalid module name \"a..b\" in code:1; as for require: \"app.users\", or "
         "\"app.users.list\" for a function"},
        {"middleware ../x;", "invalid module name \"../x\" in code:1; as for require: "
                             "\"app.users\", or \"app.users.list\" for a function"},
        {"lua_code_cache maybe;",
         "invalid value \"maybe\" in \"lua_code_cache\" directive, it must "
         "be \"on\" or \"off\" in code:1"},
        {"lua_socket_pool_size many;", "\"lua_socket_pool_size\" directive invalid number in "
                                       "code:1; \"many\" is not a number"},
        {"lua_check_client_abort on; lua_socket_log_errors off;", NULL},
    };

    UNUSED(state);
    loaded_check(IN_LOCATION("%s"), cases, ARRAY_LEN(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),   cmocka_unit_test(test_places),
        cmocka_unit_test(test_handler), cmocka_unit_test(test_chunk_names),
        cmocka_unit_test(test_errors),
    };

    return LOADED_MAIN(tests);
}
