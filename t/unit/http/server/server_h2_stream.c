/* Request bodies on HTTP/2: read as they come, windows that open by reading, limits, ends. */
#include "t/unit/http/h2_client.h"

static void send_data(struct client *c, uint32_t id, size_t n, unsigned flags)
{
    char *p = mem_alloc(n + 1);

    memset(p, 'x', n);
    h2_send_frame(c, DATA, flags, id, slice_of(p, n));
    mem_free(p);
}

static void reads_bodies(void **state)
{
    struct client c;
    struct frame f;

    (void)state;
    harness_start();
    c = h2_open();
    h2_request(&c, 1, "POST", "/echo", 0);
    h2_send_frame(&c, DATA, 0, 1, SLICE("hello "));
    h2_send_frame(&c, DATA, END_STREAM, 1, SLICE("world"));
    f = h2_expect(&c, DATA, 1, END_STREAM);
    assert_true(slice_eq(f.payload, SLICE("hello world")));
    assert_true(seen.request_length > 11);
    h2_request(&c, 3, "POST", "/lazy", 0);
    h2_send_frame(&c, DATA, END_STREAM, 3, SLICE("12345"));
    (void)h2_expect(&c, DATA, 3, END_STREAM);
    assert_int_equal(seen.received, 5);
    client_close(&c);
    harness_stop();
}

/* Nobody reads: the stream's window stays shut, the shared one opens for the others. */
static void slow_reader_stops_its_stream(void **state)
{
    struct client c;
    struct frame f;

    (void)state;
    harness_start();
    c = h2_open();
    h2_send_frame(&c, SETTINGS, ACK, 0, SLICE_EMPTY);
    h2_request(&c, 1, "POST", "/keep", 0);
    for (unsigned i = 0; i < 4; i++)
        send_data(&c, 1, 16384, 0);
    h2_request(&c, 3, "POST", "/count", 0);
    for (unsigned i = 0; i < 4; i++)
        send_data(&c, 3, 16384, 0);
    (void)h2_expect(&c, WINDOW_UPDATE, 3, 0);
    assert_false(h2_find(&c, WINDOW_UPDATE, 1, &f));
    send_data(&c, 1, 1, 0); /* one more than the window */
    f = h2_expect(&c, RST_STREAM, 1, 0);
    assert_int_equal(frame_number(&f, 0), 3);
    assert_int_equal(seen.cancelled, 1);
    client_close(&c);
    harness_stop();
}

/* What unread bodies take together is bounded by the connection's window. */
static void unread_bodies_are_bounded(void **state)
{
    struct client c;
    struct frame f;
    size_t given = 0;
    struct slice rest;

    (void)state;
    harness_start();
    harness_settings.http2.connection_window = 100000;
    c = h2_open();
    h2_send_frame(&c, SETTINGS, ACK, 0, SLICE_EMPTY);
    for (uint32_t id = 1; id < 9; id += 2) {
        h2_request(&c, id, "POST", "/keep", 0);
        for (unsigned i = 0; i < 4 && id < 7; i++)
            send_data(&c, id, 15000, 0);
    }
    turns(5);
    client_exchange_read(&c, SIZE_MAX);
    rest = buf_slice(&c.got);
    while (frame_next(&rest, &f))
        if (f.type == WINDOW_UPDATE && f.id == 0)
            given += frame_number(&f, 0);
    assert_true(65535 + given <= 200000);
    client_close(&c);
    harness_stop();
}

static void refuses_large_bodies(void **state)
{
    struct client c;
    struct buf b = BUF_EMPTY;

    (void)state;
    harness_start();
    harness_settings.max_body_size = 1000;
    c = h2_open();
    request_add(&b, 1, "POST", "/echo", 0, "content-length", "1001");
    client_send_bytes(&c, b.p, b.n);
    (void)h2_expect(&c, DATA, 1, END_STREAM);
    assert_ptr_equal(seen.body_err, &err_too_large);
    seen.body_err = NULL;
    h2_request(&c, 3, "POST", "/echo", 0);
    send_data(&c, 3, 600, 0);
    send_data(&c, 3, 600, 0);
    (void)h2_expect(&c, DATA, 3, END_STREAM);
    assert_ptr_equal(seen.body_err, &err_too_large);
    client_close(&c);
    buf_free(&b);
    harness_stop();
}

/* The rest of a body that nobody wants is dropped, but not for ever. */
static void drops_the_rest(void **state)
{
    struct client c;
    struct frame f;

    (void)state;
    harness_start();
    c = h2_open();
    h2_send_frame(&c, SETTINGS, ACK, 0, SLICE_EMPTY);
    h2_request(&c, 1, "POST", "/hello", 0);
    (void)h2_expect(&c, DATA, 1, END_STREAM);
    send_data(&c, 1, 10, END_STREAM);
    assert_false(h2_find(&c, RST_STREAM, 1, &f));
    h2_request(&c, 3, "POST", "/hello", 0);
    (void)h2_expect(&c, DATA, 3, END_STREAM);
    for (unsigned i = 0; i < 17; i++)
        send_data(&c, 3, 16384, 0);
    f = h2_expect(&c, RST_STREAM, 3, 0);
    assert_int_equal(frame_number(&f, 0), H2_NO_ERROR);
    harness_settings.lingering_timeout = 20;
    h2_request(&c, 5, "POST", "/hello", 0);
    (void)h2_expect(&c, RST_STREAM, 5, 0);
    client_close(&c);
    harness_stop();
}

static void times_out(void **state)
{
    struct client c;

    (void)state;
    harness_start();
    harness_settings.body_timeout = 20;
    harness_settings.lingering_timeout = 20;
    c = h2_open();
    h2_request(&c, 1, "POST", "/echo", 0);
    (void)h2_expect(&c, DATA, 1, END_STREAM);
    assert_ptr_equal(seen.body_err, &err_timeout);
    client_close(&c);
    harness_stop();
}

static void sees_a_reset(void **state)
{
    struct client c;

    (void)state;
    harness_start();
    c = h2_open();
    h2_request(&c, 1, "POST", "/echo", 0);
    send_data(&c, 1, 10, 0);
    h2_send_number(&c, RST_STREAM, 1, H2_CANCEL);
    assert_int_equal(seen.cancelled, 1);
    assert_int_equal(seen.done, 1);
    client_close(&c);
    harness_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_bodies),
        cmocka_unit_test(slow_reader_stops_its_stream),
        cmocka_unit_test(unread_bodies_are_bounded),
        cmocka_unit_test(refuses_large_bodies),
        cmocka_unit_test(drops_the_rest),
        cmocka_unit_test(times_out),
        cmocka_unit_test(sees_a_reset),
    };

    return cmocka_run_group_tests(tests, harness_main_setup, harness_main_teardown);
}
