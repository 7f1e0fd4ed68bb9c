/* Request heads as they stand on the wire. */
#include "proto/http1_request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    struct http1_request_head head;
    const char *text;
} cases[] = {
    {{.method = {"GET", 3},
      .target = {"/a?b", 4},
      .host = {"x", 1},
      .minor = 1,
      .content_length = -1},
     "GET /a?b HTTP/1.1\r\nHost: x\r\nA: b\r\n\r\n"},
    {{.method = {"POST", 4}, .target = {"*", 1}, .minor = 0, .content_length = 0},
     "POST * HTTP/1.0\r\nContent-Length: 0\r\nA: b\r\n\r\n"},
    {{.method = {"PUT", 3},
      .target = {"/", 1},
      .host = {"x:1", 3},
      .minor = 1,
      .content_length = -1,
      .is_chunked = true,
      .connection = {"close", 5}},
     "PUT / HTTP/1.1\r\nHost: x:1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\nA: "
     "b\r\n\r\n"},
    {{.method = {"PUT", 3}, .target = {"/", 1}, .minor = 1, .content_length = INT64_MAX},
     "PUT / HTTP/1.1\r\nContent-Length: 9223372036854775807\r\nA: b\r\n\r\n"},
};

static void test_heads(void **state)
{
    struct header fields[] = {
        {SLICE("A"), SLICE("b"), HEADER_OTHER, false},
        {SLICE("Content-Length"), SLICE("7"), HEADER_CONTENT_LENGTH, false},
        {SLICE("Connection"), SLICE("x"), HEADER_CONNECTION, false},
    };
    struct header_list list = {fields, ARRAY_LEN(fields), ARRAY_LEN(fields)};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct http1_request_head h = cases[i].head;
        char text[1024];
        size_t n;

        h.headers = &list;
        assert_true(http1_request_size(&h) < sizeof(text));
        n = http1_write_request(text, &h);
        assert_true(n <= http1_request_size(&h));
        text[n] = 0;
        assert_string_equal(text, cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_heads)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
