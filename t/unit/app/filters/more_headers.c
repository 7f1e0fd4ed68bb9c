/* more_set_headers and more_clear_headers; those of requests are tested by t/60-more-headers.t. */
#include "app/filters/more_headers.c"

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

static struct script *script(const char *text)
{
    struct script *value;
    struct slice error;

    assert_true(script_compile(&t.w.conf.variables, slice_str(text), &value, &error));
    return value;
}

static void test_nothing_to_do(void **state)
{
    UNUSED(state);
    more_headers_filter_add(&t.w.v);
    assert_null(t.w.x.filters);
}

static void test_response(void **state)
{
    struct more_when always = {.statuses = NULL};
    struct more_header set = {.name = SLICE("Content-Type"),
                              .value = script("a/b"),
                              .when = &always},
                       clear_date = {.name = SLICE("date"), .when = &always},
                       clear_all = {.name = SLICE("x-*"), .when = &always};
    struct header_list *l = &t.w.x.res.headers;

    UNUSED(state);
    set.next = &clear_date;
    clear_date.next = &clear_all;
    t.w.base.more_headers = &set;
    more_headers_filter_add(&t.w.v);
    t.w.x.res.status = 500;
    header_add(l, &t.w.x.pool, SLICE("X-One"), SLICE("1"));
    header_add(l, &t.w.x.pool, SLICE("Y-Two"), SLICE("2"));
    header_add(l, &t.w.x.pool, SLICE("x-three"), SLICE("3"));
    exchange_respond(&t.w.x, SLICE("body"));
    assert_null(header_find(l, SLICE("X-One")));
    assert_null(header_find(l, SLICE("X-Three")));
    assert_non_null(header_find(l, SLICE("Y-Two")));
    assert_int_equal(header_find_id(l, HEADER_DATE)->value.n, 0);
    assert_true(slice_eq(header_find_id(l, HEADER_CONTENT_TYPE)->value, SLICE("a/b")));
    t.w.base.more_headers = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nothing_to_do, setup, teardown),
        cmocka_unit_test_setup_teardown(test_response, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
