#include "../loaded.h"

static void test_values(void **state)
{
    struct app_conf *conf =
        loaded("worker_processes auto; worker_rlimit_nofile 99; worker_shutdown_timeout 3s;"
               "worker_watchdog 500ms; daemon off; master_process off; user www web; env A; env "
               "B=c; load_module x.so; pid /p;"
               "events { use poll; worker_connections 7; multi_accept on; accept_mutex off; "
               "debug_connection 10.0.0.0/8; debug_connection unix:; }");

    UNUSED(state);
    assert_int_equal(conf->worker_processes, 0);
    assert_int_equal(conf->worker_rlimit_nofile, 99);
    assert_int_equal(conf->worker_shutdown_timeout, 3000);
    assert_int_equal(conf->worker_watchdog, 500);
    assert_false(conf->is_daemon || conf->has_master);
    assert_true(conf->has_multi_accept);
    assert_int_equal(conf->backend, LOOP_POLL);
    assert_int_equal(conf->worker_connections, 7);
    loaded_slice_is(conf->user, "www");
    loaded_slice_is(conf->group, "web");
    loaded_slice_is(conf->pid_path, "/p");
    assert_int_equal(conf->n_env, 2);
    loaded_slice_is(conf->env[0], "A");
    loaded_slice_is(conf->env[1], "B=c");
    conf_free(&conf);
}

static void test_errors(void **state)
{
    static const struct loaded_case cases[] = {
        {"worker_processes 4;", NULL},
        {"worker_processes many;",
         "\"worker_processes\" directive invalid number in code:1; \"many\" is not a number"},
        {"worker_processes 5000;", "more than 1024 worker processes in code:1"},
        {"worker_watchdog off;", NULL},
        {"worker_watchdog soon;", "\"worker_watchdog\" directive invalid value in code:1; \"soon\" "
                                  "is not a time such as 500ms, 60s or 1h30m"},
        {"events { use kqueue; }",
         "invalid event type \"kqueue\" in code:1; \"use\" takes epoll, poll, select"},
        {"events { worker_connections 99999999999; }",
         "\"worker_connections\" directive invalid number in code:1"},
    };

    UNUSED(state);
    loaded_check("%s", cases, ARRAY_LEN(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_errors),
    };

    return LOADED_MAIN(tests);
}
