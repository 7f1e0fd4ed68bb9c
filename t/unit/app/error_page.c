/* Built-in pages: the bytes, which fields stay, what becomes of the connection. */
#include "app/error_page.h"

#include "captured.h"

static struct captured t;

static int setup(void **state)
{
    UNUSED(state);
    captured_init(&t);
    return 0;
}

static int teardown(void **state)
{
    UNUSED(state);
    captured_end(&t);
    return 0;
}

static void test_form(void **state)
{
    UNUSED(state);
    error_page_answer(&t.w.v, 404);
    assert_int_equal(t.w.x.res.status, 404);
    assert_string_equal(captured_field(&t, "Content-Type"), "text/html");
    assert_string_equal(
        captured_text(&t),
        "<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>\r\n"
        "<center><h1>404 Not Found</h1></center>\r\n"
        "<hr><center>perilune (nginx compatible)</center>\r\n</body>\r\n</html>\r\n");
    assert_int_equal(t.w.x.res.content_length, t.body.n);
    assert_int_equal(t.lasts, 1);
    assert_true(t.w.x.keep_alive);
}

static const struct {
    int status;
    const char *title; /* NULL: no body */
    bool closes;
} statuses[] = {
    {200, NULL, false},
    {201, NULL, false},
    {204, NULL, false},
    {301, "301 Moved Permanently", false},
    {302, "302 Found", false},
    {304, NULL, false},
    {308, "308 Permanent Redirect", false},
    {400, "400 Bad Request", true},
    {403, "403 Forbidden", false},
    {405, "405 Not Allowed", false},
    {408, "408 Request Time-out", true},
    {413, "413 Request Entity Too Large", true},
    {414, "414 Request-URI Too Large", true},
    {416, "416 Requested Range Not Satisfiable", false},
    {431, "431 Request Header Fields Too Large", true},
    {456, NULL, false},
    {500, "500 Internal Server Error", false},
    {503, "503 Service Temporarily Unavailable", false},
    {504, "504 Gateway Time-out", false},
};

static void test_statuses(void **state)
{
    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
        char title[64];

        captured_again(&t, "/");
        error_page_answer(&t.w.v, statuses[i].status);
        assert_int_equal(t.w.x.res.status, statuses[i].status);
        assert_int_equal(t.lasts, 1);
        assert_int_equal(t.w.x.keep_alive, !statuses[i].closes);
        if (!statuses[i].title) {
            assert_int_equal(t.body.n, 0);
            continue;
        }
        (void)snprintf(title, sizeof title, "<h1>%s</h1>", statuses[i].title);
        assert_non_null(strstr(captured_text(&t), title));
    }
}

/* 500 carries the identifier under which the logs have the request. */
static void test_request_id(void **state)
{
    const char *at, *id;

    UNUSED(state);
    error_page_answer(&t.w.v, 500);
    at = strstr(captured_text(&t), "<center>request ");
    assert_non_null(at);
    id = world_get(&t.w, "request_id");
    assert_int_equal(strlen(id), 32);
    assert_memory_equal(at + 16, id, 32);
    captured_again(&t, "/");
    error_page_answer(&t.w.v, 502);
    assert_null(strstr(captured_text(&t), "<center>request "));
}

static const struct {
    int status;
    const char *name;
    bool stays;
} fields[] = {
    {404, "Content-Type", false},  {404, "Content-Length", false}, {404, "Content-Encoding", false},
    {404, "ETag", false},          {404, "Last-Modified", false},  {404, "Accept-Ranges", false},
    {404, "Content-Range", false}, {404, "X-Own", true},           {404, "Cache-Control", true},
    {416, "Content-Range", true},  {301, "Location", true},        {401, "WWW-Authenticate", true},
    {405, "Allow", true},          {503, "Retry-After", true},     {304, "ETag", true},
    {304, "Last-Modified", true},  {304, "Content-Type", false},   {204, "Content-Type", false},
    {200, "Content-Type", true},
};

static void test_fields(void **state)
{
    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        const char *got;

        captured_again(&t, "/");
        world_header(&t.w, &t.w.x.res.headers, fields[i].name, "7");
        error_page_answer(&t.w.v, fields[i].status);
        got = captured_field(&t, fields[i].name);
        if ((strcmp(got, "7") == 0) != fields[i].stays)
            fail_msg("%s of a %d: %s", fields[i].name, fields[i].status, got);
    }
}

static void test_head(void **state)
{
    UNUSED(state);
    t.w.x.req.method = METHOD_HEAD;
    t.w.x.is_head = true;
    error_page_answer(&t.w.v, 404);
    assert_int_equal(t.body.n, 0);
    assert_true(t.w.x.res.content_length > 100);
}

/* error_page 404 =202 @empty; location @empty { return 204; } */
static void test_answer_of_error_page(void **state)
{
    UNUSED(state);
    t.w.v.error_status = 404;
    t.w.x.res.status = 202;
    error_page_answer(&t.w.v, 204);
    assert_int_equal(t.w.x.res.status, 202);
    captured_again(&t, "/");
    t.w.v.error_status = 404;
    t.w.x.res.status = 200;
    error_page_answer(&t.w.v, 404);
    assert_int_equal(t.w.x.res.status, 404);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_form),   TEST(test_statuses), TEST(test_request_id),
        TEST(test_fields), TEST(test_head),     TEST(test_answer_of_error_page),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
