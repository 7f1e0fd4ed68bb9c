#include "loaded.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void test_sinks_are_shared(void **state)
{
    struct app_conf *conf = loaded("error_log /tmp/unit-e.log warn;");
    struct log_sink *a = conf_log_sink(conf, SLICE("x.log"), LOG_INFO);

    UNUSED(state);
    assert_ptr_equal(a, conf_log_sink(conf, SLICE("x.log"), LOG_INFO));
    assert_ptr_not_equal(a, conf_log_sink(conf, SLICE("x.log"), LOG_DEBUG));
    assert_ptr_equal(&conf->error_log, conf_log_sink(conf, SLICE("/tmp/unit-e.log"), LOG_WARN));
    assert_null(conf_log_sink(conf, SLICE_EMPTY, LOG_WARN)->path);
    conf_free(&conf);
}

static void test_open(void **state)
{
    char dir[] = "/tmp/unit-logs-XXXXXX", text[512], path[64];
    struct app_conf *conf;
    struct config_error e;
    struct stat st;

    UNUSED(state);
    assert_non_null(mkdtemp(dir));
    snprintf(text, sizeof(text),
             "error_log %s/e.log; http { access_log %s/a.log; client_body_temp_path %s/t/u; }", dir,
             dir, dir);
    conf = loaded(text);
    assert_true(conf_open_logs(conf, &e));
    assert_true(conf_open_logs(conf, &e));
    conf_free(&conf);
    snprintf(path, sizeof(path), "%s/t/u", dir);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    rmdir(path);
    snprintf(path, sizeof(path), "%s/t", dir);
    rmdir(path);
    snprintf(path, sizeof(path), "%s/e.log", dir);
    assert_int_equal(unlink(path), 0);
    snprintf(path, sizeof(path), "%s/a.log", dir);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(dir), 0);
}

static void test_open_fails(void **state)
{
    struct app_conf *conf = loaded("error_log /nowhere/e.log;");
    struct config_error e;

    UNUSED(state);
    assert_false(conf_open_logs(conf, &e));
    assert_string_equal(e.message,
                        "open() \"/nowhere/e.log\" failed (2: No such file or directory)");
    conf_free(&conf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sinks_are_shared),
        cmocka_unit_test(test_open),
        cmocka_unit_test(test_open_fails),
    };

    return LOADED_MAIN(tests);
}
