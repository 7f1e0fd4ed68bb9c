#include "../loaded.h"

static void test_values(void **state)
{
    struct app_conf *conf = loaded(IN_LOCATION(
        "client_body_timeout 2; send_timeout 3s; keepalive_timeout 4s 5s; client_max_body_size "
        "30M; "
        "client_body_buffer_size 1k; keepalive_requests 6; tcp_nodelay off; sendfile off; "
        "lingering_timeout 7ms; client_body_temp_path tmp 1 2;"));
    const struct http_settings *http = &loaded_location(conf, 0)->http;

    UNUSED(state);
    assert_int_equal(http->body_timeout, 2000);
    assert_int_equal(http->send_timeout, 3000);
    assert_int_equal(http->keepalive_timeout, 4000);
    assert_int_equal(http->keepalive_header, 5);
    assert_int_equal(http->max_body_size, 30 << 20);
    assert_int_equal(http->body_buffer_size, 1024);
    assert_int_equal(http->keepalive_requests, 6);
    assert_int_equal(http->lingering_timeout, 7);
    assert_false(http->is_nodelay || http->has_sendfile);
    assert_string_equal(http->temp_path, "./tmp");
    assert_int_equal(conf->n_temp_paths, 1);
    assert_int_equal(loaded_server(conf)->http.send_timeout, 60000);
    conf_free(&conf);
}

static void test_words(void **state)
{
    static const struct {
        const char *lingering, *body_file;
        enum lingering is_lingering;
        enum body_file is_in_file;
    } cases[] = {
        {"off", "off", LINGERING_OFF, BODY_FILE_LARGE},
        {"on", "on", LINGERING_ON, BODY_FILE_KEPT},
        {"always", "clean", LINGERING_ALWAYS, BODY_FILE_CLEAN},
    };
    char text[200];

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct app_conf *conf;

        snprintf(text, sizeof(text),
                 IN_LOCATION("lingering_close %s; client_body_in_file_only %s;"),
                 cases[i].lingering, cases[i].body_file);
        conf = loaded(text);
        assert_int_equal(loaded_location(conf, 0)->http.lingering, cases[i].is_lingering);
        assert_int_equal(loaded_location(conf, 0)->http.body_file, cases[i].is_in_file);
        conf_free(&conf);
    }
}

static void test_servers(void **state)
{
    struct app_conf *conf =
        loaded(IN_SERVER("client_header_timeout 1; large_client_header_buffers 3 2k;"));
    const struct http_settings *http = &loaded_server(conf)->http;

    UNUSED(state);
    assert_int_equal(http->header_timeout, 1000);
    assert_int_equal(http->header_line, 2048);
    assert_int_equal(http->header_block, 6144);
    conf_free(&conf);
}

static void test_checks(void **state)
{
    static const struct loaded_case cases[] = {
        {"proxy_temp_path /a; fastcgi_temp_path /b; scgi_temp_path /c; uwsgi_temp_path /d;", NULL},
        {"lingering_close always; directio off; open_file_cache max=1 inactive=2s;", NULL},
        {"lingering_close clean;", "invalid value \"clean\" in code:1; \"lingering_close\" takes "
                                   "off, on, always"},
        {"large_client_header_buffers 0 8k;",
         "invalid number or size in \"large_client_header_buffers\" directive in code:1"},
        {"tcp_nopush 1;", "invalid value \"1\" in \"tcp_nopush\" directive, it must be \"on\" or "
                          "\"off\" in code:1"},
        {"client_max_body_size 1x;", "\"client_max_body_size\" directive invalid value in code:1; "
                                     "\"1x\" is not a size such as 512, 8k or 1m"},
        {"keepalive_timeout 1 2 3;",
         "invalid number of arguments in \"keepalive_timeout\" directive in code:1; syntax: "
         "keepalive_timeout time [header_time];"},
    };

    UNUSED(state);
    loaded_check(IN_SERVER("%s"), cases, ARRAY_LEN(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_servers),
        cmocka_unit_test(test_checks),
    };

    return LOADED_MAIN(tests);
}
