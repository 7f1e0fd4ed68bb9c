/* Variables of the response. */
#include "../world.h"

static const struct {
    enum exchange_state state;
    int status, error_status;
    const char *expected;
} statuses[] = {
    {EXCHANGE_HANDLING, 0, 0, "000"},   {EXCHANGE_HANDLING, 404, 0, "404"},
    {EXCHANGE_HANDLING, 0, 502, "502"}, {EXCHANGE_HEAD_OUT, 0, 0, "200"},
    {EXCHANGE_DONE, 204, 0, "204"},     {EXCHANGE_ABORTED, 0, 0, "499"},
    {EXCHANGE_ABORTED, 200, 0, "200"},
};

static void test_status(void **state)
{
    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
        struct world w;

        world_init(&w);
        world_begin_visit(&w);
        w.x.state = statuses[i].state;
        w.x.res.status = statuses[i].status;
        w.v.error_status = statuses[i].error_status;
        assert_string_equal(world_get(&w, "status"), statuses[i].expected);
        world_end(&w);
    }
}

static void test_sent(void **state)
{
    static const struct world_case expected[] = {
        {"bytes_sent", "321"},
        {"body_bytes_sent", "123"},
        {"request_completion", "OK"},
        {"sent_http_content_type", "text/html"},
        {"sent_http_content_length", "123"},
        {"sent_http_location", "/there"},
        {"sent_http_last_modified", "Sun, 06 Nov 1994 08:49:37 GMT"},
        {"sent_http_connection", "keep-alive"},
        {"sent_http_keep_alive", "timeout=20"},
        {"sent_http_transfer_encoding", "(none)"},
        {"sent_http_cache_control", "a, b"},
        {"sent_http_link", "(none)"},
    };
    struct world w;

    UNUSED(state);
    world_init(&w);
    world_begin_visit(&w);
    w.base.http.keepalive_header = 20;
    w.x.state = EXCHANGE_DONE;
    w.x.keep_alive = true;
    w.x.bytes_sent = 321;
    w.x.body_bytes_sent = 123;
    w.x.res.content_length = 123;
    w.x.res.last_modified = 784111777;
    world_header(&w, &w.x.res.headers, "Content-Type", "text/html");
    world_header(&w, &w.x.res.headers, "Location", "/there");
    world_header(&w, &w.x.res.headers, "Cache-Control", "a");
    world_header(&w, &w.x.res.headers, "Cache-Control", "b");
    world_check(&w, expected, ARRAY_LEN(expected));
    world_end(&w);
}

static void test_not_sent(void **state)
{
    static const struct world_case expected[] = {
        {"request_completion", ""},
        {"sent_http_content_type", "(none)"},
        {"sent_http_content_length", "(none)"},
        {"sent_http_last_modified", "(none)"},
        {"sent_http_connection", "close"},
        {"sent_http_keep_alive", "(none)"},
        {"sent_http_transfer_encoding", "(none)"},
    };
    struct world w;

    UNUSED(state);
    world_init(&w);
    world_begin_visit(&w);
    world_check(&w, expected, ARRAY_LEN(expected));
    w.x.state = EXCHANGE_BODY_OUT;
    assert_string_equal(world_get(&w, "sent_http_transfer_encoding"), "chunked");
    w.x.res.status = 304;
    assert_string_equal(world_get(&w, "sent_http_transfer_encoding"), "(none)");
    w.x.res.status = 200;
    w.x.req.version_minor = 0;
    assert_string_equal(world_get(&w, "sent_http_transfer_encoding"), "(none)");
    w.x.res.status = 101;
    assert_string_equal(world_get(&w, "sent_http_connection"), "upgrade");
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_status),
        cmocka_unit_test(test_sent),
        cmocka_unit_test(test_not_sent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
