/* Connections: deadlines of every state, what the log says, memory of an idle one. */
#include "http/server/server_conn.h"

#include "t/unit/http/harness.h"

#include <sys/mman.h>

#include "net/tcp.h"

static struct server_conn *first_conn(void)
{
    return CONTAINER_OF(harness_server.conns.next, struct server_conn, node);
}

static void closes_a_silent_connection(void **state)
{
    struct client c;

    (void)state;
    harness_start();
    harness_settings.header_timeout = 20;
    c = client_open();
    client_expect_end(&c);
    assert_int_equal(c.got.n, 0);
    client_close(&c);
    harness_stop();
}

static void times_a_partial_head_out(void **state)
{
    struct client c;

    (void)state;
    harness_start();
    harness_settings.header_timeout = 40;
    c = client_open();
    client_send(&c, "GET / HTTP/1.1\r\n");
    /* more bytes do not buy more time */
    for (unsigned i = 0; i < 500 && !client_count(&c, "HTTP/1.1 408"); i++) {
        (void)send(c.fd, "A: b\r\n", i % 10 ? 0 : 6, MSG_NOSIGNAL);
        (void)usleep(1000);
        turns(1);
        client_exchange_read(&c, SIZE_MAX);
    }
    assert_int_equal(client_count(&c, "HTTP/1.1 408"), 1);
    assert_int_equal(seen.bad_status, 408);
    client_expect_end(&c);
    client_close(&c);
    harness_stop();
}

static void closes_an_idle_connection(void **state)
{
    struct client c;

    (void)state;
    harness_start();
    harness_settings.keepalive_timeout = 30;
    harness_settings.keepalive_header = 7;
    c = client_open();
    client_send(&c, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    client_expect(&c, "hello", 1);
    assert_int_equal(client_count(&c, "Keep-Alive: timeout=7\r\n"), 1);
    client_expect_end(&c);
    assert_false(c.is_reset);
    client_close(&c);

    harness_settings.keepalive_timeout = 0;
    c = client_open();
    client_send(&c, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    client_expect(&c, "Connection: close", 1);
    client_expect_end(&c);
    client_close(&c);
    harness_stop();
}

static void closes_a_connection_that_is_old(void **state)
{
    struct server_conn *conn;
    struct client c;

    (void)state;
    harness_start();
    harness_settings.keepalive_time = 1000000;
    c = client_open();
    client_send(&c, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    client_expect(&c, "hello", 1);
    assert_int_equal(client_count(&c, "Connection: close"), 0);
    conn = first_conn();
    conn->opened -= 1000001;
    client_send(&c, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    client_expect(&c, "hello", 2);
    assert_int_equal(client_count(&c, "Connection: close"), 1);
    client_expect_end(&c);
    client_close(&c);
    harness_stop();
}

static void sends_of_files_no_more_than_its_turn(void **state)
{
    struct server_conn *conn;
    struct client c;
    int fd = memfd_create("file", MFD_CLOEXEC);

    (void)state;
    harness_start();
    harness_settings.file_budget = 1000;
    c = client_open();
    turns(2);
    conn = first_conn();
    assert_int_equal(ftruncate(fd, 100000), 0);
    outq_add_file(&conn->out, fd, 0, 100000, true);
    assert_true(server_conn_flush(conn));
    assert_int_equal(conn->out.bytes, 99000);
    harness_settings.file_budget = 0;
    assert_true(server_conn_flush(conn));
    assert_true(conn->out.bytes < 99000 - 1000);
    client_close(&c);
    harness_stop();
}

/* The clock says that it is over before the socket was looked at, as after a stop of the process.
 */
static void reads_what_came_in_time(void **state)
{
    static const char request[] = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";
    struct client c;

    (void)state;
    harness_start();
    c = client_open();
    turns(2);
    for (unsigned n = 1; n <= 2; n++) { /* the first request of a connection, and the next one */
        struct server_conn *conn = first_conn();

        assert_int_equal(conn->phase, CONN_IDLE);
        assert_int_equal(conn->waits, n == 1 ? CONN_WAIT_HEAD : CONN_WAIT_KEEPALIVE);
        assert_int_equal(send(c.fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
        conn->deadline = clock_ms();
        conn->timer.fn(&conn->timer);
        client_expect(&c, "hello", n);
    }
    client_close(&c);
    harness_stop();
}

static void sleeps_while_a_reader_stalls(void **state)
{
    struct client c;

    (void)state;
    harness_start();
    c = client_open();
    client_send(&c, "GET /stream/5000000 HTTP/1.1\r\nHost: a\r\n\r\n");
    turns(5);
    assert_false(loop_call_is_queued(&first_conn()->later));
    client_close(&c);
    harness_stop();
}

static void gives_up_on_a_reader_that_stalls(void **state)
{
    struct client c;

    (void)state;
    harness_start();
    harness_settings.send_timeout = 30;
    c = client_open();
    client_send(&c, "GET /stream/5000000 HTTP/1.1\r\nHost: a\r\n\r\n");
    for (unsigned i = 0; i < 2000 && !seen.done; i++) {
        turns(1);
        (void)usleep(1000);
    }
    assert_int_equal(seen.cancelled, 1);
    assert_ptr_equal(seen.cancel_err, &err_timeout);
    assert_true(seen.body_bytes_sent < 5000000);
    client_close(&c);
    harness_stop();
}

static void lingers_only_so_long(void **state)
{
    struct client c;

    (void)state;
    harness_start();
    harness_settings.lingering_timeout = 1000;
    harness_settings.lingering_time = 30;
    c = client_open();
    client_send(&c, "BAD\r\n\r\n");
    client_expect_end(&c); /* our side has ended */
    turns(2);
    for (unsigned i = 0; i < 2000 && harness_server.n_conns; i++) {
        (void)send(c.fd, "x", 1, MSG_NOSIGNAL);
        turns(1);
        (void)usleep(1000);
    }
    assert_int_equal(harness_server.n_conns, 0);
    client_close(&c);
    harness_stop();
}

/* lingering_timeout is the time between two reads, not that of all of them. */
static void waits_anew_behind_each_read(void **state)
{
    struct server_conn *conn;
    struct client c;

    (void)state;
    harness_start();
    c = client_open();
    client_send(&c, "BAD\r\n\r\n");
    client_expect_end(&c);
    turns(2);
    conn = first_conn();
    assert_int_equal(conn->waits, CONN_WAIT_LINGER);
    conn->deadline = conn->since;
    assert_int_equal(send(c.fd, "x", 1, MSG_NOSIGNAL), 1);
    turns(2);
    assert_true(conn->deadline > conn->since);
    harness_settings.lingering_time = 0; /* is over, whoever sends in each turn */
    for (unsigned i = 0; i < 20 && harness_server.n_conns; i++) {
        (void)send(c.fd, "x", 1, MSG_NOSIGNAL);
        (void)usleep(2000);
        turns(1);
    }
    assert_int_equal(harness_server.n_conns, 0);
    client_close(&c);
    harness_stop();
}

/* A peer that has much to say before it looks at the answer still finds it. */
static void reads_on_however_much_comes(void **state)
{
    static const char piece[65536];
    struct client c;
    size_t sent = 0;

    (void)state;
    harness_start();
    c = client_open();
    client_send(&c, "BAD\r\n\r\n");
    for (unsigned i = 0; i < 10000 && sent < (4U << 20); i++) {
        ssize_t n = send(c.fd, piece, sizeof piece, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n < 0)
            assert_int_equal(errno, EAGAIN);
        else
            sent += (size_t)n;
        turns(1);
    }
    assert_true(sent >= (4U << 20));
    assert_int_equal(harness_server.n_conns, 1);
    client_expect_end(&c);
    assert_memory_equal(c.got.p, "HTTP/1.1 400 ", 13);
    client_close(&c);
    harness_stop();
}

static unsigned conns_after_close(enum lingering how, const char *request)
{
    struct client c;
    unsigned n;

    harness_start();
    harness_settings.lingering = how;
    c = client_open();
    client_send(&c, request);
    client_expect_end(&c);
    turns(2);
    n = harness_server.n_conns;
    client_close(&c);
    harness_stop();
    return n;
}

static void lingers_as_it_was_told(void **state)
{
    static const char bad[] = "BAD\r\n\r\n";
    static const char last[] = "GET / HTTP/1.0\r\n\r\n";

    (void)state;
    assert_int_equal(conns_after_close(LINGERING_ON, bad), 1);
    assert_int_equal(conns_after_close(LINGERING_ON, last), 0);
    assert_int_equal(conns_after_close(LINGERING_ALWAYS, last), 1);
    assert_int_equal(conns_after_close(LINGERING_OFF, bad), 0);
}

/* A handler may take its time: no deadline runs meanwhile. */
static void lets_handlers_take_their_time(void **state)
{
    struct client c;

    (void)state;
    harness_start();
    harness_settings.header_timeout = harness_settings.keepalive_timeout = 20;
    harness_settings.body_timeout = harness_settings.send_timeout = 20;
    c = client_open();
    client_send(&c, "GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
    for (unsigned i = 0; i < 60; i++) {
        turns(1);
        (void)usleep(1000);
    }
    assert_non_null(seen.kept);
    exchange_respond(seen.kept, SLICE("kept"));
    client_expect(&c, "kept", 1);
    client_close(&c);
    harness_stop();
}

static void log_from(struct exchange *x, void *user)
{
    UNUSED(user);
    seen.requests++;
    x->user.on_done = app_on_done;
    x->server_name = SLICE("example.org");
    log_write(&x->log, LOG_ERROR, "a fact");
    exchange_respond(x, SLICE("x"));
}

static void describes_itself(void **state)
{
    char path[] = "/tmp/server_conn_test_XXXXXX", text[512] = {0};
    struct log_sink sink = {.path = path, .fd = mkstemp(path), .level = LOG_INFO};
    struct client c;

    (void)state;
    harness_start();
    harness_server.log.sink = &sink;
    harness_server.on_exchange = log_from;
    c = client_open();
    client_send(&c, "GET /p HTTP/1.1\r\nHost: h:8\r\n\r\n");
    client_expect(&c, "HTTP/1.1 200", 1);
    client_close(&c);
    harness_stop();
    assert_true(pread(sink.fd, text, sizeof(text) - 1, 0) > 0);
    assert_non_null(strstr(text, " a fact, client: unix:, server: example.org, "
                                 "request: \"GET /p HTTP/1.1\", host: \"h:8\"\n"));
    assert_non_null(strstr(text, ": *"));
    (void)close(sink.fd);
    (void)unlink(path);
}

static void is_small(void **state)
{
    (void)state;
    assert_true(sizeof(struct server_conn) <= 256); /* a stream adds about 90 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(closes_a_silent_connection),
        cmocka_unit_test(times_a_partial_head_out),
        cmocka_unit_test(closes_an_idle_connection),
        cmocka_unit_test(closes_a_connection_that_is_old),
        cmocka_unit_test(sends_of_files_no_more_than_its_turn),
        cmocka_unit_test(reads_what_came_in_time),
        cmocka_unit_test(sleeps_while_a_reader_stalls),
        cmocka_unit_test(gives_up_on_a_reader_that_stalls),
        cmocka_unit_test(lingers_only_so_long),
        cmocka_unit_test(waits_anew_behind_each_read),
        cmocka_unit_test(reads_on_however_much_comes),
        cmocka_unit_test(lingers_as_it_was_told),
        cmocka_unit_test(lets_handlers_take_their_time),
        cmocka_unit_test(describes_itself),
        cmocka_unit_test(is_small),
    };

    return cmocka_run_group_tests(tests, harness_main_setup, harness_main_teardown);
}
