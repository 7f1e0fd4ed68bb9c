/* HTTP/1.x as a client: framings, keep-alive, what must close, truncation, pausing, 1xx, upgrades.
 */
#include "t/unit/http/client_harness.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "net/tcp.h"

static const struct {
    const char *method, *text, *body;
    enum body_result end;
    const struct err *err;
    bool is_kept, has_eof; /* has_eof: the server ends its side afterwards */
} responses[] = {
    {"GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello", BODY_END, NULL, true, 0},
    {"GET", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", "", BODY_END, NULL, true, 0},
    {"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "", BODY_END, NULL, true, 0},
    {"GET", "HTTP/1.1 204 No\r\n\r\n", "", BODY_END, NULL, true, 0},
    {"GET", "HTTP/1.1 304 No\r\nContent-Length: 9\r\n\r\n", "", BODY_END, NULL, true, 0},
    {"GET",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\nT: "
     "v\r\n\r\n",
     "hello", BODY_END, NULL, true, 0},
    {"GET", "HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno", "no", BODY_END, NULL, true, 0},
    {"GET", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno", "no", BODY_END,
     NULL, false, 0},
    {"GET", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nno", "no", BODY_END, NULL, false, 0},
    {"GET", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nno", "no",
     BODY_END, NULL, true, 0},
    {"GET", "HTTP/1.1 200 OK\r\n\r\nto the end", "to the end", BODY_END, NULL, false, true},
    /* one byte too many, a whole response too many */
    {"GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello!", "hello", BODY_END, NULL, false,
     0},
    {"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "", BODY_END, NULL, false, 0},
    {"GET",
     "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "",
     BODY_END, NULL, false, 0},
    /* cut short */
    {"GET", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", "hello", BODY_FAILED,
     &err_truncated, false, true},
    {"GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "hello",
     BODY_FAILED, &err_truncated, false, true},
    {"GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n", NULL,
     BODY_FAILED, &err_protocol, false, 0},
};

static void run_response(size_t i, size_t step)
{
    struct client_exchange *x = request(responses[i].method);
    const char *text = responses[i].text;
    size_t n = strlen(text);

    begin(100000);
    client_h1_start(conn, x);
    (void)server_got();
    for (size_t at = 0; at < n && conn; at += step)
        server_says_bytes(text + at, MIN(step, n - at));
    if (responses[i].has_eof)
        stream_shutdown(server);
    turns(4);
    if (told.end != responses[i].end ||
        (responses[i].body && strcmp(buf_cstr(&told.body), responses[i].body) != 0))
        fail_msg("response %zu by %zu: end %d, body '%s'", i, step, told.end, buf_cstr(&told.body));
    assert_int_equal(told.heads, 1);
    assert_ptr_equal(x->err, responses[i].err);
    if ((conn != NULL) != responses[i].is_kept)
        fail_msg("response %zu by %zu: kept %d", i, step, conn != NULL);
    if (responses[i].is_kept)
        assert_int_equal(told.freed, 1);
    assert_int_equal(told.closed, !responses[i].is_kept);
    client_exchange_release(&x);
    end();
}

static void reads_responses(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(responses); i++) {
        run_response(i, 100000);
        run_response(i, 1);
        run_response(i, 7);
    }
}

static void tells_failures_before_the_head(void **state)
{
    static const struct {
        const char *text;
        const struct err *err;
    } cases[] = {
        {"", &err_closed},
        {"HTTP/1.1 200 OK\r\nContent-Le", &err_truncated},
        {"HTTP/1.1 200 OK\nContent-Length: 0\n\n", &err_protocol},
        {"SSH-2.0-OpenSSH\r\n", &err_protocol},
        {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", &err_protocol},
        {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
         &err_protocol},
        {"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", &err_protocol},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct client_exchange *x = request("GET");

        begin(100000);
        client_h1_start(conn, x);
        server_says(cases[i].text);
        stream_shutdown(server);
        turns(4);
        assert_int_equal(told.failed, 1);
        assert_int_equal(told.closed, 1);
        assert_ptr_equal(told.lost, x);
        assert_ptr_equal(told.err, cases[i].err);
        assert_int_equal(x->state, CLIENT_FAILED);
        client_exchange_release(&x);
        end();
    }
}

static void serves_one_after_the_other(void **state)
{
    (void)state;
    begin(100000);
    for (unsigned i = 1; i <= 3; i++) {
        struct client_exchange *x = request("GET");

        client_h1_start(conn, x);
        assert_string_equal(server_got(), "GET /x HTTP/1.1\r\nHost: a.example\r\n\r\n");
        server_says("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        assert_int_equal(x->state, CLIENT_DONE);
        assert_int_equal(x->is_reused, i > 1);
        assert_int_equal(told.freed, i);
        client_exchange_release(&x);
    }
    assert_string_equal(buf_cstr(&told.body), "okokok");
    end();
}

/* A free connection that the server ends, or that brings bytes nobody asked for, is closed. */
static void notices_news_while_free(void **state)
{
    (void)state;
    begin(1000);
    stream_shutdown(server);
    turns(3);
    assert_null(conn);
    end();
    begin(1000);
    server_says("HTTP/1.1 200 OK\r\n");
    assert_null(conn);
    assert_int_equal(told.closed, 1);
    end();
}

/* While nobody reads the body nothing is read from the stream. */
static void pauses(void **state)
{
    static char bytes[300000];
    struct client_exchange *x = request("GET");
    struct iovec iov = {bytes, sizeof(bytes)};
    ssize_t first, second;
    size_t left = 300000;

    (void)state;
    begin(20000);
    told.reads = false;
    client_h1_start(conn, x);
    (void)server_got();
    server_says("HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n");
    assert_int_equal(told.heads, 1);
    first = stream_writev(server, &iov, 1);
    assert_int_equal(first, 20000);
    turns(20);
    second = stream_writev(server, &iov, 1);
    assert_int_equal(second, STREAM_AGAIN);
    left -= (size_t)first;
    told.reads = true;
    read_all(x);
    while (left && !told.failed) {
        ssize_t n;

        iov.iov_len = left;
        n = stream_writev(server, &iov, 1);
        left -= n > 0 ? (size_t)n : 0;
        turns(2);
    }
    assert_int_equal(told.body.n, 300000);
    assert_int_equal(told.end, BODY_END);
    assert_non_null(conn);
    client_exchange_release(&x);
    end();
}

/* Paused, then read to the end by a call of the user: the next answer is still noticed. */
static void watches_again_after_a_pause(void **state)
{
    (void)state;
    begin(100000);
    for (unsigned i = 0; i < 2; i++) {
        struct client_exchange *x = request("GET");

        told.reads = false;
        client_h1_start(conn, x);
        (void)server_got();
        server_says("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234");
        server_says("56789");
        assert_int_equal(told.heads, i + 1);
        read_all(x);
        assert_int_equal(x->state, CLIENT_DONE);
        client_exchange_release(&x);
    }
    end();
}

static void takes_informational_heads(void **state)
{
    struct client_exchange *x = request("GET");

    (void)state;
    begin(10000);
    client_h1_start(conn, x);
    server_says("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 102 P\r\n\r\n"
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    assert_int_equal(told.informational, 2);
    assert_int_equal(told.informational_status, 102);
    assert_int_equal(told.status, 200);
    assert_string_equal(buf_cstr(&told.body), "ok");
    client_exchange_release(&x);
    end();
}

static void flood_of_informational_heads_ends(void **state)
{
    struct client_exchange *x = request("GET");

    (void)state;
    begin(10000);
    client_h1_start(conn, x);
    for (unsigned i = 0; i < 20 && conn; i++)
        server_says("HTTP/1.1 102 P\r\n\r\n");
    assert_ptr_equal(told.err, &err_protocol);
    client_exchange_release(&x);
    end();
}

/* The body waits for 100 Continue; a final answer instead keeps it back for good. */
static void expects_continue(void **state)
{
    (void)state;
    for (unsigned is_refused = 0; is_refused < 2; is_refused++) {
        struct client_exchange *x = request("POST");

        begin(10000);
        x->req.source = CLIENT_BYTES;
        x->req.bytes = SLICE("payload");
        x->req.expects_continue = true;
        header_add_id(&x->req.headers, &x->pool, HEADER_EXPECT, SLICE("100-continue"));
        client_h1_start(conn, x);
        assert_null(strstr(server_got(), "payload"));
        if (!is_refused) {
            server_says("HTTP/1.1 100 Continue\r\n\r\n");
            assert_string_equal(server_got(), "payload");
        }
        server_says("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        assert_int_equal(x->state, CLIENT_DONE);
        assert_int_equal(conn == NULL, is_refused);
        client_exchange_release(&x);
        end();
    }
}

static void closes_a_tunnel_that_nobody_takes(void **state)
{
    struct client_exchange *x = request("GET");
    struct buf in;
    struct outq out;

    (void)state;
    begin(10000);
    told.reads = false;
    x->req.is_upgrade = true;
    x->req.connection = SLICE("upgrade");
    client_h1_start(conn, x);
    assert_non_null(strstr(server_got(), "Connection: upgrade\r\n"));
    x->user = &(const struct client_user){.on_head = on_head};
    server_says("HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nearly");
    /* nobody took it inside of on_head: it is closed */
    assert_null(conn);
    assert_null(client_exchange_detach(x, &in, &out));
    client_exchange_release(&x);
    end();
}

static struct stream *taken;
static struct buf taken_in;

static void take_over(struct client_exchange *x)
{
    struct outq out;

    taken = client_exchange_detach(x, &taken_in, &out);
    outq_clear(&out);
}

static void gives_the_stream_away(void **state)
{
    static const struct client_user taker = {.on_head = take_over};
    struct client_exchange *x = request("GET");

    (void)state;
    begin(10000);
    x->user = &taker;
    x->req.is_upgrade = true;
    client_h1_start(conn, x);
    server_says("HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nearly");
    assert_non_null(taken);
    assert_int_equal(x->state, CLIENT_DETACHED);
    assert_string_equal(buf_cstr(&taken_in), "early");
    assert_null(conn);
    assert_int_equal(told.closed, 1);
    buf_free(&taken_in);
    stream_close(&taken, false);
    client_exchange_release(&x);
    end();
}

static bool is_prompt(int fd)
{
    int on = 0;
    socklen_t n = sizeof(on);

    assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &n), 0);
    return on;
}

/* Whoever takes a connection over sends small pieces when it likes. */
static void gives_it_away_without_delay(void **state)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct stream *s;
    struct outq out;
    struct buf in;

    (void)state;
    conn = client_h1_open(tcp_adopt(fd), &owner, NULL);
    s = client_conn_take_stream(conn, &in, &out);
    assert_true(is_prompt(fd));
    stream_close(&s, false);
    turns(3);
}

/* The pieces of a body go as they come, also on a connection that has served others. */
static void sends_pieces_without_delay(void **state)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct client_exchange *x = request("POST");

    (void)state;
    conn = client_h1_open(tcp_adopt(fd), &owner, NULL);
    assert_false(is_prompt(fd));
    x->req.source = CLIENT_PUSHED;
    x->req.length = -1;
    client_h1_start(conn, x);
    assert_true(is_prompt(fd));
    client_exchange_cancel(x, &err_cancelled);
    client_exchange_release(&x);
    turns(3);
}

/* A response that nobody wants any more: a small rest is read, a large one closes. */
static void forgets(void **state)
{
    static const struct {
        const char *head;
        bool is_kept;
    } cases[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234", true},
        {"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n01234", false},
        {"HTTP/1.1 200 OK\r\n\r\n01234", false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct client_exchange *x = request("GET");

        begin(10000);
        told.reads = false;
        client_h1_start(conn, x);
        server_says(cases[i].head);
        client_exchange_forget(x);
        client_exchange_release(&x);
        turns(2);
        if (cases[i].is_kept) {
            assert_int_equal(told.freed, 0);
            server_says("56789");
            assert_int_equal(told.freed, 1);
        }
        assert_int_equal(conn != NULL, cases[i].is_kept);
        end();
    }
}

static void cancels_at_each_stage(void **state)
{
    static const char *const said[] = {"", "HTTP/1.1 200",
                                       "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n1"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(said); i++) {
        struct client_exchange *x = request("GET");

        begin(10000);
        client_h1_start(conn, x);
        server_says(said[i]);
        client_exchange_cancel(x, &err_cancelled);
        assert_null(conn);
        assert_ptr_equal(x->err, &err_cancelled);
        turns(3);
        assert_int_equal(told.failed, 0);
        client_exchange_release(&x);
        end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_responses),
        cmocka_unit_test(tells_failures_before_the_head),
        cmocka_unit_test(serves_one_after_the_other),
        cmocka_unit_test(notices_news_while_free),
        cmocka_unit_test(pauses),
        cmocka_unit_test(watches_again_after_a_pause),
        cmocka_unit_test(takes_informational_heads),
        cmocka_unit_test(flood_of_informational_heads_ends),
        cmocka_unit_test(expects_continue),
        cmocka_unit_test(closes_a_tunnel_that_nobody_takes),
        cmocka_unit_test(gives_the_stream_away),
        cmocka_unit_test(gives_it_away_without_delay),
        cmocka_unit_test(sends_pieces_without_delay),
        cmocka_unit_test(forgets),
        cmocka_unit_test(cancels_at_each_stage),
    };

    return cmocka_run_group_tests(tests, loop_setup, loop_teardown);
}
