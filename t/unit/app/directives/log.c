#include "../loaded.h"

static void test_error_log(void **state)
{
    struct app_conf *conf = loaded(
        "error_log e.log debug; http { access_log off; error_log h.log warn; server { listen "
        "80; location / { error_log stderr; } } }");

    UNUSED(state);
    assert_string_equal(conf->error_log.path, "./e.log");
    assert_int_equal(conf->error_log.level, LOG_DEBUG);
    assert_string_equal(conf->http->error_log->path, "./h.log");
    assert_ptr_equal(loaded_server(conf)->error_log, conf->http->error_log);
    assert_null(loaded_location(conf, 0)->error_log->path);
    assert_int_equal(loaded_location(conf, 0)->error_log->level, LOG_ERROR);
    conf_free(&conf);
}

static void test_access_log(void **state)
{
    struct app_conf *conf = loaded(
        "http { log_format f '$uri'; access_log a; access_log b f buffer=1k flush=1s if=$arg_x; "
        "server { listen 80; location / { } location /o { access_log off; } location /p { "
        "access_log "
        "c; } } }");
    const struct access_log *log = loaded_location(conf, 0)->access_logs;

    UNUSED(state);
    assert_string_equal(log->sink->path, "./a");
    assert_null(log->buffer);
    assert_ptr_not_equal(log->format, log->next->format);
    log = log->next;
    assert_non_null(log->buffer);
    assert_non_null(log->condition);
    assert_null(log->next);
    assert_null(loaded_location(conf, 1)->access_logs);
    assert_string_equal(loaded_location(conf, 2)->access_logs->sink->path, "./c");
    assert_null(loaded_location(conf, 2)->access_logs->next);
    conf_free(&conf);
}

static void test_errors(void **state)
{
    static const struct loaded_case cases[] = {
        {"error_log x loud;", "invalid log level \"loud\" in code:1; levels are debug, info, "
                              "notice, warn, error, crit, alert, emerg"},
        {"error_log syslog:server=x;", "invalid syslog server: an address or unix:/path is "
                                       "expected in \"syslog:server=x\" in code:1"},
        {"access_log x none;", "unknown log format \"none\" in code:1"},
        {"access_log x combined zip;",
         "invalid parameter \"zip\" in code:1; parameters are buffer=, flush=, gzip=, if="},
        {"access_log x combined gzip=0;", "invalid compression level \"gzip=0\" in code:1"},
        {"access_log x combined gzip=1k;", "invalid compression level \"gzip=1k\" in code:1"},
        {"access_log x combined buffer=0;", "invalid buffer size \"buffer=0\" in code:1"},
        {"access_log x combined flush=1s;", "no buffer is defined for access_log \"x\" in code:1"},
        {"access_log off x;", "invalid parameter \"x\" in code:1; syntax: access_log file [format "
                              "[buffer=size] [flush=time] [gzip[=level]] [if=condition]]; | off;"},
        {"access_log $uri combined buffer=1k;",
         "buffered logs cannot have variables in name in code:1"},
        {"log_format combined x;", "duplicate \"log_format\" name \"combined\" in code:1"},
        {"log_format a x; log_format a y;", "duplicate \"log_format\" name \"a\" in code:1"},
        {"log_format a escape=xml x;", "unknown log format escaping \"xml\" in code:1"},
    };

    UNUSED(state);
    loaded_check("http { %s }", cases, ARRAY_LEN(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_error_log),
        cmocka_unit_test(test_access_log),
        cmocka_unit_test(test_errors),
    };

    return LOADED_MAIN(tests);
}
