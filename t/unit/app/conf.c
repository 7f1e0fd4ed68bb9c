#include "loaded.h"

static void test_defaults(void **state)
{
    struct app_conf *conf = loaded("");

    UNUSED(state);
    assert_int_equal(conf->worker_processes, 1);
    assert_int_equal(conf->worker_connections, 1024);
    assert_true(conf->is_daemon && conf->has_master);
    assert_null(conf->http);
    assert_int_equal(conf->n_listens, 0);
    assert_int_equal(conf->max_pending_timers, 1024);
    conf_free(&conf);
    assert_null(conf);
    conf_free(&conf);
}

static void test_paths(void **state)
{
    struct app_conf *conf = conf_new(SLICE("/srv/x"), SLICE("a.conf"));

    UNUSED(state);
    assert_string_equal(conf->prefix.p, "/srv/x/");
    assert_string_equal(conf->path.p, "/srv/x/a.conf");
    assert_string_equal(conf->pid_path.p, "/srv/x/logs/perilune.pid");
    assert_string_equal(conf_path(conf, SLICE("b/c")), "/srv/x/b/c");
    assert_string_equal(conf_path(conf, SLICE("/b")), "/b");
    conf_free(&conf);
}

static void test_material(void **state)
{
    struct app_conf *conf = conf_new(SLICE("/srv/x"), SLICE("a.conf"));

    UNUSED(state);
    conf->tree->dir = "/";
    assert_string_equal(conf_material(conf, SLICE("dev/null")), "/dev/null");
    assert_string_equal(conf_material(conf, SLICE("none.pem")), "/srv/x/none.pem");
    assert_string_equal(conf_material(conf, SLICE("/b")), "/b");
    conf->tree->dir = NULL;
    assert_string_equal(conf_material(conf, SLICE("dev/null")), "/srv/x/dev/null");
    conf_free(&conf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_material),
    };

    return LOADED_MAIN(tests);
}
