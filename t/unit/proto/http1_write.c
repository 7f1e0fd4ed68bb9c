/* Heads and chunks, byte by byte. */
#include "proto/http1_write.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void check_head(const struct http1_response_head *h, const char *want)
{
    struct buf b = BUF_EMPTY;

    buf_add_lit(&b, "x");
    http1_write_head(&b, h);
    assert_string_equal(buf_cstr(&b) + 1, want);
    buf_free(&b);
}

static void test_plain(void **state)
{
    (void)state;
    check_head(
        &(struct http1_response_head){.status = 200, .content_length = 0, .is_keep_alive = true},
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n");
    check_head(&(struct http1_response_head){.status = 299, .content_length = -1},
               "HTTP/1.1 299 \r\nConnection: close\r\n\r\n");
    check_head(
        &(struct http1_response_head){.status = 404,
                                      .reason = SLICE("Gone Fishing"),
                                      .content_length = -1,
                                      .is_chunked = true},
        "HTTP/1.1 404 Gone Fishing\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n");
    check_head(
        &(struct http1_response_head){.status = 101, .content_length = -1, .is_upgrade = true},
        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\n\r\n");
    check_head(&(struct http1_response_head){.status = 100, .content_length = -1},
               "HTTP/1.1 100 Continue\r\n\r\n");
    check_head(
        &(struct http1_response_head){.status = 200, .content_length = INT64_MAX},
        "HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\nConnection: close\r\n\r\n");
}

/* RFC 9110 sections 15.5.22 and 7.8: what is to be upgraded to stands in Connection, too. */
static void test_upgrade_required(void **state)
{
    struct header fields[] = {{SLICE("Upgrade"), SLICE("websocket"), HEADER_UPGRADE, false}};
    struct header_list l = {fields, ARRAY_LEN(fields), ARRAY_LEN(fields)};

    (void)state;
    check_head(
        &(struct http1_response_head){
            .status = 426, .content_length = -1, .is_keep_alive = true, .headers = &l},
        "HTTP/1.1 426 Upgrade Required\r\nConnection: upgrade, keep-alive\r\n"
        "Upgrade: websocket\r\n\r\n");
    check_head(&(struct http1_response_head){.status = 426, .content_length = -1},
               "HTTP/1.1 426 Upgrade Required\r\nConnection: close\r\n\r\n");
}

static void test_order(void **state)
{
    struct header fields[] = {
        {SLICE("X-A"), SLICE("1"), HEADER_OTHER, false},
        {SLICE("connection"), SLICE("no"), HEADER_CONNECTION, false},
        {SLICE("location"), SLICE("/b"), HEADER_LOCATION, false},
        {SLICE("Set-Cookie"), SLICE("c=1"), HEADER_SET_COOKIE, false},
        {SLICE("Last-Modified"), SLICE("then"), HEADER_LAST_MODIFIED, false},
        {SLICE("Content-Length"), SLICE("9"), HEADER_CONTENT_LENGTH, false},
        {SLICE("Content-Type"), SLICE("text/html"), HEADER_CONTENT_TYPE, false},
        {SLICE("Server"), SLICE("no"), HEADER_SERVER, false},
        {SLICE("Date"), SLICE("no"), HEADER_DATE, false},
        {SLICE("Transfer-Encoding"), SLICE("no"), HEADER_TRANSFER_ENCODING, false},
        {SLICE("Set-Cookie"), SLICE("d=2"), HEADER_SET_COOKIE, false},
        {SLICE("Location"), SLICE("/c"), HEADER_LOCATION, false},
    };
    struct header_list l = {fields, ARRAY_LEN(fields), ARRAY_LEN(fields)};

    (void)state;
    check_head(
        &(struct http1_response_head){.status = 302,
                                      .server = SLICE("perilune"),
                                      .date = SLICE("now"),
                                      .content_length = 5,
                                      .is_keep_alive = true,
                                      .headers = &l},
        "HTTP/1.1 302 Found\r\nServer: perilune\r\nDate: now\r\nContent-Type: text/html\r\n"
        "Content-Length: 5\r\nLast-Modified: then\r\nlocation: /b\r\nConnection: keep-alive\r\n"
        "X-A: 1\r\nSet-Cookie: c=1\r\nSet-Cookie: d=2\r\nLocation: /c\r\n\r\n");
}

/* The bound on what the writer adds itself must hold when everything is at its longest. */
static void test_bound(void **state)
{
    struct buf b = BUF_EMPTY;
    struct http1_response_head h = {.status = 511,
                                    .server = SLICE("s"),
                                    .date = SLICE("d"),
                                    .content_length = INT64_MAX,
                                    .is_chunked = true,
                                    .is_keep_alive = true};

    (void)state;
    http1_write_head(&b, &h);
    assert_true(b.n <= 256);
    assert_true(b.n <= b.size);
    buf_free(&b);
}

static void test_chunks(void **state)
{
    struct header fields[] = {{SLICE("X"), SLICE("y"), HEADER_OTHER, false},
                              {SLICE("Content-Type"), SLICE("z"), HEADER_CONTENT_TYPE, false}};
    struct header_list l = {fields, 2, 2};
    struct buf b = BUF_EMPTY;

    (void)state;
    http1_write_chunk_size(&b, 1);
    http1_write_chunk_size(&b, 0xabc0);
    http1_write_chunk_size(&b, SIZE_MAX);
    http1_write_last_chunk(&b, NULL);
    http1_write_last_chunk(&b, &l);
    assert_string_equal(buf_cstr(&b), "1\r\nabc0\r\nffffffffffffffff\r\n0\r\n\r\n"
                                      "0\r\nX: y\r\nContent-Type: z\r\n\r\n");
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),  cmocka_unit_test(test_upgrade_required),
        cmocka_unit_test(test_order),  cmocka_unit_test(test_bound),
        cmocka_unit_test(test_chunks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
