/* Directives of HTTP/2. */
#include "../loaded.h"

static void test_values(void **state)
{
    struct app_conf *conf = loaded(
        IN_HTTP("http2 on; http2_max_concurrent_streams 7; http2_body_preread_size 16k; "
                "http2_connection_window 2m; large_client_header_buffers 2 4k; "
                "http2_flood_limit resets=3 continuations=0 closed_streams=4; http2_push off; "
                "server { } server { http2 off; http2_flood_limit pings=9; }"));
    const struct http_settings *first = &conf->vhosts[0]->base->http;
    const struct http_settings *second = &conf->vhosts[1]->base->http;

    UNUSED(state);
    assert_true(first->has_http2 && !second->has_http2);
    assert_int_equal(first->http2.max_streams, 7);
    assert_int_equal(first->http2.stream_window, 16384);
    assert_int_equal(first->http2.connection_window, 2 << 20);
    assert_int_equal(first->http2.header_list, 8192);
    assert_int_equal(first->http2.flood[H2_FLOOD_RESETS], 3);
    assert_int_equal(first->http2.flood[H2_FLOOD_FRAGMENTS], 0);
    assert_int_equal(first->http2.flood[H2_FLOOD_CLOSED], 4);
    assert_int_equal(first->http2.flood[H2_FLOOD_PINGS],
                     http_settings_default.http2.flood[H2_FLOOD_PINGS]);
    assert_int_equal(second->http2.flood[H2_FLOOD_PINGS], 9);
    assert_int_equal(second->http2.flood[H2_FLOOD_RESETS], 3);
    conf_free(&conf);
}

static void test_errors(void **state)
{
    static const struct loaded_case cases[] = {
        {"http2 maybe;", "invalid value \"maybe\" in \"http2\" directive, it must be \"on\" or "
                         "\"off\" in code:1"},
        {"http2_body_preread_size 0;",
         "invalid size in \"http2_body_preread_size\" directive in code:1"},
        {"http2_connection_window 8k;",
         "invalid size in \"http2_connection_window\" directive in code:1"},
        {"http2_connection_window 3g;",
         "invalid size in \"http2_connection_window\" directive in code:1"},
        {"http2_flood_limit reset=1;",
         "invalid parameter \"reset=1\" in code:1; give resets=, settings=, pings=, empty_data=, "
         "priorities=, window_updates= or continuations= with a number"},
        {"http2_flood_limit pings;",
         "invalid parameter \"pings\" in code:1; give resets=, settings=, pings=, empty_data=, "
         "priorities=, window_updates= or continuations= with a number"},
    };

    UNUSED(state);
    loaded_check(IN_HTTP("server { %s }"), cases, ARRAY_LEN(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_errors),
    };

    return LOADED_MAIN(tests);
}
