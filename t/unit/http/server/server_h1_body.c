/* Request bodies: pulled with backpressure, limited, dropped; 100 Continue; timeouts. */
#include "t/unit/http/harness.h"

static void echoes(void **state)
{
    static const char *const texts[] = {
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
        ("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
         "2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nT: v\r\n\r\n"),
        "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct client c;

        harness_start();
        c = client_open();
        client_send(&c, texts[i]);
        client_send(&c, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
        client_expect(&c, "HTTP/1.1 200", 2);
        client_expect(&c, "\r\n\r\nhello", 1 + !(i % 2));
        client_close(&c);
        harness_stop();
    }
}

static void send_body(struct client *c, size_t n)
{
    static char bytes[10000];

    memset(bytes, 'u', sizeof(bytes));
    for (; n; n -= MIN(n, sizeof(bytes)))
        client_send_bytes(c, bytes, MIN(n, sizeof(bytes)));
}

static void takes_large_uploads(void **state)
{
    struct client c;
    char text[32];

    (void)state;
    harness_start();
    harness_settings.max_body_size = 0;
    c = client_open();
    client_send(&c, "POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\n");
    send_body(&c, 5000000);
    client_expect(&c, "counted 5000000", 1);
    assert_true(seen.request_length > 5000000);
    seen.received = 0;
    client_send(&c, "POST /count HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (unsigned i = 0; i < 50; i++) {
        (void)snprintf(text, sizeof(text), "%x\r\n", 20011);
        client_send(&c, text);
        send_body(&c, 20011);
        client_send(&c, "\r\n");
    }
    client_send(&c, "0\r\n\r\n");
    client_expect(&c, "counted 1000550", 1);
    client_close(&c);
    harness_stop();
}

/* A body that nobody reads stays with the client. */
static void leaves_an_unread_body_to_the_kernel(void **state)
{
    char bytes[8192] = {0};
    struct client c;
    size_t sent = 0;

    (void)state;
    harness_start();
    c = client_open();
    client_send(&c, "POST /keep HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n");
    for (unsigned i = 0; i < 2000; i++) {
        ssize_t n = send(c.fd, bytes, sizeof(bytes), MSG_NOSIGNAL);

        sent += n > 0 ? (size_t)n : 0;
        turns(1);
    }
    assert_true(sent < 2000000);
    client_close(&c);
    harness_stop();
}

/* A reader that waits for what is there already is called. */
static void wakes_a_reader_that_waits_first(void **state)
{
    struct client c;

    (void)state;
    harness_start();
    c = client_open();
    client_send(&c, "PUT /lazy HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
    client_expect(&c, "counted 5", 1);
    client_send(&c, "GET /lazy HTTP/1.1\r\nHost: a\r\n\r\n");
    client_expect(&c, "counted 5", 2);
    client_close(&c);
    harness_stop();
}

static void limits_bodies(void **state)
{
    struct client c;

    (void)state;
    harness_start();
    harness_settings.max_body_size = 10;
    c = client_open();
    client_send(&c, "POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello world");
    client_expect(&c, "HTTP/1.1 413", 1);
    assert_ptr_equal(seen.body_err, &err_too_large);
    client_send(&c, "POST /count HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                    "6\r\nhello \r\n");
    client_send(&c, "6\r\nworld!\r\n0\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    client_expect(&c, "HTTP/1.1 413", 2);
    client_expect(&c, "\r\n\r\nhello", 1); /* the rest was small: the connection goes on */
    /* the size of a chunk is enough, nobody waits for its bytes */
    client_send(&c, "POST /count HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                    "1\r\nx\r\n7fffffffffffffff\r\n");
    client_expect(&c, "HTTP/1.1 413", 3);
    client_close(&c);
    /* a size that is none is malformed however many of its digits have come */
    c = client_open();
    client_send(&c, "POST /count HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nff");
    client_send(&c, "g\r\n");
    client_expect(&c, "HTTP/1.1 400", 1);
    client_close(&c);
    harness_stop();
}

static void drains_or_closes(void **state)
{
    static const struct {
        const char *head;
        size_t body;
        bool keeps;
    } rows[] = {
        {"POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n", 200000, true},
        {"POST /later HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n", 5, true},
        {"POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n", 300000, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct client c;

        harness_start();
        c = client_open();
        client_send(&c, rows[i].head);
        send_body(&c, rows[i].body);
        client_expect(&c, "HTTP/1.1 200", 1);
        assert_int_equal(client_count(&c, "keep-alive"), rows[i].keeps);
        if (rows[i].keeps) {
            client_send(&c, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
            client_expect(&c, "HTTP/1.1 200", 2);
        } else {
            client_expect_end(&c);
            assert_false(c.is_reset); /* it lingers: the answer is not lost to a reset */
        }
        client_close(&c);
        harness_stop();
    }
}

static void drops_an_endless_chunked_body(void **state)
{
    struct client c;

    (void)state;
    harness_start();
    c = client_open();
    client_send(&c,
                "POST /hello HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n");
    client_expect(&c, "keep-alive", 1);
    send_body(&c, 600000);
    client_expect_end(&c);
    client_close(&c);
    harness_stop();
}

static void continues(void **state)
{
    static const struct {
        const char *path;
        unsigned continues, keeps;
    } rows[] = {{"/echo", 1, 1}, {"/hello", 0, 0}, {"/later", 0, 0}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct client c;
        char text[200];

        harness_start();
        c = client_open();
        (void)snprintf(text, sizeof(text),
                       "PUT %s HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                       "Content-Length: 5\r\n\r\n",
                       rows[i].path);
        client_send(&c, text);
        client_expect(&c, "HTTP/1.1 ", 1);
        assert_int_equal(client_count(&c, "HTTP/1.1 100 Continue\r\n\r\n"), rows[i].continues);
        if (rows[i].continues)
            client_send(&c, "hello");
        client_expect(&c, "HTTP/1.1 200 OK", 1);
        assert_int_equal(client_count(&c, "keep-alive"), rows[i].keeps);
        if (!rows[i].keeps)
            client_expect_end(&c);
        client_close(&c);
        harness_stop();
    }
}

/* Also when the body has come already, as nginx does. A limit comes before the 100. */
static void continues_within_limits(void **state)
{
    struct client c;

    (void)state;
    harness_start();
    harness_settings.max_body_size = 100;
    c = client_open();
    client_send(&c, "PUT /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                    "Content-Length: 5\r\n\r\nhello");
    client_expect(&c, "\r\n\r\nhello", 1);
    assert_int_equal(client_count(&c, "100 Continue"), 1);
    client_send(&c, "PUT /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                    "Content-Length: 101\r\n\r\n");
    client_expect(&c, "HTTP/1.1 413", 1);
    assert_int_equal(client_count(&c, "100 Continue"), 1);
    client_expect_end(&c);
    client_close(&c);
    harness_stop();
}

static void reports_failures(void **state)
{
    static const struct {
        const char *rest;
        const struct err *expected;
        int status;
        bool ends;
    } rows[] = {
        {"Content-Length: 10\r\n\r\nhello", &err_truncated, 400, true},
        {"Content-Length: 10\r\n\r\nhello", &err_timeout, 408, false},
        {"Transfer-Encoding: chunked\r\n\r\nxyz\r\n", &err_protocol, 400, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows) * 2; i++) {
        struct client c;
        char text[32];

        harness_start();
        harness_settings.body_timeout = 30;
        c = client_open();
        client_send(&c, i & 1 ? "PUT /count HTTP/1.1\r\nHost: a\r\n"
                              : "PUT /echo HTTP/1.1\r\nHost: a\r\n");
        client_send(&c, rows[i / 2].rest);
        if (rows[i / 2].ends)
            assert_int_equal(shutdown(c.fd, SHUT_WR), 0);
        (void)snprintf(text, sizeof(text), "HTTP/1.1 %d ", rows[i / 2].status);
        client_expect(&c, text, 1);
        assert_ptr_equal(seen.body_err, rows[i / 2].expected);
        assert_int_equal(client_count(&c, "Connection: close"), 1);
        client_expect_end(&c);
        client_close(&c);
        harness_stop();
    }
}

static void survives_a_vanished_uploader(void **state)
{
    struct client c;

    (void)state;
    harness_start();
    c = client_open();
    client_send(&c, "PUT /count HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhel");
    client_close(&c);
    turns(4);
    assert_int_equal(seen.done, 1);
    assert_int_equal(harness_server.n_conns, 0);
    harness_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(echoes),
        cmocka_unit_test(takes_large_uploads),
        cmocka_unit_test(leaves_an_unread_body_to_the_kernel),
        cmocka_unit_test(wakes_a_reader_that_waits_first),
        cmocka_unit_test(limits_bodies),
        cmocka_unit_test(drains_or_closes),
        cmocka_unit_test(drops_an_endless_chunked_body),
        cmocka_unit_test(continues),
        cmocka_unit_test(continues_within_limits),
        cmocka_unit_test(reports_failures),
        cmocka_unit_test(survives_a_vanished_uploader),
    };

    return cmocka_run_group_tests(tests, harness_main_setup, harness_main_teardown);
}
