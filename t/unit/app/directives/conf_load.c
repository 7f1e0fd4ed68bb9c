#include "../loaded.h"

#include <stdio.h>
#include <unistd.h>

static void test_errors(void **state)
{
    static const struct loaded_case cases[] = {
        {"", NULL},
        {"events {}", NULL},
        {"http { server { listen 80 } }",
         "unexpected \"}\" in code:1; \"listen\" of line 1 is not ended by \";\""},
        {"workr_processes 1;",
         "unknown directive \"workr_processes\" in code:1; did you mean \"worker_processes\"?"},
        {"http { srever { } }", "unknown directive \"srever\" in code:1; did you mean \"server\"?"},
        {"listen 80;", "\"listen\" directive is not allowed here in code:1; it belongs in server, "
                       "server in stream"},
        {"http {\n server {\n  listen 80;\n  location / {\n   contnt_by_lua_block { }\n } } }",
         "unknown directive \"contnt_by_lua_block\" in code:5; did you mean "
         "\"content_by_lua_block\"?"},
        {"events { worker_connections 0; }", "0 worker_connections are not enough in code:1"},
        {"http { server { listen 80; location / { return 200 $b; } } }",
         "unknown \"b\" variable in code:1"},
        {"http {\n server {\n  listen 80;\n  server_name a;\n  server_name b *;\n } }",
         "server name \"*\" is invalid in code:5"},
        {"daemon maybe;", "invalid value \"maybe\" in \"daemon\" directive, it must be \"on\" or "
                          "\"off\" in code:1"},
        {"daemon on; daemon off;",
         "\"daemon\" directive is duplicate in code:1; the first one is in code:1"},
        {"http { access_log off; server { listen 80; location / { return 200 $nothing; } } }",
         "unknown \"nothing\" variable in code:1"},
        {"http { access_log off; server { listen 80; location / { } location / { } } }",
         "duplicate location \"/\" in code:1"},
    };

    UNUSED(state);
    loaded_check("%s", cases, ARRAY_LEN(cases));
}

static void test_file(void **state)
{
    char dir[] = "/tmp/unit-conf-XXXXXX", path[64];
    struct config_error e;
    struct app_conf *conf;
    FILE *f;

    UNUSED(state);
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/x.conf", dir);
    f = fopen(path, "w");
    fputs("pid run/x.pid;\n", f);
    fclose(f);
    conf = conf_load(slice_str(dir), SLICE("x.conf"), SLICE("daemon off; worker_processes 3;"), &e);
    assert_non_null(conf);
    assert_string_equal(conf->path.p, path);
    loaded_slice_is(slice_of(conf->prefix.p + conf->prefix.n - 1, 1), "/");
    assert_false(conf->is_daemon);
    assert_int_equal(conf->worker_processes, 3);
    assert_string_equal(conf_path(conf, SLICE("/a")), "/a");
    assert_string_equal(conf_path(conf, SLICE("a")) + strlen(dir), "/a");
    assert_string_equal(conf->pid_path.p + strlen(dir), "/run/x.pid");
    conf_free(&conf);
    unlink(path);
    assert_null(conf_load(slice_str(dir), SLICE("x.conf"), SLICE_EMPTY, &e));
    assert_non_null(strstr(e.message, "failed (2: No such file or directory)"));
    rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_file),
    };

    return LOADED_MAIN(tests);
}
