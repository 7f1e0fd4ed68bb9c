/* HTTP/2 on a connection: how it begins, requests beside each other, how it ends. */
#include "t/unit/http/h2_client.h"

#include "http/server/server_h2.h"

static void detects(void **state)
{
    (void)state;
    assert_int_equal(server_h2_detect(SLICE("P")), 0);
    assert_int_equal(server_h2_detect(SLICE("PRI * HTTP/2.0\r\n\r\nSM\r\n\r")), 0);
    assert_int_equal(server_h2_detect(SLICE("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nxyz")), 1);
    assert_int_equal(server_h2_detect(SLICE("PRI * HTTP/2.1")), -1);
    assert_int_equal(server_h2_detect(SLICE("GET / HTTP/1.1")), -1);
}

/* All in one piece, and byte by byte: every request is answered on its stream. */
static void answers(void **state)
{
    static const char *const paths[] = {"/hello", "/later", "/big/3000", "/nothing"};
    struct buf in = BUF_EMPTY;

    (void)state;
    preface_add(&in);
    for (uint32_t i = 0; i < 12; i++)
        request_add(&in, 2 * i + 1, "GET", paths[i % 4], END_STREAM, NULL, NULL);
    for (unsigned round = 0; round < 2; round++) {
        struct client c;

        harness_start();
        harness_server.speaks_http2 = true;
        c = client_open();
        for (size_t at = 0, step = round ? 1 : in.n; at < in.n; at += step)
            client_send_bytes(&c, in.p + at, step);
        for (uint32_t i = 0; i < 12; i++)
            (void)h2_expect(&c, DATA, 2 * i + 1, END_STREAM);
        assert_int_equal(h2_body(&c, 1), 5);
        assert_int_equal(h2_body(&c, 5), 3000);
        assert_int_equal(seen.done, 12);
        client_close(&c);
        harness_stop();
    }
    buf_free(&in);
}

/* Where HTTP/2 is spoken HTTP/1.1 still is; where it is not, its preface is refused in HTTP/1.1. */
static void stands_beside_http1(void **state)
{
    struct client c;

    (void)state;
    harness_start();
    harness_server.speaks_http2 = true;
    c = client_open();
    client_send(&c, "P");
    client_send(&c, "OST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nok");
    client_expect(&c, "\r\n\r\nok", 1);
    client_close(&c);
    harness_server.speaks_http2 = false;
    c = client_open();
    client_send(&c, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    client_expect(&c, "HTTP/1.1 400", 1);
    client_close(&c);
    harness_stop();
}

/* What is neither is not answered in a language that the client has not spoken. */
static void refuses_neither(void **state)
{
    struct client c;

    (void)state;
    harness_start();
    harness_server.speaks_http2 = true;
    c = client_open();
    client_send(&c, "HELO there\r\n\r\n");
    client_expect_end(&c);
    assert_int_equal(c.got.n, 0);
    client_close(&c);
    harness_stop();
}

/* The version of a request line that is too long is not known; the client is told nevertheless. */
static void tells_of_a_long_line(void **state)
{
    static char text[10000] = "GET /";
    struct client c;

    (void)state;
    memset(text + 5, 'a', sizeof(text) - 6);
    harness_start();
    harness_server.speaks_http2 = true;
    c = client_open();
    client_send(&c, text);
    client_expect(&c, "HTTP/1.1 414", 1);
    client_close(&c);
    harness_stop();
}

/* The first GOAWAY names no last stream, so that what is under way is taken; when the PING is
 * answered the second one does; the connection ends with its last stream. */
static void drains(void **state)
{
    struct client c;
    struct frame f;

    (void)state;
    harness_start();
    c = h2_open();
    h2_request(&c, 1, "GET", "/keep", END_STREAM);
    server_drain(&harness_server);
    f = h2_expect(&c, GOAWAY, 0, 0);
    assert_int_equal(frame_number(&f, 0), 0x7fffffff);
    h2_request(&c, 3, "GET", "/hello", END_STREAM);
    (void)h2_expect(&c, DATA, 3, END_STREAM);
    f = h2_expect(&c, PING, 0, 0);
    h2_send_frame(&c, PING, ACK, 0, f.payload);
    f = h2_expect(&c, GOAWAY, 0, 0);
    assert_int_equal(frame_number(&f, 0), 3);
    exchange_respond(seen.kept, SLICE("done"));
    (void)h2_expect(&c, DATA, 1, END_STREAM);
    client_expect_end(&c);
    client_close(&c);
    harness_stop();
}

static void ends_after_many_requests(void **state)
{
    struct client c;
    struct frame f;

    (void)state;
    harness_start();
    harness_settings.keepalive_requests = 2;
    c = h2_open();
    h2_request(&c, 1, "GET", "/hello", END_STREAM);
    (void)h2_expect(&c, DATA, 1, END_STREAM);
    assert_false(h2_find(&c, GOAWAY, 0, &f));
    h2_request(&c, 3, "GET", "/hello", END_STREAM);
    (void)h2_expect(&c, GOAWAY, 0, 0);
    client_close(&c);
    harness_stop();
}

/* An idle connection is told before it is closed; an incomplete head has its time, too. */
static void times_out(void **state)
{
    struct client c;
    struct buf b = BUF_EMPTY;

    (void)state;
    harness_start();
    harness_settings.keepalive_timeout = 20;
    harness_settings.header_timeout = 20;
    harness_settings.lingering_timeout = 20;
    c = h2_open();
    h2_expect_goaway(&c, H2_NO_ERROR);
    client_close(&c);
    c = h2_open();
    h2_request(&c, 1, "GET", "/keep", END_STREAM);
    frame_add(&b, HEADERS, 0, 3, SLICE("\x82"));
    client_send_bytes(&c, b.p, b.n);
    client_expect_end(&c);
    assert_int_equal(seen.cancelled, 1);
    client_close(&c);
    buf_free(&b);
    harness_stop();
}

/* Everybody on a connection that is lost hears of it, and of nothing else. */
static void loses_all(void **state)
{
    struct client c;

    (void)state;
    harness_start();
    c = h2_open();
    for (uint32_t id = 1; id < 20; id += 2)
        h2_request(&c, id, "GET", "/keep", END_STREAM);
    assert_int_equal(seen.requests, 10);
    client_close(&c);
    assert_int_equal(seen.cancelled, 10);
    assert_int_equal(seen.done, 10);
    harness_stop();
}

static void breaks_off(void **state)
{
    struct client c;

    (void)state;
    harness_start();
    harness_settings.lingering_timeout = 20;
    c = h2_open();
    h2_request(&c, 1, "GET", "/keep", END_STREAM);
    h2_send_frame(&c, PING, 0, 0, SLICE("short"));
    h2_expect_goaway(&c, 6); /* FRAME_SIZE_ERROR */
    assert_int_equal(seen.cancelled, 1);
    client_close(&c);
    c = h2_open();
    for (unsigned i = 0; i < 1000; i++)
        h2_send_frame(&c, PING, 0, 0, SLICE("12345678"));
    h2_expect_goaway(&c, H2_ENHANCE_YOUR_CALM);
    client_close(&c);
    harness_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(detects),
        cmocka_unit_test(answers),
        cmocka_unit_test(stands_beside_http1),
        cmocka_unit_test(refuses_neither),
        cmocka_unit_test(tells_of_a_long_line),
        cmocka_unit_test(drains),
        cmocka_unit_test(ends_after_many_requests),
        cmocka_unit_test(times_out),
        cmocka_unit_test(loses_all),
        cmocka_unit_test(breaks_off),
    };

    return cmocka_run_group_tests(tests, harness_main_setup, harness_main_teardown);
}
