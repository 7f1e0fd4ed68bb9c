/* HTTP/1.x on a connection: heads in any cut, pipelining, what ends a connection. */
#include "t/unit/http/harness.h"

static void answers_a_request(void **state)
{
    struct client c;

    (void)state;
    harness_start();
    c = client_open();
    client_send(&c, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    client_expect(&c, "hello", 1);
    assert_int_equal(client_count(&c, "HTTP/1.1 200 OK\r\n"), 1);
    assert_int_equal(client_count(&c, "Content-Length: 5\r\n"), 1);
    assert_int_equal(client_count(&c, "Connection: keep-alive\r\n"), 1);
    assert_int_equal(client_count(&c, "Date: "), 1);
    assert_int_equal(client_count(&c, "Server: "), 1);
    assert_int_equal(seen.bytes_sent, c.got.n);
    assert_int_equal(seen.body_bytes_sent, 5);
    assert_int_equal(seen.request_length, 32);
    client_close(&c);
    harness_stop();
}

static void takes_a_head_byte_by_byte(void **state)
{
    const char *text = "\r\nPOST /echo HTTP/1.1\r\nHost: a\r\nX-Long: abcdefgh\r\n"
                       "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n";
    struct client c;

    (void)state;
    harness_start();
    c = client_open();
    for (unsigned round = 1; round <= 2; round++) {
        for (const char *p = text; *p; p++)
            client_send_bytes(&c, p, 1);
        client_expect(&c, "hello world", round);
    }
    client_close(&c);
    harness_stop();
}

/* Requests in order, sync and async answers mixed, in one write and cut at every place. */
static void pipelines(void **state)
{
    static const char *const paths[] = {"/hello", "/later", "/big/20000", "/nothing"};
    struct buf in = BUF_EMPTY;
    struct client c;
    const char *at;

    (void)state;
    for (unsigned i = 0; i < 32; i++)
        buf_printf(&in, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", paths[i * 7 % 4]);
    for (size_t cut = 0; cut < 200; cut += 9) {
        harness_start();
        c = client_open();
        client_send_bytes(&c, in.p, cut);
        client_send_bytes(&c, in.p + cut, in.n - cut);
        client_expect(&c, "HTTP/1.1 ", 32);
        client_expect(&c, "later", 8);
        at = buf_cstr(&c.got);
        for (unsigned i = 0; i < 32; i++) {
            static const char *const marks[] = {"\r\n\r\nhello", "\r\n\r\nlater", "\r\n\r\nbbbbb",
                                                "404 Not Found"};

            at = strstr(at, marks[i * 7 % 4]);
            assert_non_null(at);
            at += 4;
        }
        assert_int_equal(seen.requests, 32);
        client_close(&c);
        harness_stop();
    }
    buf_free(&in);
}

/* Very many requests in one piece: neither the stack nor the queue grows with them. */
static void survives_a_long_pipeline(void **state)
{
    struct buf in = BUF_EMPTY;
    struct client c;

    (void)state;
    harness_start();
    harness_settings.keepalive_requests = 100000;
    c = client_open();
    for (unsigned i = 0; i < 3000; i++)
        buf_printf(&in, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", i % 3 ? "/hello" : "/later");
    client_send_bytes(&c, in.p, in.n);
    client_expect(&c, "HTTP/1.1 200", 3000);
    client_close(&c);
    harness_stop();
    buf_free(&in);
}

/* A peer that sends requests and reads no answers is not read from any more. */
static void stop_reading_at(size_t watermark)
{
    struct client c;
    unsigned sent = 0;

    harness_start();
    harness_settings.send_watermark = watermark;
    harness_settings.keepalive_requests = 100000;
    c = client_open();
    for (unsigned i = 0; i < 20000; i++) {
        const char *text = "GET /big/5000 HTTP/1.1\r\nHost: a\r\n\r\n";

        if (send(c.fd, text, strlen(text), MSG_NOSIGNAL) < 0)
            break;
        sent++;
        turns(1);
    }
    assert_true(sent < 20000);
    assert_true(seen.requests < 300);
    client_expect(&c, "HTTP/1.1 200", sent);
    assert_int_equal(seen.requests, sent);
    client_close(&c);
    harness_stop();
}

static void stops_reading_when_answers_are_not_taken(void **state)
{
    (void)state;
    stop_reading_at(65536);
    stop_reading_at(1000);
}

static void refuses_bad_heads(void **state)
{
    static const struct {
        const char *text;
        int status;
    } rows[] = {
        {"GARBAGE\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
        {"GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET /../x HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400},
        {"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 405},
        {"GET / HTTP/3.0\r\nHost: a\r\n\r\n", 505},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char line[32];
        struct client c;

        harness_start();
        c = client_open();
        client_send(&c, rows[i].text);
        (void)snprintf(line, sizeof(line), "HTTP/1.1 %d ", rows[i].status);
        client_expect(&c, line, 1);
        assert_int_equal(seen.bad, 1);
        assert_int_equal(seen.bad_status, rows[i].status);
        assert_int_equal(client_count(&c, "Connection: close\r\n"), 1);
        client_expect_end(&c); /* our side has ended; the peer may still send */
        assert_true(c.has_eof);
        assert_int_equal(harness_server.n_conns, 1);
        assert_int_equal(send(c.fd, "more that is dropped", 20, MSG_NOSIGNAL), 20);
        turns(2);
        assert_int_equal(harness_server.n_conns, 1);
        client_close(&c);
        harness_stop();
    }
}

static void refuses_heads_that_are_too_long(void **state)
{
    struct buf in = BUF_EMPTY;
    struct client c;

    (void)state;
    harness_start();
    c = client_open();
    buf_add_lit(&in, "GET /");
    for (unsigned i = 0; i < 9000; i++)
        buf_add_char(&in, 'a');
    for (size_t at = 0; at < in.n; at += 500)
        client_send_bytes(&c, in.p + at, MIN((size_t)500, in.n - at));
    client_expect(&c, "HTTP/1.1 414", 1);
    client_close(&c);
    harness_stop();
    buf_free(&in);
}

static void closes_when_asked(void **state)
{
    static const char *const texts[] = {
        "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "GET /later HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "GET /hello HTTP/1.0\r\n\r\n",
        "GET /later HTTP/1.0\r\n\r\n",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct client c;

        harness_start();
        c = client_open();
        client_send(&c, texts[i]);
        client_expect_end(&c);
        assert_int_equal(client_count(&c, "Connection: close\r\n"), 1);
        assert_int_equal(client_count(&c, i % 2 ? "later" : "hello"), 1);
        turns(2);
        assert_int_equal(harness_server.n_conns, 0);
        client_close(&c);
        harness_stop();
    }
}

static void counts_keepalive_requests(void **state)
{
    struct client c;

    (void)state;
    harness_start();
    harness_settings.keepalive_requests = 3;
    c = client_open();
    for (unsigned i = 1; i <= 3; i++) {
        client_send(&c, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
        client_expect(&c, "\r\n\r\nhello", i);
    }
    assert_int_equal(client_count(&c, "Connection: keep-alive\r\n"), 2);
    client_expect_end(&c);
    client_close(&c);
    harness_stop();
}

/* A client that ends its side after its requests gets its answers. */
static void answers_a_half_closed_client(void **state)
{
    struct client c;

    (void)state;
    harness_start();
    c = client_open();
    client_send(&c, "GET /later HTTP/1.1\r\nHost: a\r\n\r\nGET /later HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(shutdown(c.fd, SHUT_WR), 0);
    client_expect(&c, "later", 2);
    client_expect_end(&c);
    client_close(&c);
    harness_stop();

    harness_start();
    c = client_open();
    client_send(&c, "GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(shutdown(c.fd, SHUT_WR), 0);
    turns(5);
    assert_non_null(seen.kept);
    exchange_respond(seen.kept, SLICE("kept"));
    client_expect(&c, "kept", 1);
    assert_int_equal(client_count(&c, "Connection: close\r\n"), 1);
    client_expect_end(&c);
    client_close(&c);
    harness_stop();
}

static void notices_that_the_peer_is_gone(void **state)
{
    static const struct {
        const char *path;
        bool does_check_abort, closes, expected;
    } rows[] = {
        {"/keep", false, false, false}, {"/keep", true, false, true},
        {"/start", false, false, true}, {"/start", true, false, true},
        {"/keep", true, true, true},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[100];
        struct client c;

        harness_start();
        harness_settings.does_check_abort = rows[i].does_check_abort;
        c = client_open();
        (void)snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", rows[i].path);
        client_send(&c, text);
        turns(2);
        if (rows[i].closes)
            (void)close(c.fd);
        else
            (void)shutdown(c.fd, SHUT_WR);
        turns(4);
        assert_int_equal(seen.cancelled, rows[i].expected);
        if (rows[i].expected) {
            assert_int_equal(seen.aborted, 1);
            assert_non_null(seen.cancel_err);
            assert_int_equal(harness_server.n_conns, 0);
        }
        if (rows[i].closes)
            buf_free(&c.got);
        else
            client_close(&c);
        harness_stop();
    }
}

/* Input that comes while an exchange is on is kept up to a limit, then left to the kernel. */
static void bounds_early_input(void **state)
{
    struct client c;
    char junk[4096];
    size_t sent = 0;

    (void)state;
    harness_start();
    c = client_open();
    memset(junk, 'j', sizeof(junk));
    client_send(&c, "GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
    for (unsigned i = 0; i < 2000; i++) {
        ssize_t n = send(c.fd, junk, sizeof(junk), MSG_NOSIGNAL);

        sent += n > 0 ? (size_t)n : 0;
        turns(1);
    }
    assert_true(sent < 2000 * sizeof(junk));
    exchange_respond(seen.kept, SLICE("kept"));
    client_expect(&c, "HTTP/1.1 414", 1); /* the junk is no request */
    client_close(&c);
    harness_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_a_request),
        cmocka_unit_test(takes_a_head_byte_by_byte),
        cmocka_unit_test(pipelines),
        cmocka_unit_test(survives_a_long_pipeline),
        cmocka_unit_test(stops_reading_when_answers_are_not_taken),
        cmocka_unit_test(refuses_bad_heads),
        cmocka_unit_test(refuses_heads_that_are_too_long),
        cmocka_unit_test(closes_when_asked),
        cmocka_unit_test(counts_keepalive_requests),
        cmocka_unit_test(answers_a_half_closed_client),
        cmocka_unit_test(notices_that_the_peer_is_gone),
        cmocka_unit_test(bounds_early_input),
    };

    return cmocka_run_group_tests(tests, harness_main_setup, harness_main_teardown);
}
