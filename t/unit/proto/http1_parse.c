/* The request-head parser: every case of the corpus, whole and in every prefix, then facts, limits
 * and costs. */
#include "proto/http1_parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "http1_corpus.h"

static const struct http1_limits wide = {8192, 32768, 100};

/* Parses a copy that ends where the memory ends, so that ASan sees any byte read beyond. */
static enum http1_result parse(const char *p, size_t n, const struct http1_limits *limits,
                               struct http1_head *out, char **copy)
{
    *copy = malloc(n ? n : 1);
    memcpy(*copy, p, n);
    return http1_parse_request(*copy, n, limits, out);
}

/* Every prefix says MORE until one gives the final answer, and all longer ones give it too. */
static void check_prefixes(const struct http1_case *c, const struct http1_limits *limits)
{
    static struct http1_head whole, part;
    char *copy, *own;
    enum http1_result final = parse(c->bytes, c->n, limits, &whole, &copy), r;
    bool is_told = false;

    for (size_t n = 0; n <= c->n; n++) {
        r = parse(c->bytes, n, limits, &part, &own);
        if (r == HTTP1_MORE) {
            if (is_told)
                fail_msg("%s: MORE again at %zu", c->name, n);
        } else {
            is_told = true;
            if (r != final || part.status != whole.status)
                fail_msg("%s: %d %d at %zu, %d %d at last", c->name, r, part.status, n, final,
                         whole.status);
            if (r == HTTP1_BAD && strcmp(part.reason, whole.reason) != 0)
                fail_msg("%s: '%s' at %zu, '%s' at last", c->name, part.reason, n, whole.reason);
            assert_int_equal(part.size, whole.size);
        }
        free(own);
    }
    free(copy);
}

static void test_bad(void **state)
{
    static struct http1_head h;
    char *copy;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(http1_bad); i++) {
        const struct http1_case *c = &http1_bad[i];
        enum http1_result r = parse(c->bytes, c->n, &wide, &h, &copy);
        if (r != HTTP1_BAD || h.status != c->status || !strstr(h.reason, c->reason))
            fail_msg("%s: result %d, %d %s", c->name, r, h.status, h.reason ? h.reason : "");
        free(copy);
        check_prefixes(c, &wide);
    }
}

static void test_good(void **state)
{
    static struct http1_head h;
    char *copy;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(http1_good); i++) {
        const struct http1_case *c = &http1_good[i];
        char more[512];
        enum http1_result r = parse(c->bytes, c->n, &wide, &h, &copy);
        if (r != HTTP1_DONE || h.size != c->n)
            fail_msg("%s: result %d, %d %s", c->name, r, h.status, h.reason ? h.reason : "");
        for (unsigned f = 0; f < h.headers.n; f++) {
            assert_true(header_is_name(h.fields[f].name));
            assert_true(header_is_value(h.fields[f].value));
        }
        free(copy);
        check_prefixes(c, &wide);
        memcpy(more, c->bytes, c->n); /* what follows is not looked at */
        memcpy(more + c->n, "\r\n\001 :", 5);
        assert_int_equal(parse(more, c->n + 5, &wide, &h, &copy), HTTP1_DONE);
        assert_int_equal(h.size, c->n);
        free(copy);
    }
}

/* Small limits over the whole corpus: whatever the answer is, it does not depend on the cuts. */
static void test_limits_and_prefixes(void **state)
{
    static const struct http1_limits small[] = {
        {10, 1000, 100}, {14, 1000, 100}, {16, 1000, 100}, {20, 40, 100}, {30, 60, 2},
        {15, 35, 1},     {25, 29, 100},   {8192, 25, 3},   {40, 48, 0},   {7, 7, 7},
    };

    (void)state;
    for (size_t l = 0; l < ARRAY_LEN(small); l++) {
        for (size_t i = 0; i < ARRAY_LEN(http1_bad); i++)
            check_prefixes(&http1_bad[i], &small[l]);
        for (size_t i = 0; i < ARRAY_LEN(http1_good); i++)
            check_prefixes(&http1_good[i], &small[l]);
    }
}

struct limit_case {
    const char *bytes;
    struct http1_limits limits;
    int status; /* 0: DONE, -1: MORE */
};

static void test_limits(void **state)
{
    static const struct limit_case cases[] = {
        {"GET /12 HTTP/1.1\r\nHost: a\r\n\r\n", {16, 100, 9}, 0},
        {"GET /123 HTTP/1.1\r\nHost: a\r\n\r\n", {16, 100, 9}, 414},
        {"GET /1234567890123456789012345", {16, 100, 9}, 414},
        {"GETGETGETGETGETGETGETGET", {16, 100, 9}, 414},
        {"GET /1234567890123", {16, 100, 9}, 414},
        {"GET /123456789012", {16, 100, 9}, -1},
        {"GET / HTTP/1.1\r\nHost: a\r\nX: 8901234567890\r\n\r\n", {16, 100, 9}, 0},
        {"GET / HTTP/1.1\r\nHost: a\r\nX: 89012345678901\r\n\r\n", {16, 100, 9}, 431},
        {"GET / HTTP/1.1\r\nHost: a\r\nX: 890123456789012", {16, 100, 9}, 431},
        {"GET / HTTP/1.1\r\nHost: a\r\nXXXXXXXXXXXXXXXXXXX", {16, 100, 9}, 431},
        {"GET / HTTP/1.1\r\nHost: a\r\nX: 8901234567890", {16, 100, 9}, -1},
        {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", {16, 27, 9}, 0},
        {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", {16, 26, 9}, 431},
        {"GET / HTTP/1.1\r\nHost: a\r\n\r\nbody of it", {16, 27, 9}, 0},
        {"GET / HTTP/1.1\r\nHost: a\r\nX: y", {16, 29, 9}, 431},
        {"GET / HTTP/1.1\r\nHost: a\r\nX: y", {16, 30, 9}, -1},
        {"GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n", {16, 100, 2}, 0},
        {"GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n", {16, 100, 1}, 431},
        {"GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n", {16, 100, 1}, 431},
    };
    static struct http1_head h;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct limit_case *c = &cases[i];
        enum http1_result r = http1_parse_request(c->bytes, strlen(c->bytes), &c->limits, &h);
        int status = r == HTTP1_MORE ? -1 : r == HTTP1_DONE ? 0 : h.status;
        if (status != c->status)
            fail_msg("case %zu: %d instead of %d", i, status, c->status);
    }
}

static void test_most_fields(void **state)
{
    static const struct http1_limits limits = {100, 100000, HTTP1_HEADERS_MOST};
    static struct http1_head h;
    char text[16384] = "GET / HTTP/1.0\r\n";
    size_t n = strlen(text);

    (void)state;
    for (int i = 0; i < HTTP1_HEADERS_MOST; i++) {
        memcpy(text + n, "X: abcd\r\n", 9);
        n += 9;
    }
    memcpy(text + n, "\r\n", 2);
    assert_int_equal(http1_parse_request(text, n + 2, &limits, &h), HTTP1_DONE);
    assert_int_equal(h.headers.n, HTTP1_HEADERS_MOST);
    memcpy(text + n, "X: abcd\r\n\r\n", 11);
    assert_int_equal(http1_parse_request(text, n + 11, &limits, &h), HTTP1_BAD);
    assert_int_equal(h.status, 431);
}

enum { KA = 1, EC = 2, CH = 4, UP = 8 };

struct fact_case {
    const char *bytes;
    enum method method;
    const char *token, *target, *line;
    int minor, flags;
    int64_t length;
};

static void test_facts(void **state)
{
#define H "Host: a\r\n"
    static const struct fact_case cases[] = {
        {"GET /x?y HTTP/1.1\r\n" H "\r\n", METHOD_GET, "GET", "/x?y", "GET /x?y HTTP/1.1", 1, KA,
         -1},
        {"BREW / HTTP/1.0\r\n" H "\r\n", METHOD_OTHER, "BREW", "/", "BREW / HTTP/1.0", 0, 0, -1},
        {"GET / HTTP/1.5\r\n" H "\r\n", METHOD_GET, "GET", "/", "GET / HTTP/1.5", 1, KA, -1},
        {"\r\nPUT / HTTP/1.1\r\n" H "Content-Length: 12\r\n\r\n", METHOD_PUT, "PUT", "/",
         "PUT / HTTP/1.1", 1, KA, 12},
        {"GET / HTTP/1.1\r\n" H "Connection: x, CLOSE\r\n\r\n", METHOD_GET, "GET", "/",
         "GET / HTTP/1.1", 1, 0, -1},
        {"GET / HTTP/1.1\r\n" H "Connection: keep-alive\r\nConnection: close\r\n\r\n", METHOD_GET,
         "GET", "/", "GET / HTTP/1.1", 1, 0, -1},
        {"GET / HTTP/1.1\r\n" H "Connection: closed\r\n\r\n", METHOD_GET, "GET", "/",
         "GET / HTTP/1.1", 1, KA, -1},
        {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", METHOD_GET, "GET", "/",
         "GET / HTTP/1.0", 0, KA, -1},
        {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: Chunked\r\n\r\n", METHOD_POST, "POST", "/",
         "POST / HTTP/1.1", 1, KA | CH, -1},
        {"POST / HTTP/1.1\r\n" H "Expect: 100-CONTINUE\r\n\r\n", METHOD_POST, "POST", "/",
         "POST / HTTP/1.1", 1, KA | EC, -1},
        {"POST / HTTP/1.1\r\n" H "Expect: , 100-continue ,\r\n\r\n", METHOD_POST, "POST", "/",
         "POST / HTTP/1.1", 1, KA | EC, -1},
        {"POST / HTTP/1.1\r\n" H "Expect:\r\n\r\n", METHOD_POST, "POST", "/", "POST / HTTP/1.1", 1,
         KA, -1},
        {"POST / HTTP/1.0\r\n" H "Expect: 100-continue\r\n\r\n", METHOD_POST, "POST", "/",
         "POST / HTTP/1.0", 0, 0, -1},
        {"GET / HTTP/1.1\r\n" H "Connection: a, upgrade\r\nUpgrade: websocket\r\n\r\n", METHOD_GET,
         "GET", "/", "GET / HTTP/1.1", 1, KA | UP, -1},
        {"GET / HTTP/1.1\r\n" H "Connection: upgrade\r\n\r\n", METHOD_GET, "GET", "/",
         "GET / HTTP/1.1", 1, KA, -1},
        {"GET / HTTP/1.1\r\n" H "Upgrade: h2c\r\n\r\n", METHOD_GET, "GET", "/", "GET / HTTP/1.1", 1,
         KA, -1},
        {"GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", METHOD_GET, "GET", "/",
         "GET / HTTP/1.0", 0, 0, -1},
    };
#undef H
    static struct http1_head h;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct fact_case *c = &cases[i];
        int flags;
        assert_int_equal(http1_parse_request(c->bytes, strlen(c->bytes), &wide, &h), HTTP1_DONE);
        flags = (h.has_keep_alive ? KA : 0) | (h.has_expect_continue ? EC : 0) |
                (h.is_chunked ? CH : 0) | (h.has_upgrade ? UP : 0);
        assert_int_equal(h.method, c->method);
        assert_true(slice_eq(h.method_token, slice_str(c->token)));
        assert_true(slice_eq(h.target, slice_str(c->target)));
        assert_true(slice_eq(h.request_line, slice_str(c->line)));
        assert_int_equal(h.minor, c->minor);
        if (flags != c->flags)
            fail_msg("case %zu: flags %d instead of %d", i, flags, c->flags);
        assert_int_equal(h.content_length, c->length);
        assert_int_equal(h.size, strlen(c->bytes));
    }
}

static void test_fields(void **state)
{
    static const char text[] = "GET / HTTP/1.1\r\nhost:  a:80\t\r\nX-Y:\r\nAccept: */* \r\n"
                               "X-Y:  b  c  \r\n\r\n";
    static const struct header want[] = {
        {{"host", 4}, {"a:80", 4}, HEADER_HOST, false},
        {{"X-Y", 3}, {"", 0}, HEADER_OTHER, false},
        {{"Accept", 6}, {"*/*", 3}, HEADER_ACCEPT, false},
        {{"X-Y", 3}, {"b  c", 4}, HEADER_OTHER, false},
    };
    static struct http1_head h;

    (void)state;
    assert_int_equal(http1_parse_request(text, sizeof text - 1, &wide, &h), HTTP1_DONE);
    assert_int_equal(h.headers.n, ARRAY_LEN(want));
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        assert_true(slice_eq(h.headers.fields[i].name, want[i].name));
        assert_true(slice_eq(h.headers.fields[i].value, want[i].value));
        assert_int_equal(h.headers.fields[i].id, want[i].id);
    }
}

/* Refused as soon as it cannot become right. */
static void test_early(void **state)
{
    static const char *const bad[] = {
        "\026",
        "\177",
        "G(",
        "GET  ",
        "GET /\r",
        "GET /\001",
        "GET / X",
        "GET / HTTP/2.0\r\n",
        "GET / HTTP/1.1\r\nX: a\n",
        "GET / HTTP/1.1\r\nX: a\r\n ",
        "GET / HTTP/1.1\r\n:",
        "GET / HTTP/1.1\r\nX: \001",
        "GET / HTTP/1.1\r\nHost: a b\r",
        "\r\n\r\n\r\n\r\n\r",
        "GET / HTTP/1.1\r\nContent-Length: x\r",
        "GET / HTTP/1.1\r\nHost: a\r\nX :",
        "GET / HTTP/1.1\r\nTransfer-Encoding: gzip\r",
    };
    static const char *const refused_line[] = {"GET /\r\nx", "GET / HTTP/7.7\r\n", "GE\001T /"};
    static const char *const line[] = {"GET /", "GET / HTTP/7.7", "GE\001T /"};
    static struct http1_head h;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (http1_parse_request(bad[i], strlen(bad[i]), &wide, &h) != HTTP1_BAD)
            fail_msg("not refused: %zu", i);
    for (size_t i = 0; i < ARRAY_LEN(line); i++) {
        http1_parse_request(refused_line[i], strlen(refused_line[i]), &wide, &h);
        assert_true(slice_eq(h.request_line, slice_str(line[i])));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bad),         cmocka_unit_test(test_good),
        cmocka_unit_test(test_limits),      cmocka_unit_test(test_limits_and_prefixes),
        cmocka_unit_test(test_most_fields), cmocka_unit_test(test_facts),
        cmocka_unit_test(test_fields),      cmocka_unit_test(test_early),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
