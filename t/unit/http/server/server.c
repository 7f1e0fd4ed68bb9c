/* A server as a whole: many requests, its graceful and its hard end, the counters. */
#include "http/server/server_conn.h"
#include "http/server/server_stats.h"
#include "net/tcp.h"
#include "t/unit/http/harness.h"

static unsigned idle_calls;

static void on_idle(struct server *s)
{
    assert_ptr_equal(s, &harness_server);
    idle_calls++;
}

static void serves_thousands(void **state)
{
    struct client c;

    (void)state;
    harness_start();
    harness_settings.keepalive_requests = 100;
    for (unsigned i = 0; i < 50; i++) {
        c = client_open();
        for (unsigned k = 1; k <= 100; k++) {
            client_send(&c, k % 3   ? "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
                            : k % 2 ? "GET /later HTTP/1.1\r\nHost: a\r\n\r\n"
                                    : "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
                                      "\r\nabc");
            client_expect(&c, "HTTP/1.1 200", k);
        }
        client_expect_end(&c);
        client_close(&c);
    }
    assert_int_equal(seen.requests, 5000);
    assert_int_equal(seen.done, 5000);
    assert_int_equal(seen.aborted, 0);
    harness_stop();
}

static int late_fd;

/* After the events of a turn: no readiness tells of these bytes before the connection would be
 * closed. */
static void on_send_late(struct loop_call *call)
{
    (void)call;
    (void)send(late_fd, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", 32, 0);
}

static void drains(void **state)
{
    struct loop_call send_late;
    struct client idle, late, busy, fresh;

    (void)state;
    harness_start();
    idle_calls = 0;
    harness_server.on_idle = on_idle;
    idle = client_open();
    late = client_open();
    busy = client_open();
    client_send(&idle, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    client_expect(&idle, "hello", 1);
    client_send(&late, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    client_expect(&late, "hello", 1);
    client_send(&busy, "GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
    turns(3);
    fresh = client_open();
    (void)send(fresh.fd, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", 32, 0);
    late_fd = late.fd;
    loop_call_init(&send_late, on_send_late);
    loop_next(&send_late);
    server_drain(&harness_server);
    client_expect_end(&idle);
    client_expect(&late, "Connection: close", 1);
    client_expect_end(&late);
    client_expect(&fresh, "Connection: close", 1); /* came just in time */
    client_expect_end(&fresh);
    assert_int_equal(idle_calls, 0);
    assert_non_null(seen.kept);
    exchange_respond(seen.kept, SLICE("kept"));
    client_expect(&busy, "Connection: close", 1);
    client_expect_end(&busy);
    turns(2);
    assert_int_equal(idle_calls, 1);
    client_close(&idle);
    client_close(&late);
    client_close(&busy);
    client_close(&fresh);
    harness_stop();
}

static void crowded(void **state)
{
    struct client idle, busy, fresh;

    (void)state;
    harness_start();
    idle = client_open();
    busy = client_open();
    client_send(&idle, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    client_expect(&idle, "hello", 1);
    client_send(&busy, "GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
    fresh = client_open();
    turns(3);
    assert_int_equal(server_set_crowded(&harness_server, true), 1);
    client_expect_end(&idle);
    exchange_respond(seen.kept, SLICE("kept"));
    client_expect(&busy, "Connection: close", 1);
    client_expect_end(&busy);
    client_send(&fresh, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    client_expect(&fresh, "Connection: close", 1);
    client_expect_end(&fresh);
    assert_int_equal(server_set_crowded(&harness_server, false), 0);
    client_close(&idle);
    client_close(&busy);
    client_close(&fresh);
    harness_stop();
}

/* A connection that was open before, and what was read of it: part of a request, all of it. */
static void goes_on_behind_what_was_read(void **state)
{
    static const char text[] = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";
    static const size_t read_before[] = {0, 10, sizeof(text) - 1};
    struct addr a = {.len = sizeof(sa_family_t)};

    (void)state;
    a.sa.sa_family = AF_UNIX;
    harness_start();
    for (size_t i = 0; i < ARRAY_LEN(read_before); i++) {
        struct client c = {.got = BUF_EMPTY};
        int fds[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
        c.fd = fds[1];
        server_adopt_stream(
            &harness_server, tcp_adopt(fds[0]),
            &(struct server_stream){.peer = &a, .in = slice_of(text, read_before[i])});
        client_send(&c, text + read_before[i]);
        client_expect(&c, "hello", 1);
        client_close(&c);
    }
    harness_stop();
}

/* Whoever has just been answered may have sent the next request by the time that the server ends.
 */
static void ask_hello(struct client *c)
{
    *c = client_open();
    client_send(c, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    client_expect(c, "hello", 1);
}

static void leaves_time_for_a_request_on_its_way(void **state)
{
    struct client next, kept;

    (void)state;
    harness_start();
    harness_settings.keepalive_min_timeout = harness_settings.keepalive_timeout = 60000;
    kept = client_open();
    client_send(&kept, "GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
    turns(3);
    ask_hello(&next);
    server_drain(&harness_server);
    turns(3);
    client_send(&next, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
    client_expect(&next, "HTTP/1.1 200", 2);
    assert_int_equal(client_count(&next, "Connection: close"), 1);
    client_expect_end(&next);
    exchange_respond(seen.kept, SLICE("kept"));
    client_expect(&kept, "Connection: close", 1);
    client_expect_end(&kept);
    client_close(&next);
    client_close(&kept);
    harness_stop();
}

/* That time runs from the last answer. */
static void ends_who_has_idled(void **state)
{
    struct client old, quiet;

    (void)state;
    harness_start();
    harness_settings.keepalive_min_timeout = 20;
    ask_hello(&old);
    (void)usleep(25000);
    ask_hello(&quiet);
    server_drain(&harness_server);
    client_expect_end(&old);
    client_expect_end(&quiet);
    assert_false(old.is_reset || quiet.is_reset);
    client_close(&old);
    client_close(&quiet);
    harness_stop();
}

/* A connection that waited 5 s of its 60 has 5 s of 10 left. */
static void counts_from_the_last_answer(void **state)
{
    struct client c;
    struct server_conn *conn;
    uint64_t deadline;

    (void)state;
    harness_start();
    harness_settings.keepalive_timeout = 60000;
    harness_settings.keepalive_min_timeout = 10000;
    ask_hello(&c);
    conn = CONTAINER_OF(harness_server.conns.next, struct server_conn, node);
    assert_int_equal(conn->waits, CONN_WAIT_KEEPALIVE);
    conn->deadline -= 5000;
    deadline = conn->deadline;
    server_drain(&harness_server);
    turns(3);
    assert_int_equal(conn->waits, CONN_WAIT_CROSSING);
    assert_int_equal(conn->deadline, deadline - 50000);
    client_close(&c);
    harness_stop();
}

static void drains_without_connections(void **state)
{
    (void)state;
    harness_start();
    idle_calls = 0;
    harness_server.on_idle = on_idle;
    server_drain(&harness_server);
    assert_int_equal(idle_calls, 0); /* from the loop */
    turns(2);
    assert_int_equal(idle_calls, 1);
    harness_stop();
}

static void closes_all(void **state)
{
    struct client c[4];
    static const char *const texts[] = {
        "", "GET /ke", "GET /keep HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc"};

    (void)state;
    harness_start();
    for (unsigned i = 0; i < 4; i++) {
        c[i] = client_open();
        client_send(&c[i], texts[i]);
    }
    turns(2);
    server_close_all(&harness_server);
    assert_int_equal(seen.cancelled, 2);
    assert_int_equal(seen.aborted, 2);
    for (unsigned i = 0; i < 4; i++) {
        client_expect_end(&c[i]);
        client_close(&c[i]);
    }
    harness_stop();
}

static void counts(void **state)
{
    struct server_stats before, s;
    struct client c[3];

    (void)state;
    harness_start();
    server_stats_get(&before);
    assert_int_equal(before.active, 0);
    for (unsigned i = 0; i < 3; i++)
        c[i] = client_open();
    client_send(&c[0], "GET /ke");
    client_send(&c[1], "GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
    turns(3);
    server_stats_get(&s);
    assert_int_equal(s.active, 3);
    assert_int_equal(s.reading, 1);
    assert_int_equal(s.writing, 1);
    assert_int_equal(s.waiting, 1);
    assert_int_equal(s.accepted - before.accepted, 3);
    assert_int_equal(s.requests - before.requests, 1);
    for (unsigned i = 0; i < 3; i++)
        client_close(&c[i]);
    harness_stop();
    server_stats_get(&s);
    assert_int_equal(s.active, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(serves_thousands),
        cmocka_unit_test(drains),
        cmocka_unit_test(leaves_time_for_a_request_on_its_way),
        cmocka_unit_test(ends_who_has_idled),
        cmocka_unit_test(counts_from_the_last_answer),
        cmocka_unit_test(crowded),
        cmocka_unit_test(goes_on_behind_what_was_read),
        cmocka_unit_test(drains_without_connections),
        cmocka_unit_test(closes_all),
        cmocka_unit_test(counts),
    };

    return cmocka_run_group_tests(tests, harness_main_setup, harness_main_teardown);
}
