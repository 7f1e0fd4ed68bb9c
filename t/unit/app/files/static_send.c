/* A file as a response: validators, conditions, ranges, HEAD. */
#include "app/files/static_send.h"

#include "../captured.h"

enum { OLD = 1000000000 };
#define ETAG    "\"3b9aca00-a\""
#define DATE    "Sun, 09 Sep 2001 01:46:40 GMT"
#define EARLIER "Sun, 09 Sep 2001 01:46:39 GMT"
#define LATER   "Sun, 09 Sep 2001 01:46:41 GMT"

static struct captured t;

static int setup(void **state)
{
    UNUSED(state);
    captured_init(&t);
    captured_file(&t, "a.html", SLICE("0123456789"), OLD);
    return 0;
}

static int teardown(void **state)
{
    UNUSED(state);
    captured_end(&t);
    return 0;
}

static void request(const char *name, const char *value)
{
    if (name)
        world_header(&t.w, &t.w.x.req.headers, name, value);
}

static int send_file(const char *name)
{
    const struct file_cache_file *f;

    assert_int_equal(file_cache_open(slice_str(captured_path(&t, name)),
                                     (struct symlink_check){SYMLINKS_FOLLOW, 0}, &f),
                     0);
    assert_int_equal(static_send(&t.w.v, f, CODING_COUNT), STEP_DONE);
    return t.w.x.res.status;
}

static void test_whole(void **state)
{
    UNUSED(state);
    assert_int_equal(send_file("a.html"), 200);
    assert_string_equal(captured_text(&t), "0123456789");
    assert_string_equal(captured_field(&t, "ETag"), ETAG);
    assert_string_equal(captured_field(&t, "Last-Modified"), DATE);
    assert_string_equal(captured_field(&t, "Accept-Ranges"), "bytes");
    assert_string_equal(captured_field(&t, "Content-Type"), "text/plain");
    assert_int_equal(t.w.x.res.content_length, 10);
}

static void test_type(void **state)
{
    struct slice html = SLICE("text/html");
    struct mime_types types;

    UNUSED(state);
    map_init(&types.by_extension, false);
    map_set(&types.by_extension, SLICE("html"), &html);
    t.w.base.types = &types;
    captured_again(&t, "/a.HTML");
    send_file("a.html");
    assert_string_equal(captured_field(&t, "Content-Type"), "text/html");
    captured_again(&t, "/a.html");
    world_header(&t.w, &t.w.x.res.headers, "Content-Type", "x/y");
    send_file("a.html");
    assert_string_equal(captured_field(&t, "Content-Type"), "x/y");
    captured_again(&t, "/a");
    t.w.base.default_type = SLICE_EMPTY;
    send_file("a.html");
    assert_string_equal(captured_field(&t, "Content-Type"), "(none)");
    t.w.base.types = NULL;
    map_deinit(&types.by_extension);
}

static const struct {
    const char *name, *value;
    int status;
} conditions[] = {
    {"If-None-Match", ETAG, 304},
    {"If-None-Match", "W/" ETAG, 304},
    {"If-None-Match", "\"x\", " ETAG, 304},
    {"If-None-Match", "*", 304},
    {"If-None-Match", "\"x\"", 200},
    {"If-Modified-Since", DATE, 304},
    {"If-Modified-Since", LATER, 200}, /* exact */
    {"If-Modified-Since", EARLIER, 200},
    {"If-Modified-Since", "nonsense", 200},
    {"If-Match", ETAG, 200},
    {"If-Match", "*", 200},
    {"If-Match", "\"x\"", 412},
    {"If-Unmodified-Since", DATE, 200},
    {"If-Unmodified-Since", EARLIER, 412},
};

static void test_conditions(void **state)
{
    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(conditions); i++) {
        int status;

        captured_again(&t, "/");
        request(conditions[i].name, conditions[i].value);
        status = send_file("a.html");
        if (status != conditions[i].status)
            fail_msg("%s: %s: %d", conditions[i].name, conditions[i].value, status);
        assert_string_equal(captured_field(&t, "ETag"), status == 412 ? "(none)" : ETAG);
        assert_string_equal(captured_field(&t, "Content-Type"), status == 304   ? "(none)"
                                                                : status == 412 ? "text/html"
                                                                                : "text/plain");
        assert_int_equal(t.body.n == 0, status == 304);
    }
}

static void test_modified_rules(void **state)
{
    UNUSED(state);
    t.w.base.if_modified_since = MODIFIED_BEFORE;
    request("If-Modified-Since", LATER);
    assert_int_equal(send_file("a.html"), 304);
    captured_again(&t, "/");
    t.w.base.if_modified_since = MODIFIED_OFF;
    request("If-Modified-Since", DATE);
    assert_int_equal(send_file("a.html"), 200);
    captured_again(&t, "/");
    request("If-None-Match", ETAG);
    assert_int_equal(send_file("a.html"), 304);
    captured_again(&t, "/");
    t.w.base.has_etag = false;
    request("If-None-Match", ETAG);
    assert_int_equal(send_file("a.html"), 200);
    assert_string_equal(captured_field(&t, "ETag"), "(none)");
}

static const struct {
    const char *range, *if_range;
    int status;
    const char *content_range, *body;
} ranges[] = {
    {"bytes=0-3", NULL, 206, "bytes 0-3/10", "0123"},
    {"bytes=4-", NULL, 206, "bytes 4-9/10", "456789"},
    {"bytes=-3", NULL, 206, "bytes 7-9/10", "789"},
    {"bytes=-30", NULL, 206, "bytes 0-9/10", "0123456789"},
    {"bytes=8-100", NULL, 206, "bytes 8-9/10", "89"},
    {"bytes=10-", NULL, 416, "bytes */10", NULL},
    {"bytes=-0", NULL, 416, "bytes */10", NULL},
    {"bytes=5-2", NULL, 200, "(none)", "0123456789"},
    {"lines=0-1", NULL, 200, "(none)", "0123456789"},
    {"bytes=0-0,0-9", NULL, 200, "(none)", "0123456789"},
    {"bytes=0-3", ETAG, 206, "bytes 0-3/10", "0123"},
    {"bytes=0-3", "W/" ETAG, 200, "(none)", "0123456789"},
    {"bytes=0-3", "\"x\"", 200, "(none)", "0123456789"},
    {"bytes=0-3", DATE, 206, "bytes 0-3/10", "0123"},
    {"bytes=0-3", LATER, 200, "(none)", "0123456789"},
    {"bytes=99-", "\"x\"", 200, "(none)", "0123456789"},
};

static void test_ranges(void **state)
{
    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(ranges); i++) {
        int status;

        captured_again(&t, "/");
        request("Range", ranges[i].range);
        request(ranges[i].if_range ? "If-Range" : NULL, ranges[i].if_range);
        status = send_file("a.html");
        if (status != ranges[i].status)
            fail_msg("%s: %d", ranges[i].range, status);
        assert_string_equal(captured_field(&t, "Content-Range"), ranges[i].content_range);
        if (ranges[i].body)
            assert_string_equal(captured_text(&t), ranges[i].body);
        assert_int_equal(t.w.x.res.content_length, t.body.n);
    }
}

static void check_multipart(void)
{
    char expected[512];
    const char *type = captured_field(&t, "Content-Type"), *b = strrchr(type, '=');

    assert_ptr_equal(strstr(type, "multipart/byteranges; boundary="), type);
    assert_true(strlen(b + 1) >= 20);
    (void)snprintf(expected, sizeof expected,
                   "\r\n--%s\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-1/10\r\n\r\n01"
                   "\r\n--%s\r\nContent-Type: text/plain\r\nContent-Range: bytes 8-9/10\r\n\r\n89"
                   "\r\n--%s--\r\n",
                   b + 1, b + 1, b + 1);
    assert_string_equal(captured_text(&t), expected);
    assert_int_equal(t.w.x.res.content_length, t.body.n);
    assert_string_equal(captured_field(&t, "Content-Range"), "(none)");
}

static void test_multipart(void **state)
{
    UNUSED(state);
    request("Range", "bytes=0-1, -2");
    assert_int_equal(send_file("a.html"), 206);
    check_multipart();
}

static void test_head(void **state)
{
    UNUSED(state);
    t.w.x.req.method = METHOD_HEAD;
    t.w.x.is_head = true;
    request("Range", "bytes=0-1"); /* defined for GET alone */
    assert_int_equal(send_file("a.html"), 200);
    assert_int_equal(t.body.n, 0);
    assert_int_equal(t.w.x.res.content_length, 10);
    captured_again(&t, "/");
    t.w.x.req.method = METHOD_HEAD;
    t.w.x.is_head = true;
    request("If-None-Match", ETAG);
    assert_int_equal(send_file("a.html"), 304);
}

/* The page of an error is sent whole under the status of the error. */
static void test_status_is_kept(void **state)
{
    UNUSED(state);
    t.w.x.res.status = 404;
    request("Range", "bytes=0-1");
    request("If-None-Match", ETAG);
    assert_int_equal(send_file("a.html"), 404);
    assert_string_equal(captured_text(&t), "0123456789");
}

static void test_large(void **state)
{
    static char content[FILE_CACHE_SMALL_MOST * 2];

    UNUSED(state);
    memset(content, 'x', sizeof content);
    content[FILE_CACHE_SMALL_MOST] = 'y';
    captured_file(&t, "big", slice_of(content, sizeof content), OLD);
    assert_int_equal(send_file("big"), 200);
    assert_int_equal(t.sections, 1);
    assert_memory_equal(t.body.p, content, sizeof content);
    captured_again(&t, "/");
    request("Range", "bytes=65535-65537,-1");
    assert_int_equal(send_file("big"), 206);
    assert_int_equal(t.sections, 2);
    assert_non_null(strstr(captured_text(&t), "\r\n\r\nxyx\r\n--"));
    assert_int_equal(t.w.x.res.content_length, t.body.n);
}

static void test_empty_file(void **state)
{
    UNUSED(state);
    captured_file(&t, "empty", SLICE_EMPTY, OLD);
    assert_int_equal(send_file("empty"), 200);
    assert_int_equal(t.w.x.res.content_length, 0);
    assert_int_equal(t.lasts, 1);
    captured_again(&t, "/");
    request("Range", "bytes=0-");
    assert_int_equal(send_file("empty"), 200); /* any range of nothing is the whole of it */
    assert_string_equal(captured_field(&t, "Content-Range"), "(none)");
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_whole),  TEST(test_type),       TEST(test_conditions), TEST(test_modified_rules),
        TEST(test_ranges), TEST(test_multipart),  TEST(test_head),       TEST(test_status_is_kept),
        TEST(test_large),  TEST(test_empty_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
