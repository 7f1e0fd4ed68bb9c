/* Response heads: what is taken, what is refused, and the same answer however the input is cut. */
#include "proto/http1_response.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct http1_limits wide = {8192, 32768, 100};

static enum http1_result parse(const char *p, size_t n, const struct http1_limits *limits,
                               struct http1_response *out)
{
    char *copy = malloc(n ? n : 1);
    enum http1_result r;

    memcpy(copy, p, n);
    r = http1_parse_response(copy, n, limits, out);
    free(copy);
    return r;
}

#define HEAD "HTTP/1.1 200 OK\r\n"

static const struct {
    const char *text, *reason; /* NULL: fine */
} heads[] = {
    {HEAD "\r\n", NULL},
    {"HTTP/1.1 200\r\n\r\n", NULL},
    {"HTTP/1.1 200 \r\n\r\n", NULL},
    {"HTTP/1.0 404 Not here\r\nA: b\r\n\r\n", NULL},
    {"HTTP/1.1 999 \xc3\xa9\r\n\r\n", NULL},
    {HEAD "Content-Length: 5\r\n\r\n", NULL},
    {HEAD "Transfer-Encoding: chunked\r\n\r\n", NULL},
    {HEAD "Host: x\r\nHost: y\r\nExpect: z\r\n\r\n", NULL},
    {"HTTP/2 200\r\n\r\n", "unsupported HTTP version"},
    {"HTTP/2.0 200\r\n\r\n", "unsupported HTTP version"},
    {"ICY 200 OK\r\n\r\n", "not HTTP"},
    {"\r\nHTTP/1.1 200 OK\r\n\r\n", "not HTTP"},
    {"HTTP/1.1  200 OK\r\n\r\n", "malformed status"},
    {"HTTP/1.1 20 OK\r\n\r\n", "malformed status"},
    {"HTTP/1.1 2000 OK\r\n\r\n", "malformed status"},
    {"HTTP/1.1 200OK\r\n\r\n", "malformed status"},
    {"HTTP/1.1 099 OK\r\n\r\n", "malformed status"},
    {"HTTP/1.1 200 OK\n\r\n", "bare LF"},
    {"HTTP/1.1 200\n\r\n", "bare LF"},
    {"HTTP/1.1 200 O\rK\r\n\r\n", "bare CR"},
    {"HTTP/1.1 200 O\x01K\r\n\r\n", "control byte in reason phrase"},
    {HEAD "A: b\n\r\n", "bare LF"},
    {HEAD "A : b\r\n\r\n", "space in or after header name"},
    {HEAD "A: b\r\n c\r\n\r\n", "folded header line"},
    {HEAD "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", "repeated Content-Length"},
    {HEAD "Content-Length: 5, 5\r\n\r\n", "malformed Content-Length"},
    {HEAD "Content-Length: +5\r\n\r\n", "malformed Content-Length"},
    {HEAD "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
     "Content-Length with Transfer-Encoding"},
    {HEAD "Transfer-Encoding: gzip\r\n\r\n", "unknown transfer coding"},
    {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "Transfer-Encoding in HTTP/1.0"},
};

static void test_heads(void **state)
{
    static struct http1_response whole, part;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
        const char *text = heads[i].text;
        size_t n = strlen(text);
        enum http1_result r = parse(text, n, &wide, &whole);
        bool is_told = false;

        if (r != (heads[i].reason ? HTTP1_BAD : HTTP1_DONE))
            fail_msg("head %zu: %d %s", i, r, whole.head.reason);
        if (heads[i].reason && strcmp(heads[i].reason, whole.head.reason) != 0)
            fail_msg("head %zu: '%s'", i, whole.head.reason);
        for (size_t k = 0; k <= n; k++) {
            enum http1_result p = parse(text, k, &wide, &part);

            if (p != HTTP1_MORE && (p != r || part.status != whole.status))
                fail_msg("head %zu: %d at %zu", i, p, k);
            if (p == HTTP1_MORE && is_told)
                fail_msg("head %zu: MORE again at %zu", i, k);
            is_told |= p != HTTP1_MORE;
        }
    }
}

static void test_facts(void **state)
{
    static const char text[] = "HTTP/1.1 503 Not now\r\nContent-Length: 12\r\nX: y\r\n\r\nrest";
    static struct http1_response r;

    (void)state;
    assert_int_equal(http1_parse_response(text, sizeof(text) - 1, &wide, &r), HTTP1_DONE);
    assert_int_equal(r.status, 503);
    assert_true(slice_eq(r.phrase, SLICE("Not now")));
    assert_int_equal(r.head.content_length, 12);
    assert_int_equal(r.head.headers.n, 2);
    assert_true(r.head.has_keep_alive);
    assert_string_equal(text + r.head.size, "rest");
}

static void test_bodies(void **state)
{
    static const struct {
        const char *text;
        enum method method;
        enum http1_body_kind kind;
    } cases[] = {
        {HEAD "Content-Length: 5\r\n\r\n", METHOD_GET, HTTP1_BODY_LENGTH},
        {HEAD "Content-Length: 0\r\n\r\n", METHOD_GET, HTTP1_BODY_NONE},
        {HEAD "Content-Length: 5\r\n\r\n", METHOD_HEAD, HTTP1_BODY_NONE},
        {HEAD "Transfer-Encoding: chunked\r\n\r\n", METHOD_POST, HTTP1_BODY_CHUNKED},
        {HEAD "\r\n", METHOD_GET, HTTP1_BODY_EOF},
        {HEAD "\r\n", METHOD_CONNECT, HTTP1_BODY_NONE},
        {"HTTP/1.1 407 No\r\nContent-Length: 5\r\n\r\n", METHOD_CONNECT, HTTP1_BODY_LENGTH},
        {"HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n", METHOD_GET, HTTP1_BODY_NONE},
        {"HTTP/1.1 304 No\r\nContent-Length: 5\r\n\r\n", METHOD_GET, HTTP1_BODY_NONE},
        {"HTTP/1.1 101 No\r\n\r\n", METHOD_GET, HTTP1_BODY_NONE},
    };
    static struct http1_response r;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        size_t n = strlen(cases[i].text);

        assert_int_equal(http1_parse_response(cases[i].text, n, &wide, &r), HTTP1_DONE);
        assert_int_equal(http1_response_body(&r, cases[i].method), cases[i].kind);
    }
}

static void test_limits(void **state)
{
    static const struct http1_limits narrow = {20, 60, 2};
    static struct http1_response r;
    static const char *const long_ones[] = {
        "HTTP/1.1 200 A phrase that is too long\r\n\r\n",
        HEAD "Aaaaaaaaaaaaaaaa: bbbbbbbbbbbbbbb\r\n\r\n",
        HEAD "A: b\r\nC: d\r\nE: f\r\n\r\n",
        HEAD "A: bbbbbbbbbbbbbb\r\nC: dddddddddddddd\r\nE: f\r\n\r\n",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(long_ones); i++)
        assert_int_equal(parse(long_ones[i], strlen(long_ones[i]), &narrow, &r), HTTP1_BAD);
    assert_int_equal(parse(HEAD "A: b\r\n\r\n", 25, &narrow, &r), HTTP1_DONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_heads),
        cmocka_unit_test(test_facts),
        cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
