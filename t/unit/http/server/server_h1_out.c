/* Responses: framing, backpressure, truncation, files, fields that must not reach the wire. */
#include "t/unit/http/harness.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include "base/file.h"

static void request(struct client *c, const char *method, const char *path, const char *version)
{
    char text[200];

    (void)snprintf(text, sizeof(text), "%s %s HTTP/%s\r\nHost: a\r\nConnection: keep-alive\r\n\r\n",
                   method, path, version);
    client_send(c, text);
}

static void frames(void **state)
{
    static const struct {
        const char *method, *path, *version;
        unsigned length, chunked, keeps;
        size_t body;
    } rows[] = {
        {"GET", "/hello", "1.1", 1, 0, 1, 5},
        {"GET", "/hello", "1.0", 1, 0, 1, 5},
        {"HEAD", "/hello", "1.1", 1, 0, 1, 0},
        {"GET", "/stream/3000", "1.1", 0, 1, 1, 3 * 1007 + 5},
        {"GET", "/stream/3000", "1.0", 0, 0, 0, 3000},
        {"HEAD", "/stream/3000", "1.1", 0, 0, 1, 0},
        {"GET", "/stream/0", "1.1", 1, 0, 1, 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct client c;
        const char *end;

        harness_start();
        c = client_open();
        request(&c, rows[i].method, rows[i].path, rows[i].version);
        client_expect(&c, "\r\n\r\n", 1);
        turns(3);
        client_exchange_read(&c, SIZE_MAX);
        assert_int_equal(client_count(&c, "Content-Length:"), rows[i].length);
        assert_int_equal(client_count(&c, "Transfer-Encoding: chunked"), rows[i].chunked);
        assert_int_equal(client_count(&c, "Connection: keep-alive"), rows[i].keeps);
        end = strstr(buf_cstr(&c.got), "\r\n\r\n") + 4;
        assert_int_equal(c.got.p + c.got.n - end, rows[i].body);
        if (!rows[i].keeps)
            client_expect_end(&c);
        client_close(&c);
        harness_stop();
    }
}

/* Pieces of one turn leave together, and the producer waits when the client does not read. */
static void pauses_a_producer(void **state)
{
    struct client c;

    (void)state;
    harness_start();
    c = client_open();
    request(&c, "GET", "/stream/5000000", "1.1");
    turns(50);
    assert_true(seen.congested > 0);
    assert_int_equal(seen.done, 0);
    while (!seen.done) { /* a slow reader */
        client_exchange_read(&c, 50000);
        turns(1);
    }
    client_expect(&c, "\r\n0\r\n\r\n", 1);
    assert_int_equal(seen.body_bytes_sent, 5000000);
    assert_int_equal(seen.bytes_sent, c.got.n);
    client_close(&c);
    harness_stop();
}

static void sends_large_answers(void **state)
{
    struct client c;

    (void)state;
    harness_start();
    c = client_open();
    for (unsigned i = 1; i <= 3; i++) {
        request(&c, "GET", "/big/3000000", "1.1");
        turns(5);
        assert_int_equal(seen.done, i - 1); /* not before the kernel has it */
        client_expect(&c, "Content-Length: 3000000", i);
        while (seen.done < i) {
            client_exchange_read(&c, SIZE_MAX);
            turns(1);
        }
        client_exchange_read(&c, SIZE_MAX);
    }
    assert_true(c.got.n > 9000000);
    client_close(&c);
    harness_stop();
}

static void holds_bodies_to_their_length(void **state)
{
    struct client c;

    (void)state;
    harness_start();
    c = client_open();
    request(&c, "GET", "/promise/10", "1.1");
    client_expect(&c, "0123456789", 1);
    request(&c, "GET", "/promise/15", "1.1");
    client_expect(&c, "0123456789", 2);
    request(&c, "GET", "/hello", "1.1");
    client_expect(&c, "\r\n\r\nhello", 1); /* nothing stands between the two */
    assert_int_equal(client_count(&c, "abc"), 0);
    assert_int_equal(seen.aborted, 0);
    request(&c, "GET", "/promise/7", "1.1");
    client_expect_end(&c);
    assert_int_equal(client_count(&c, "0123456"), 3);
    assert_int_equal(seen.aborted, 1);
    assert_int_equal(seen.cancelled, 0);
    client_close(&c);
    harness_stop();
}

static void shows_truncation(void **state)
{
    static const char *const versions[] = {"1.1", "1.0"};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct client c;

        harness_start();
        c = client_open();
        request(&c, "GET", "/start", versions[i]);
        client_expect(&c, "first", 1);
        exchange_abort(seen.kept, &err_closed);
        client_expect_end(&c);
        assert_int_equal(client_count(&c, "0\r\n\r\n"), 0);
        assert_int_equal(seen.aborted, 1);
        assert_int_equal(seen.cancelled, 0);
        client_close(&c);
        harness_stop();
    }
}

static void aborts_before_the_head(void **state)
{
    struct client c;

    (void)state;
    harness_start();
    c = client_open();
    request(&c, "GET", "/hello", "1.1");
    request(&c, "GET", "/keep", "1.1");
    exchange_abort(seen.kept, &err_cancelled);
    client_expect_end(&c);
    assert_int_equal(client_count(&c, "HTTP/1.1"), 1);
    client_close(&c);
    harness_stop();
}

static void notices_a_peer_that_left_while_sending(void **state)
{
    struct client c;

    (void)state;
    harness_start();
    c = client_open();
    request(&c, "GET", "/stream/5000000", "1.1");
    turns(10);
    client_close(&c);
    turns(10);
    assert_int_equal(seen.aborted, 1);
    assert_int_equal(seen.cancelled, 1);
    assert_true(seen.body_bytes_sent < 5000000);
    assert_int_equal(harness_server.n_conns, 0);
    harness_stop();
}

static void answer_with_fields(struct exchange *x, void *user)
{
    struct header_list early = {0};
    struct header_list *l = &x->res.headers;

    (void)user;
    seen.requests++;
    x->user.on_done = app_on_done;
    header_add(&early, &x->pool, SLICE("Link"), SLICE("</a>"));
    header_add(&early, &x->pool, SLICE("X-Early"), SLICE("a\r\nb"));
    exchange_inform(x, 103, &early);
    header_add(l, &x->pool, SLICE("X-Good"), SLICE("yes"));
    header_add(l, &x->pool, SLICE("X-Split"), SLICE("a\r\nX-Injected: b"));
    header_add(l, &x->pool, SLICE("X Name"), SLICE("c"));
    header_add(l, &x->pool, SLICE("Transfer-Encoding"), SLICE("gzip"));
    header_add(l, &x->pool, SLICE("Connection"), SLICE("close"));
    header_add(l, &x->pool, SLICE("Content-Length"), SLICE("77"));
    header_add(l, &x->pool, SLICE("Server"), SLICE("mine"));
    x->res.last_modified = 784111777;
    exchange_respond(x, SLICE("body"));
}

static void keeps_bad_fields_off_the_wire(void **state)
{
    struct client c;

    (void)state;
    harness_start();
    harness_server.on_exchange = answer_with_fields;
    c = client_open();
    request(&c, "GET", "/", "1.1");
    client_expect_end(&c);
    assert_int_equal(client_count(&c, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200"),
                     1);
    assert_int_equal(client_count(&c, "X-Good: yes\r\n"), 1);
    assert_int_equal(client_count(&c, "Injected"), 0);
    assert_int_equal(client_count(&c, "X Name"), 0);
    assert_int_equal(client_count(&c, "Transfer-Encoding"), 0);
    assert_int_equal(client_count(&c, "Content-Length: 4\r\n"), 1);
    assert_int_equal(client_count(&c, "Connection: close\r\n"), 1);
    assert_int_equal(client_count(&c, "Server: mine\r\n"), 1);
    assert_int_equal(client_count(&c, "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"), 1);
    client_close(&c);
    harness_stop();
}

static void answer_with_file(struct exchange *x, void *user)
{
    static const char text[] = "0123456789";
    int fd = -1;

    (void)user;
    seen.requests++;
    x->user.on_done = app_on_done;
    assert_null(file_temp("/tmp", NULL, &fd));
    assert_null(file_write_all(fd, text, 10));
    if (x->req.path.n == 2)
        exchange_write(x, &CHUNK_BYTES(SLICE("<")));
    exchange_write(
        x, &(struct chunk){.fd = fd, .owns_fd = true, .offset = 2, .size = 5, .is_last = true});
}

static void sends_files(void **state)
{
    struct client c;

    (void)state;
    harness_start();
    harness_server.on_exchange = answer_with_file;
    c = client_open();
    request(&c, "GET", "/", "1.1");
    client_expect(&c, "Content-Length: 5\r\nConnection: keep-alive\r\n\r\n23456", 1);
    request(&c, "GET", "/c", "1.1");
    client_expect(&c, "\r\n\r\n1\r\n<\r\n5\r\n23456\r\n0\r\n\r\n", 1);
    request(&c, "HEAD", "/", "1.1");
    client_expect(&c, "HTTP/1.1 200", 3);
    assert_int_equal(seen.done, 3);
    client_close(&c);
    harness_stop();
}

/* The connection is somebody else's from now on: with what the client sent ahead, with what was not
 * sent, without the exchange. */
static void hands_the_connection_over(void **state)
{
    struct client c;
    struct buf in = BUF_EMPTY;
    struct outq out;
    struct stream *s;
    struct exchange *x;

    (void)state;
    harness_start();
    outq_init(&out);
    c = client_open();
    client_send(&c, "GET /keep HTTP/1.1\r\nHost: a\r\n\r\nraw bytes");
    turns(2);
    assert_non_null(seen.kept);
    x = seen.kept;
    exchange_hold(x);
    exchange_write(x, &CHUNK_BYTES(SLICE("head and this")));
    s = exchange_detach(x, &in, &out);
    assert_non_null(s);
    assert_int_equal(seen.done, 1);
    assert_int_equal(x->state, EXCHANGE_DETACHED);
    assert_null(exchange_detach(x, &in, &out));
    exchange_write(x, &CHUNK_LAST(SLICE("is ignored")));
    exchange_release(x);
    assert_int_equal(harness_server.n_conns, 1); /* until the end of the turn */
    turns(1);
    assert_int_equal(harness_server.n_conns, 0);
    assert_int_equal(in.n, 9);
    assert_memory_equal(in.p, "raw bytes", 9);
    assert_int_equal(outq_flush(&out, s, 0), OUTQ_EMPTY);
    client_expect(&c, "head and this", 1);
    assert_int_equal(client_count(&c, "ignored"), 0);
    stream_close(&s, false);
    client_expect_end(&c);
    buf_free(&in);
    client_close(&c);
    harness_stop();
}

static int nodelay_of(int fd)
{
    socklen_t n = sizeof(int);
    int on = -1;

    assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &n), 0);
    return on;
}

static void connect_by_tcp(int fds[2])
{
    int l = socket(AF_INET, SOCK_STREAM, 0);
    struct addr a;

    assert_null(addr_parse(SLICE("127.0.0.1:0"), 0, &a));
    assert_int_equal(bind(l, &a.sa, a.len), 0);
    assert_int_equal(listen(l, 1), 0);
    assert_null(addr_of_fd(l, false, &a));
    fds[1] = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fds[1], &a.sa, a.len), 0);
    fds[0] = accept4(l, NULL, NULL, SOCK_NONBLOCK);
    assert_true(fds[0] >= 0);
    close(l);
}

/* Whoever takes the connection over sends little pieces, one after another: none waits until the
 * one before it is confirmed. */
static void leaves_without_delay(void **state)
{
    (void)state;
    for (int on = 0; on <= 1; on++) {
        struct buf in = BUF_EMPTY;
        struct outq out;
        struct stream *s;
        struct client c;
        int fds[2];

        harness_start();
        harness_settings.is_nodelay = on;
        connect_by_tcp(fds);
        c = client_open_by(fds);
        client_send(&c, "GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
        for (int i = 0; i < 1000 && !seen.kept; i++)
            loop_turn(true);
        assert_non_null(seen.kept);
        assert_int_equal(nodelay_of(fds[0]), 0); /* one answer needs none */
        outq_init(&out);
        s = exchange_detach(seen.kept, &in, &out);
        assert_non_null(s);
        assert_int_equal(nodelay_of(fds[0]), on);
        stream_close(&s, false);
        outq_clear(&out);
        buf_free(&in);
        client_close(&c);
        turns(1);
        harness_stop();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames),
        cmocka_unit_test(pauses_a_producer),
        cmocka_unit_test(sends_large_answers),
        cmocka_unit_test(holds_bodies_to_their_length),
        cmocka_unit_test(shows_truncation),
        cmocka_unit_test(aborts_before_the_head),
        cmocka_unit_test(notices_a_peer_that_left_while_sending),
        cmocka_unit_test(keeps_bad_fields_off_the_wire),
        cmocka_unit_test(sends_files),
        cmocka_unit_test(hands_the_connection_over),
        cmocka_unit_test(leaves_without_delay),
    };

    return cmocka_run_group_tests(tests, harness_main_setup, harness_main_teardown);
}
