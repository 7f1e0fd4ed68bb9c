/* What requests look like on the wire: each source of a body, backpressure, a peer that is slow. */
#include <fcntl.h>
#include <unistd.h>

#include "t/unit/http/client_harness.h"

static void writes_bodies(void **state)
{
    static const struct {
        const char *method, *bytes, *framing;
    } cases[] = {
        {"GET", NULL, "\r\n\r\n"},
        {"POST", NULL, "Content-Length: 0\r\n\r\n"},
        {"PUT", "hello", "Content-Length: 5\r\n\r\nhello"},
        {"DELETE", "", "Content-Length: 0\r\n\r\n"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct client_exchange *x = request(cases[i].method);
        const char *got;

        begin(10000);
        if (cases[i].bytes) {
            x->req.source = CLIENT_BYTES;
            x->req.bytes = slice_str(cases[i].bytes);
        }
        client_h1_start(conn, x);
        got = server_got();
        assert_non_null(strstr(got, cases[i].framing));
        assert_string_equal(strstr(got, cases[i].framing), cases[i].framing);
        assert_true(x->is_out_done);
        assert_int_equal(x->bytes_sent, strlen(got));
        client_exchange_cancel(x, &err_cancelled);
        client_exchange_release(&x);
        end();
    }
}

static void pushes(void **state)
{
    (void)state;
    for (unsigned is_known = 0; is_known < 2; is_known++) {
        struct client_exchange *x = request("POST");
        struct chunk c = CHUNK_BYTES(SLICE("hello")), last = CHUNK_LAST(SLICE("!"));

        begin(10000);
        x->req.source = CLIENT_PUSHED;
        x->req.length = is_known ? 6 : -1;
        header_add(&x->req.trailers, &x->pool, SLICE("X-Sum"), SLICE("9"));
        client_h1_start(conn, x);
        assert_non_null(strstr(server_got(), is_known ? "Content-Length: 6\r\n\r\n"
                                                      : "Transfer-Encoding: chunked\r\n\r\n"));
        client_exchange_write(x, &c);
        assert_string_equal(server_got(), is_known ? "hello" : "5\r\nhello\r\n");
        assert_false(x->is_out_done);
        client_exchange_write(x, &last);
        assert_string_equal(server_got(), is_known ? "!" : "1\r\n!\r\n0\r\nX-Sum: 9\r\n\r\n");
        assert_true(x->is_out_done);
        client_exchange_cancel(x, &err_cancelled);
        client_exchange_release(&x);
        end();
    }
}

static void sends_files(void **state)
{
    char path[] = "/tmp/client_h1_out.XXXXXX";
    struct client_exchange *x = request("PUT");
    int fd = mkstemp(path);

    (void)state;
    assert_int_equal(write(fd, "0123456789", 10), 10);
    begin(10000);
    x->req.source = CLIENT_FILE;
    x->req.fd = fd;
    x->req.offset = 2;
    x->req.length = 5;
    client_h1_start(conn, x);
    assert_non_null(strstr(server_got(), "Content-Length: 5\r\n\r\n23456"));
    client_exchange_cancel(x, &err_cancelled);
    client_exchange_release(&x);
    end();
    (void)close(fd);
    (void)unlink(path);
}

/* A slow peer: the producer is congested, then drained. */
static void slow_peer_stops_the_producer(void **state)
{
    static char bytes[100000];
    struct client_exchange *x = request("POST");
    struct chunk c = CHUNK_BYTES(slice_of(bytes, sizeof(bytes)));
    size_t got = 0;

    (void)state;
    begin(1000);
    x->req.source = CLIENT_PUSHED;
    client_h1_start(conn, x);
    client_exchange_write(x, &c);
    assert_true(client_exchange_is_congested(x));
    client_exchange_wait_drained(x);
    turns(3);
    assert_int_equal(told.drained, 0);
    for (unsigned i = 0; i < 500 && !told.drained; i++)
        got += strlen(server_got());
    assert_int_equal(told.drained, 1);
    assert_false(client_exchange_is_congested(x));
    client_exchange_cancel(x, &err_cancelled);
    client_exchange_release(&x);
    end();
}

static unsigned rounds;

static void refill(struct client_exchange *x)
{
    static char bytes[80000];
    struct chunk c = CHUNK_BYTES(slice_of(bytes, sizeof(bytes)));

    if (++rounds > 5)
        return;
    client_exchange_write(x, &c);
    client_exchange_wait_drained(x);
}

/* A peer that takes everything at once: the producer is still called each time. */
static void quick_peer_keeps_the_producer_going(void **state)
{
    static const struct client_user producer = {.on_drained = refill};
    struct client_exchange *x = request("POST");

    (void)state;
    begin(10000000);
    x->user = &producer;
    x->req.source = CLIENT_PUSHED;
    client_exchange_wait_drained(x);
    client_h1_start(conn, x);
    (void)server_got();
    assert_int_equal(rounds, 6);
    client_exchange_cancel(x, &err_cancelled);
    client_exchange_release(&x);
    end();
}

/* An answer before the request has gone out: the connection cannot go on. */
static void early_answer_closes(void **state)
{
    struct client_exchange *x = request("POST");
    struct chunk c = CHUNK_BYTES(SLICE("late"));

    (void)state;
    begin(10000);
    x->req.source = CLIENT_PUSHED;
    client_h1_start(conn, x);
    server_says("HTTP/1.1 413 Large\r\nContent-Length: 2\r\n\r\nno");
    assert_int_equal(x->state, CLIENT_DONE);
    assert_null(conn);
    client_exchange_write(x, &c); /* ignored */
    client_exchange_release(&x);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_bodies),
        cmocka_unit_test(pushes),
        cmocka_unit_test(sends_files),
        cmocka_unit_test(slow_peer_stops_the_producer),
        cmocka_unit_test(quick_peer_keeps_the_producer_going),
        cmocka_unit_test(early_answer_closes),
    };

    return cmocka_run_group_tests(tests, loop_setup, loop_teardown);
}
