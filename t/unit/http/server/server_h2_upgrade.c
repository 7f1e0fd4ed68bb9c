/* From HTTP/1.1 to HTTP/2: what is taken, what is ignored. */
#include "t/unit/http/h2_client.h"

static void expect_ignored(const char *fields, const char *body)
{
    struct buf in = BUF_EMPTY;
    struct client c = client_open();

    buf_printf(&in, "POST /echo HTTP/1.1\r\nHost: a\r\n%s\r\n%s", fields, body);
    client_send_bytes(&c, in.p, in.n);
    client_expect(&c, "HTTP/1.1 200 OK", 1);
    client_close(&c);
    buf_free(&in);
}

static void upgrades(void **state)
{
    struct client c;
    struct frame f;
    struct buf in = BUF_EMPTY;

    (void)state;
    harness_start();
    harness_server.speaks_http2 = true;
    for (unsigned later = 0; later < 2; later++) {
        c = client_open();
        buf_printf(&in,
                   "GET %s HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\n"
                   "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
                   later ? "/later" : "/hello");
        preface_add(&in);
        request_add(&in, 3, "GET", "/big/10", END_STREAM, NULL, NULL);
        client_send_bytes(&c, in.p, in.n);
        client_expect(&c, "HTTP/1.1 101 Switching Protocols\r\n", 1);
        buf_drop(&c.got, strlen("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
                                "Upgrade: h2c\r\n\r\n"));
        f = h2_expect(&c, DATA, 1, END_STREAM);
        assert_int_equal(f.payload.n, 5);
        (void)h2_expect(&c, DATA, 3, END_STREAM);
        client_close(&c);
        in.n = 0;
    }
    buf_free(&in);
    harness_stop();
}

static void ignores(void **state)
{
    (void)state;
    harness_start();
    harness_server.speaks_http2 = true;
    expect_ignored("Connection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n", "");
    expect_ignored("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n", "");
    expect_ignored("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: !\r\n",
                   "");
    expect_ignored(
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n", "");
    expect_ignored("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                   "HTTP2-Settings: AAMAAABk\r\nHTTP2-Settings: AAMAAABk\r\n",
                   "");
    expect_ignored("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                   "HTTP2-Settings: AAMAAABk\r\nContent-Length: 2\r\n",
                   "ab");
    harness_server.speaks_http2 = false;
    expect_ignored("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                   "HTTP2-Settings: AAMAAABkAAQAAP__\r\n",
                   "");
    harness_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(upgrades),
        cmocka_unit_test(ignores),
    };

    return cmocka_run_group_tests(tests, harness_main_setup, harness_main_teardown);
}
