/* Ranges and conditions. */
#include "proto/range.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define DAY "Sun, 06 Nov 1994 "
enum { MTIME = 784111777 };

static void test_ranges(void **state)
{
    static const struct {
        const char *in;
        int64_t size;
        enum range_result result;
        const char *out; /* "first+size " each */
    } cases[] = {
        {"bytes=0-0", 10, RANGE_SOME, "0+1 "},
        {"bytes=2-4", 10, RANGE_SOME, "2+3 "},
        {"Bytes=2-", 10, RANGE_SOME, "2+8 "},
        {"bytes=-3", 10, RANGE_SOME, "7+3 "},
        {"bytes=-30", 10, RANGE_SOME, "0+10 "},
        {"bytes=5-99999999999999999999999", 10, RANGE_SOME, "5+5 "},
        {"bytes=-99999999999999999999999", 10, RANGE_SOME, "0+10 "},
        {"bytes=0-1, 4-5 ,-1", 10, RANGE_SOME, "0+2 4+2 9+1 "},
        {"bytes=,0-1,,", 10, RANGE_SOME, "0+2 "},
        {"bytes=9-9,20-30", 10, RANGE_SOME, "9+1 "},
        {"bytes=4-5,0-1", 10, RANGE_SOME, "4+2 0+2 "},
        {"bytes=0-0", INT64_MAX, RANGE_SOME, "0+1 "},
        {"bytes=0-", INT64_MAX, RANGE_SOME, "0+9223372036854775807 "},
        {"bytes=9223372036854775807-", INT64_MAX, RANGE_UNSATISFIABLE, ""},
        {"bytes=10-", 10, RANGE_UNSATISFIABLE, ""},
        {"bytes=10-20,30-", 10, RANGE_UNSATISFIABLE, ""},
        {"bytes=-0", 10, RANGE_UNSATISFIABLE, ""},
        {"bytes=0-", 0, RANGE_NONE, ""},
        {"bytes=-5", 0, RANGE_NONE, ""},
        {"bytes=99999999999999999999999-", 10, RANGE_UNSATISFIABLE, ""},
        {"", 10, RANGE_NONE, ""},
        {"bytes", 10, RANGE_NONE, ""},
        {"bytes=", 10, RANGE_NONE, ""},
        {"bytes=,", 10, RANGE_NONE, ""},
        {"bytes=-", 10, RANGE_NONE, ""},
        {"bytes=3", 10, RANGE_NONE, ""},
        {"bytes=3-2", 10, RANGE_NONE, ""},
        {"bytes=0-1,x", 10, RANGE_NONE, ""},
        {"bytes=0-1x", 10, RANGE_NONE, ""},
        {"bytes=0 - 1", 10, RANGE_NONE, ""},
        {"bytes=+0-1", 10, RANGE_NONE, ""},
        {"bytes=--1", 10, RANGE_NONE, ""},
        {"bytes=0-1-2", 10, RANGE_NONE, ""},
        {"bytes 0-1", 10, RANGE_NONE, ""},
        {"lines=0-1", 10, RANGE_NONE, ""},
        {"bytes=0-5,0-5", 10, RANGE_NONE, ""},
        {"bytes=0-0,1-1,2-2,3-3,4-4", 10, RANGE_NONE, ""},
    };
    struct range out[4];
    unsigned n;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[128] = "";
        size_t at = 0;
        enum range_result r =
            range_parse(slice_str(cases[i].in), cases[i].size, out, ARRAY_LEN(out), &n);
        for (unsigned k = 0; r == RANGE_SOME && k < n; k++)
            at += (size_t)snprintf(text + at, sizeof text - at, "%lld+%lld ",
                                   (long long)out[k].first, (long long)out[k].size);
        if (r != cases[i].result || strcmp(text, cases[i].out) != 0)
            fail_msg("%s: %d %s", cases[i].in, r, text);
    }
    assert_int_equal(range_parse(slice_of(NULL, 0), 10, out, 4, &n), RANGE_NONE);
}

struct condition_case {
    enum header_id id, second; /* second: 0 for none */
    const char *value, *second_value;
    enum method method;
    const char *etag;
    int64_t mtime;
    bool exact;
    int status;
};

static const struct condition_case conditions[] = {
    {HEADER_IF_MATCH, 0, "\"a\"", "", METHOD_GET, "\"a\"", -1, false, 0},
    {HEADER_IF_MATCH, 0, "\"x\", \"a\"", "", METHOD_GET, "\"a\"", -1, false, 0},
    {HEADER_IF_MATCH, 0, "\"x,\",\"a\"", "", METHOD_GET, "\"a\"", -1, false, 0},
    {HEADER_IF_MATCH, HEADER_IF_MATCH, "\"x\"", "\"a\"", METHOD_GET, "\"a\"", -1, false, 0},
    {HEADER_IF_MATCH, 0, "*", "", METHOD_PUT, "", -1, false, 0},
    {HEADER_IF_MATCH, 0, "\"b\"", "", METHOD_GET, "\"a\"", -1, false, 412},
    {HEADER_IF_MATCH, 0, "W/\"a\"", "", METHOD_GET, "\"a\"", -1, false, 412},
    {HEADER_IF_MATCH, 0, "\"a\"", "", METHOD_GET, "W/\"a\"", -1, false, 412},
    {HEADER_IF_MATCH, 0, "a", "", METHOD_GET, "\"a\"", -1, false, 412},
    {HEADER_IF_MATCH, 0, "\"a\"", "", METHOD_GET, "", -1, false, 412},
    {HEADER_IF_MATCH, 0, "\"x\" \"a\"", "", METHOD_GET, "\"a\"", -1, false, 412},
    {HEADER_IF_MATCH, 0, "\"a", "", METHOD_GET, "\"a\"", -1, false, 412},
    {HEADER_IF_UNMODIFIED_SINCE, 0, DAY "08:49:37 GMT", "", METHOD_GET, "", MTIME, false, 0},
    {HEADER_IF_UNMODIFIED_SINCE, 0, DAY "08:49:36 GMT", "", METHOD_GET, "", MTIME, false, 412},
    {HEADER_IF_UNMODIFIED_SINCE, 0, DAY "08:49:36 GMT", "", METHOD_GET, "", -1, false, 0},
    {HEADER_IF_UNMODIFIED_SINCE, 0, "yesterday", "", METHOD_GET, "", MTIME, false, 0},
    {HEADER_IF_MATCH, HEADER_IF_UNMODIFIED_SINCE, "\"a\"", DAY "08:49:36 GMT", METHOD_GET, "\"a\"",
     MTIME, false, 0},
    {HEADER_IF_NONE_MATCH, 0, "\"a\"", "", METHOD_GET, "\"a\"", -1, false, 304},
    {HEADER_IF_NONE_MATCH, 0, "W/\"a\"", "", METHOD_HEAD, "\"a\"", -1, false, 304},
    {HEADER_IF_NONE_MATCH, 0, "\"b\" , W/\"a\"", "", METHOD_GET, "W/\"a\"", -1, false, 304},
    {HEADER_IF_NONE_MATCH, 0, "*", "", METHOD_GET, "\"a\"", -1, false, 304},
    {HEADER_IF_NONE_MATCH, 0, "*", "", METHOD_PUT, "\"a\"", -1, false, 412},
    {HEADER_IF_NONE_MATCH, 0, "\"a\"", "", METHOD_DELETE, "\"a\"", -1, false, 412},
    {HEADER_IF_NONE_MATCH, 0, "\"b\"", "", METHOD_GET, "\"a\"", -1, false, 0},
    {HEADER_IF_NONE_MATCH, HEADER_IF_MODIFIED_SINCE, "\"b\"", DAY "08:49:37 GMT", METHOD_GET,
     "\"a\"", MTIME, false, 0},
    {HEADER_IF_MODIFIED_SINCE, 0, DAY "08:49:37 GMT", "", METHOD_GET, "", MTIME, true, 304},
    {HEADER_IF_MODIFIED_SINCE, 0, DAY "08:49:38 GMT", "", METHOD_GET, "", MTIME, true, 0},
    {HEADER_IF_MODIFIED_SINCE, 0, DAY "08:49:38 GMT", "", METHOD_GET, "", MTIME, false, 304},
    {HEADER_IF_MODIFIED_SINCE, 0, DAY "08:49:36 GMT", "", METHOD_GET, "", MTIME, false, 0},
    {HEADER_IF_MODIFIED_SINCE, 0, DAY "08:49:37 GMT", "", METHOD_POST, "", MTIME, false, 0},
    {HEADER_IF_MODIFIED_SINCE, 0, "never", "", METHOD_GET, "", MTIME, false, 0},
    {HEADER_IF_MATCH, HEADER_IF_NONE_MATCH, "\"a\"", "\"a\"", METHOD_GET, "\"a\"", -1, false, 304},
    {HEADER_ACCEPT, 0, "*/*", "", METHOD_GET, "\"a\"", MTIME, false, 0},
};

static void test_conditions(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(conditions); i++) {
        const struct condition_case *c = &conditions[i];
        struct header fields[2] = {
            {header_name(c->id), slice_str(c->value), c->id, false},
            {header_name(c->second), slice_str(c->second_value), c->second, false},
        };
        struct header_list l = {fields, c->second ? 2 : 1, 2};
        int status = range_check_conditions(&l, c->method, slice_str(c->etag), c->mtime, c->exact);
        if (status != c->status)
            fail_msg("case %zu, %s: %d", i, c->value, status);
    }
}

static void test_if_range(void **state)
{
    static const struct {
        const char *value, *etag;
        int64_t mtime;
        bool holds;
    } cases[] = {
        {"\"a\"", "\"a\"", -1, true},
        {"\"a\"", "\"b\"", -1, false},
        {"W/\"a\"", "W/\"a\"", -1, false},
        {"\"a\"", "W/\"a\"", -1, false},
        {"\"a\" ", "\"a\"", -1, true},
        {"\"a\", \"b\"", "\"a\"", -1, false},
        {"\"a\"", "", -1, false},
        {DAY "08:49:37 GMT", "\"a\"", MTIME, true},
        {DAY "08:49:38 GMT", "\"a\"", MTIME, false},
        {DAY "08:49:37 GMT", "\"a\"", -1, false},
        {"", "\"a\"", MTIME, false},
        {"a", "a", MTIME, false},
    };
    struct header_list none = {NULL, 0, 0};

    (void)state;
    assert_true(range_if_range_holds(&none, SLICE("\"a\""), MTIME));
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct header f = {SLICE("If-Range"), slice_str(cases[i].value), HEADER_IF_RANGE, false};
        struct header_list l = {&f, 1, 1};
        if (range_if_range_holds(&l, slice_str(cases[i].etag), cases[i].mtime) != cases[i].holds)
            fail_msg("%s", cases[i].value);
    }
}

static void test_content_range(void **state)
{
    static const struct {
        const char *value;
        int64_t first, size, total; /* first -1: it is none */
    } cases[] = {
        {"bytes 0-99/1000", 0, 100, 1000},
        {"Bytes  10-10/11 ", 10, 1, 11},
        {"bytes 0-99/*", -1, 0, 0},
        {"bytes */1000", -1, 0, 0},
        {"bytes 0-1000/1000", -1, 0, 0},
        {"bytes 9-8/1000", -1, 0, 0},
        {"bytes 0-99", -1, 0, 0},
        {"bytes=0-99/1000", -1, 0, 0},
        {"lines 0-99/1000", -1, 0, 0},
        {"bytes -99/1000", -1, 0, 0},
        {"bytes 0-99/1000/2", -1, 0, 0},
        {"", -1, 0, 0},
        {"bytes 0-9/99999999999999999999", -1, 0, 0},
        {"bytes 0-9223372036854775807/9223372036854775807", -1, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct range r;
        int64_t total;
        bool is_one = range_parse_content(slice_str(cases[i].value), &r, &total);

        if (is_one != (cases[i].first >= 0) ||
            (is_one &&
             (r.first != cases[i].first || r.size != cases[i].size || total != cases[i].total)))
            fail_msg("%s", cases[i].value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_conditions),
        cmocka_unit_test(test_if_range),
        cmocka_unit_test(test_content_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
