/* A stream that a handler has taken over: bytes both ways, backpressure, ends. */
#include "t/unit/http/h2_client.h"

#include "loop/io.h"

static struct stream *tunnel;
static unsigned calls;
static int events_seen;

static void on_ready(struct stream *s, int events)
{
    char bytes[100];
    ssize_t n;

    calls++;
    events_seen |= events;
    if (!(events & IO_READ)) {
        stream_watch(s, 0);
        return;
    }
    n = stream_read(s, bytes, sizeof(bytes));
    if (n > 0) { /* echo */
        assert_int_equal(stream_writev(s, &(struct iovec){bytes, (size_t)n}, 1), n);
    } else if (n == 0) {
        stream_close(&tunnel, false);
    } else {
        assert_int_equal(n, STREAM_FAILED);
        stream_watch(s, 0);
    }
}

static struct client open_tunnel(uint32_t id, struct buf *in)
{
    struct outq out;
    struct client c = h2_open();
    struct buf b = BUF_EMPTY, block = BUF_EMPTY;

    h2_send_frame(&c, SETTINGS, ACK, 0, SLICE_EMPTY);
    field_add(&block, ":method", "CONNECT");
    field_add(&block, ":protocol", "echo");
    field_add(&block, ":scheme", "http");
    field_add(&block, ":path", "/keep");
    field_add(&block, ":authority", "a");
    frame_add(&b, HEADERS, END_HEADERS, id, buf_slice(&block));
    frame_add(&b, DATA, 0, id, SLICE("early"));
    client_send_bytes(&c, b.p, b.n);
    assert_non_null(seen.kept);
    outq_init(&out);
    tunnel = exchange_detach(seen.kept, in, &out);
    assert_non_null(tunnel);
    assert_true(outq_is_empty(&out));
    tunnel->on_ready = on_ready;
    calls = 0;
    events_seen = 0;
    buf_free(&b);
    buf_free(&block);
    return c;
}

static void echoes(void **state)
{
    struct buf in = BUF_EMPTY;
    struct client c;
    struct frame f;

    (void)state;
    harness_start();
    c = open_tunnel(1, &in);
    assert_true(slice_eq(buf_slice(&in), SLICE("early")));
    assert_int_equal(seen.done, 1);
    (void)h2_expect(&c, HEADERS, 1, END_HEADERS);
    stream_watch(tunnel, IO_READ);
    turns(5);
    assert_int_equal(calls, 0);
    h2_send_frame(&c, DATA, 0, 1, SLICE("hello"));
    f = h2_expect(&c, DATA, 1, 0);
    assert_true(slice_eq(f.payload, SLICE("hello")));
    h2_send_frame(&c, DATA, END_STREAM, 1, SLICE("bye"));
    (void)h2_expect(&c, DATA, 1, END_STREAM);
    assert_int_equal(h2_body(&c, 1), 8);
    assert_null(tunnel);
    h2_request(&c, 3, "GET", "/hello", END_STREAM);
    (void)h2_expect(&c, DATA, 3, END_STREAM);
    client_close(&c);
    buf_free(&in);
    harness_stop();
}

/* No more is taken than the window and the queue hold; on from there as the peer lets it. */
static void waits(void **state)
{
    struct buf in = BUF_EMPTY;
    struct client c;
    char *big = mem_zalloc(200000);
    ssize_t n;

    (void)state;
    harness_start();
    c = open_tunnel(1, &in);
    n = stream_writev(tunnel, &(struct iovec){big, 200000}, 1);
    assert_int_equal(n, 65536);
    assert_int_equal(stream_writev(tunnel, &(struct iovec){big, 1}, 1), STREAM_AGAIN);
    stream_watch(tunnel, IO_WRITE);
    turns(10);
    assert_int_equal(calls, 1); /* 65535 went */
    n = stream_writev(tunnel, &(struct iovec){big, 200000}, 1);
    assert_int_equal(n, 65535);
    stream_watch(tunnel, IO_WRITE);
    turns(10);
    assert_int_equal(calls, 1);
    h2_send_number(&c, WINDOW_UPDATE, 1, 1000);
    h2_send_number(&c, WINDOW_UPDATE, 0, 1000);
    turns(10);
    assert_int_equal(calls, 2);
    stream_close(&tunnel, true);
    (void)h2_expect(&c, RST_STREAM, 1, 0);
    client_close(&c);
    mem_free(big);
    buf_free(&in);
    harness_stop();
}

static void sees_ends(void **state)
{
    struct buf in = BUF_EMPTY;
    struct client c;
    char bytes[10];

    (void)state;
    harness_start();
    c = open_tunnel(1, &in);
    h2_send_frame(&c, DATA, 0, 1, SLICE("last"));
    h2_send_number(&c, RST_STREAM, 1, H2_CANCEL);
    assert_int_equal(stream_read(tunnel, bytes, 10), 4);
    assert_int_equal(stream_read(tunnel, bytes, 10), STREAM_FAILED);
    assert_ptr_equal(tunnel->err, &err_reset);
    stream_close(&tunnel, false);
    client_close(&c);
    c = open_tunnel(1, &in);
    client_close(&c); /* the whole connection */
    assert_int_equal(stream_writev(tunnel, &(struct iovec){bytes, 1}, 1), STREAM_FAILED);
    stream_close(&tunnel, false);
    c = open_tunnel(1, &in);
    stream_shutdown(tunnel);
    (void)h2_expect(&c, DATA, 1, END_STREAM);
    h2_send_frame(&c, DATA, END_STREAM, 1, SLICE("x"));
    assert_int_equal(stream_read(tunnel, bytes, 10), 1);
    assert_int_equal(stream_read(tunnel, bytes, 10), 0);
    stream_close(&tunnel, false);
    client_close(&c);
    buf_free(&in);
    harness_stop();
}

/* No stream can be made of what has no body on the wire. */
static void refuses_head(void **state)
{
    struct buf in = BUF_EMPTY;
    struct outq out;
    struct client c;

    (void)state;
    harness_start();
    c = h2_open();
    h2_request(&c, 1, "HEAD", "/keep", END_STREAM);
    outq_init(&out);
    assert_null(exchange_detach(seen.kept, &in, &out));
    exchange_end(seen.kept);
    client_close(&c);
    harness_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(echoes),
        cmocka_unit_test(waits),
        cmocka_unit_test(sees_ends),
        cmocka_unit_test(refuses_head),
    };

    return cmocka_run_group_tests(tests, harness_main_setup, harness_main_teardown);
}
