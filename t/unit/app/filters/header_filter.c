/* add_header and expires. */
#include "app/filters/header_filter.c"

#include "../captured.h"

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

static struct header_rule rule(const char *name, const char *value, bool always)
{
    struct header_rule r = {.name = slice_str(name), .always = always};
    struct slice error;

    assert_true(script_compile(&t.w.conf.variables, slice_str(value), &r.value, &error));
    return r;
}

static void answer(int status)
{
    struct header_rule *rules = t.w.base.headers;
    struct expires expires = t.w.base.expires;

    captured_again(&t, "/");
    t.w.base.headers = rules;
    t.w.base.expires = expires;
    header_filter_add(&t.w.v);
    t.w.x.res.status = status;
    exchange_respond(&t.w.x, SLICE("body"));
}

static void test_nothing_to_add(void **state)
{
    UNUSED(state);
    header_filter_add(&t.w.v);
    assert_null(t.w.x.filters);
}

static void test_once(void **state)
{
    struct header_rule r = rule("X-A", "1", false);

    UNUSED(state);
    t.w.base.headers = &r;
    header_filter_add(&t.w.v);
    header_filter_add(&t.w.v);
    assert_non_null(t.w.x.filters);
    assert_null(t.w.x.filters->next);
}

static void test_statuses(void **state)
{
    static const int plain[] = {200, 201, 204, 206, 301, 302, 303, 304, 307, 308};
    struct header_rule always = rule("X-B", "$host", true), r = rule("X-A", "1", false);

    UNUSED(state);
    r.next = &always;
    t.w.base.headers = &r;
    for (int status = 200; status < 600; status++) {
        bool is_plain = false;

        for (size_t i = 0; i < ARRAY_LEN(plain); i++)
            is_plain |= plain[i] == status;
        answer(status);
        assert_string_equal(captured_field(&t, "X-A"), is_plain ? "1" : "(none)");
        assert_string_equal(captured_field(&t, "X-B"), "example.com");
    }
    answer(200);
    assert_string_equal(captured_text(&t), "body");
}

static void test_special(void **state)
{
    struct header_rule empty = rule("X-E", "", false), etag = rule("ETag", "", false),
                       date = rule("Last-Modified", "", false),
                       more = rule("Cache-Control", "b", false);

    UNUSED(state);
    empty.next = &etag;
    etag.next = &date;
    date.next = &more;
    t.w.base.headers = &empty;
    header_filter_add(&t.w.v);
    world_header(&t.w, &t.w.x.res.headers, "ETag", "\"x\"");
    world_header(&t.w, &t.w.x.res.headers, "Cache-Control", "a");
    t.w.x.res.last_modified = 5;
    exchange_respond(&t.w.x, SLICE_EMPTY);
    assert_string_equal(captured_field(&t, "X-E"), "(none)");
    assert_string_equal(captured_field(&t, "ETag"), "(none)");
    assert_string_equal(captured_field(&t, "Last-Modified"), "(none)");
    assert_int_equal(t.w.x.res.headers.n, 2);
}

static void check_expires(enum expires_kind kind, int64_t seconds, const char *control)
{
    t.w.base.expires = (struct expires){.kind = kind, .seconds = seconds};
    answer(200);
    assert_string_equal(captured_field(&t, "Cache-Control"), control);
    answer(404);
    assert_string_equal(captured_field(&t, "Cache-Control"), "(none)");
    assert_string_equal(captured_field(&t, "Expires"), "(none)");
    answer(200);
}

static int64_t expires_in(void)
{
    int64_t at;

    assert_true(date_parse(slice_str(captured_field(&t, "Expires")), &at));
    return at - clock_wall_ms() / 1000;
}

static void test_expires(void **state)
{
    UNUSED(state);
    check_expires(EXPIRES_EPOCH, 0, "no-cache");
    assert_string_equal(captured_field(&t, "Expires"), "Thu, 01 Jan 1970 00:00:01 GMT");
    check_expires(EXPIRES_MAX, 0, "max-age=315360000");
    assert_string_equal(captured_field(&t, "Expires"), "Thu, 31 Dec 2037 23:55:55 GMT");
    check_expires(EXPIRES_SECONDS, 3600, "max-age=3600");
    assert_int_equal(expires_in(), 3600);
    check_expires(EXPIRES_SECONDS, 0, "max-age=0");
    assert_int_equal(expires_in(), 0);
    check_expires(EXPIRES_SECONDS, -10, "no-cache");
    assert_int_equal(expires_in(), -10);
    check_expires(EXPIRES_MODIFIED, 60, "max-age=60"); /* nothing was modified: from now */
}

static void test_expires_modified(void **state)
{
    UNUSED(state);
    t.w.base.expires = (struct expires){.kind = EXPIRES_MODIFIED, .seconds = 1000};
    header_filter_add(&t.w.v);
    t.w.x.res.last_modified = clock_wall_ms() / 1000 - 400;
    exchange_respond(&t.w.x, SLICE_EMPTY);
    assert_string_equal(captured_field(&t, "Cache-Control"), "max-age=600");
    assert_int_equal(expires_in(), 600);
}

/* Fields that a handler has set are replaced. */
static void test_expires_replaces(void **state)
{
    UNUSED(state);
    t.w.base.expires = (struct expires){.kind = EXPIRES_SECONDS, .seconds = 5};
    header_filter_add(&t.w.v);
    world_header(&t.w, &t.w.x.res.headers, "Cache-Control", "private");
    world_header(&t.w, &t.w.x.res.headers, "Cache-Control", "no-store");
    world_header(&t.w, &t.w.x.res.headers, "Expires", "0");
    exchange_respond(&t.w.x, SLICE_EMPTY);
    assert_string_equal(captured_field(&t, "Cache-Control"), "max-age=5");
    assert_int_equal(t.w.x.res.headers.n, 2);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_nothing_to_add),   TEST(test_once),    TEST(test_statuses),
        TEST(test_special),          TEST(test_expires), TEST(test_expires_modified),
        TEST(test_expires_replaces),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
