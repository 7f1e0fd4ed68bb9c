/* Variables of the request. */
#include "http/body_spool.h"
#include "../world.h"

static void test_line_and_target(void **state)
{
    static const struct world_case expected[] = {
        {"uri", "/a b"},
        {"document_uri", "/a b"},
        {"request_uri", "/a%20b?x=1"},
        {"args", "x=1"},
        {"query_string", "x=1"},
        {"is_args", "?"},
        {"request", "GET /a%20b?x=1 HTTP/1.1"},
        {"request_method", "GET"},
        {"request_length", "321"},
        {"server_protocol", "HTTP/1.1"},
        {"scheme", "http"},
        {"https", ""},
        {"host", "example.com"},
        {"request_port", "8080"},
        {"is_request_port", ":"},
        {"content_length", "(none)"},
        {"content_type", "text/plain"},
        {"http_user_agent", "me"},
        {"http_host", "example.com:8080"},
    };
    struct world w;

    UNUSED(state);
    world_init(&w);
    world_begin_visit(&w);
    w.x.request_length = 321;
    w.x.req.host_port = 8080;
    world_header(&w, &w.x.req.headers, "Host", "example.com:8080");
    world_header(&w, &w.x.req.headers, "Content-Type", "text/plain");
    world_header(&w, &w.x.req.headers, "User-Agent", "me");
    world_check(&w, expected, ARRAY_LEN(expected));
    world_end(&w);
}

static void test_what_is_not_there(void **state)
{
    static const struct world_case expected[] = {
        {"args", "(none)"},
        {"query_string", "(none)"},
        {"is_args", ""},
        {"host", "first.example"},
        {"request_port", ""},
        {"is_request_port", ""},
        {"server_protocol", "HTTP/1.0"},
        {"scheme", "https"},
        {"https", "on"},
        {"http_user_agent", "(none)"},
        {"http_host", "(none)"},
        {"content_type", "(none)"},
        {"request_body", "(none)"},
        {"request_body_file", "(none)"},
        {"remote_user", "(none)"},
        {"limit_rate", "0"},
    };
    struct world w;

    UNUSED(state);
    world_init(&w);
    world_begin_visit(&w);
    w.names[0] = SLICE(".first.example");
    w.x.req.query = (struct slice){NULL, 0};
    w.x.req.host = SLICE_EMPTY;
    w.x.req.version_minor = 0;
    w.x.req.is_tls = true;
    world_check(&w, expected, ARRAY_LEN(expected));
    world_end(&w);
}

static void test_setting(void **state)
{
    struct world w;
    const struct variable *args, *rate;
    char text[] = "k=v";

    UNUSED(state);
    world_init(&w);
    args = variable_define(&w.conf.variables, SLICE("args"));
    rate = variable_define(&w.conf.variables, SLICE("limit_rate"));
    world_begin_visit(&w);
    assert_true(args->set(&w.v, args, slice_str(text)));
    memset(text, '#', sizeof(text) - 1);
    assert_true(slice_eq(w.x.req.query, SLICE("k=v")));
    assert_string_equal(world_get(&w, "arg_k"), "v");
    assert_true(rate->set(&w.v, rate, SLICE("2k")));
    assert_string_equal(world_get(&w, "limit_rate"), "2048");
    log_set_default(&(struct log_sink){.level = LOG_EMERG});
    assert_false(rate->set(&w.v, rate, SLICE("fast")));
    log_set_default(NULL);
    world_end(&w);
}

static void test_request_id(void **state)
{
    struct world w;
    const char *id;

    UNUSED(state);
    world_init(&w);
    world_begin_visit(&w);
    id = world_get(&w, "request_id");
    assert_int_equal(strlen(id), 32);
    assert_int_equal(strspn(id, "0123456789abcdef"), 32);
    assert_string_equal(world_get(&w, "request_id"), id);
    world_begin_visit(&w);
    assert_string_not_equal(world_get(&w, "request_id"), id);
    world_end(&w);
}

static void test_body(void **state)
{
    struct world w;
    struct body_spool spool = {.fd = -1, .state = BODY_WAIT, .size = 5};
    char path[] = "/tmp/0001";

    UNUSED(state);
    world_init(&w);
    world_begin_visit(&w);
    w.x.req.has_unsized_body = true;
    w.x.spool = &spool;
    buf_add_lit(&spool.memory, "hello");
    assert_string_equal(world_get(&w, "request_body"), "(none)");
    assert_string_equal(world_get(&w, "content_length"), "(none)");
    spool.state = BODY_END;
    assert_string_equal(world_get(&w, "request_body"), "hello");
    assert_string_equal(world_get(&w, "content_length"), "5");
    assert_string_equal(world_get(&w, "request_body_file"), "(none)");
    spool.fd = 99;
    spool.path = path;
    assert_string_equal(world_get(&w, "request_body"), "(none)");
    assert_string_equal(world_get(&w, "request_body_file"), "/tmp/0001");
    buf_free(&spool.memory);
    world_header(&w, &w.x.req.headers, "Content-Length", "7");
    assert_string_equal(world_get(&w, "content_length"), "7");
    world_end(&w);
}

static const struct world_case users[] = {
    {"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin"},
    {"basic  QWxhZGRpbjpvcGVuIHNlc2FtZQ== ", "Aladdin"},
    {"Basic Og==", ""},
    {"Basic QWxhZGRpbg==", "(none)"},
    {"Basic !!", "(none)"},
    {"Basic", "(none)"},
    {"Bearer QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "(none)"},
};

static void test_remote_user(void **state)
{
    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(users); i++) {
        struct world w;

        world_init(&w);
        world_begin_visit(&w);
        world_header(&w, &w.x.req.headers, "Authorization", users[i].name);
        assert_string_equal(world_get(&w, "remote_user"), users[i].expected);
        world_end(&w);
    }
}

static void test_request_time(void **state)
{
    struct world w;

    UNUSED(state);
    world_init(&w);
    world_begin_visit(&w);
    w.x.start_ms = clock_ms() - 12034;
    assert_string_equal(world_get(&w, "request_time"), "12.034");
    w.x.start_ms = clock_ms();
    assert_string_equal(world_get(&w, "request_time"), "0.000");
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line_and_target),
        cmocka_unit_test(test_what_is_not_there),
        cmocka_unit_test(test_setting),
        cmocka_unit_test(test_request_id),
        cmocka_unit_test(test_body),
        cmocka_unit_test(test_remote_user),
        cmocka_unit_test(test_request_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
