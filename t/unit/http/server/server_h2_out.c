/* Answers on HTTP/2: whole and in pieces, slow peers, what is counted, what is given up. */
#include "t/unit/http/h2_client.h"

static void counts_bytes(void **state)
{
    struct client c;
    struct frame f;
    size_t before;

    (void)state;
    harness_start();
    c = h2_open();
    turns(3);
    client_exchange_read(&c, SIZE_MAX);
    before = c.got.n;
    h2_request(&c, 1, "GET", "/hello", END_STREAM);
    f = h2_expect(&c, DATA, 1, END_STREAM);
    assert_true(slice_eq(f.payload, SLICE("hello")));
    assert_int_equal(seen.bytes_sent, c.got.n - before);
    assert_int_equal(seen.body_bytes_sent, 5);
    client_close(&c);
    harness_stop();
}

static void answers_without_body(void **state)
{
    struct client c;
    struct frame f;

    (void)state;
    harness_start();
    c = h2_open();
    h2_request(&c, 1, "HEAD", "/big/3000", END_STREAM);
    h2_request(&c, 3, "HEAD", "/stream/3000", END_STREAM);
    (void)h2_expect(&c, HEADERS, 1, END_STREAM | END_HEADERS);
    (void)h2_expect(&c, HEADERS, 3, END_STREAM | END_HEADERS);
    assert_false(h2_find(&c, DATA, 1, &f) || h2_find(&c, DATA, 3, &f));
    assert_int_equal(seen.done, 2);
    client_close(&c);
    harness_stop();
}

/* A producer waits while the peer's window is shut, and goes on as it opens. */
static void waits_for_the_window(void **state)
{
    struct client c;

    (void)state;
    harness_start();
    c = h2_open();
    h2_request(&c, 1, "GET", "/stream/400000", END_STREAM);
    h2_request(&c, 3, "GET", "/hello", END_STREAM);
    turns(20);
    client_exchange_read(&c, SIZE_MAX);
    assert_int_equal(h2_body(&c, 1) + h2_body(&c, 3), 65535);
    assert_true(seen.congested > 0);
    h2_send_number(&c, WINDOW_UPDATE, 0, 1000000);
    (void)h2_expect(&c, DATA, 3, END_STREAM);
    h2_send_number(&c, WINDOW_UPDATE, 1, 1000000);
    (void)h2_expect(&c, DATA, 1, END_STREAM);
    assert_int_equal(h2_body(&c, 1), 400000);
    client_close(&c);
    harness_stop();
}

/* A peer that never opens its window loses the stream. */
static void times_out(void **state)
{
    struct client c;
    struct frame f;

    (void)state;
    harness_start();
    harness_settings.send_timeout = 20;
    c = h2_open();
    h2_request(&c, 1, "GET", "/big/100000", END_STREAM);
    f = h2_expect(&c, RST_STREAM, 1, 0);
    assert_int_equal(frame_number(&f, 0), H2_CANCEL);
    assert_int_equal(seen.done, 1);
    client_close(&c);
    harness_stop();
}

/* What does not read from its socket gets no more than a bounded part of many answers. */
static void bounds_the_queue(void **state)
{
    struct client c;

    (void)state;
    harness_start();
    c = h2_open();
    h2_send_number(&c, WINDOW_UPDATE, 0, 100000000);
    for (uint32_t id = 1; id < 41; id += 2)
        h2_request(&c, id, "GET", "/stream/1000000", END_STREAM);
    turns(50);
    assert_true(seen.congested >= 20);
    for (uint32_t id = 1; id < 41; id += 2)
        h2_send_number(&c, WINDOW_UPDATE, id, 1000000);
    for (uint32_t id = 1; id < 41; id += 2)
        (void)h2_expect(&c, DATA, id, END_STREAM);
    assert_int_equal(c.got.n / 1000000, 20);
    client_close(&c);
    harness_stop();
}

/* A response that is cut short is reset, not ended. */
static void gives_up(void **state)
{
    struct client c;
    struct frame f;

    (void)state;
    harness_start();
    c = h2_open();
    h2_request(&c, 1, "GET", "/promise/4", END_STREAM);
    f = h2_expect(&c, RST_STREAM, 1, 0);
    assert_int_equal(frame_number(&f, 0), H2_INTERNAL_ERROR);
    h2_request(&c, 3, "GET", "/start", END_STREAM);
    (void)h2_expect(&c, DATA, 3, 0);
    exchange_abort(seen.kept, &err_cancelled);
    (void)h2_expect(&c, RST_STREAM, 3, 0);
    h2_request(&c, 5, "GET", "/hello", END_STREAM);
    (void)h2_expect(&c, DATA, 5, END_STREAM);
    client_close(&c);
    harness_stop();
}

static void informs(void **state)
{
    struct header_list l = {NULL, 0, 0};
    struct client c;

    (void)state;
    harness_start();
    c = h2_open();
    h2_request(&c, 1, "GET", "/keep", END_STREAM);
    header_add(&l, &seen.kept->pool, SLICE("Link"), SLICE("</a.css>"));
    header_add(&l, &seen.kept->pool, SLICE("Bad Name"), SLICE("x"));
    exchange_inform(seen.kept, 103, &l);
    (void)h2_expect(&c, HEADERS, 1, END_HEADERS);
    seen.kept->res.trailers = (struct header_list){NULL, 0, 0};
    header_add(&seen.kept->res.trailers, &seen.kept->pool, SLICE("X-Sum"), SLICE("1"));
    exchange_respond(seen.kept, SLICE("body"));
    (void)h2_expect(&c, DATA, 1, 0);
    (void)h2_expect(&c, HEADERS, 1, END_STREAM | END_HEADERS);
    client_close(&c);
    harness_stop();
}

/* With `ends_when_sent` an exchange is over when its bytes have gone out: not before the flush, and
 * not while the peer's socket is full; answers behind it wait for their own bytes only. */
static void ends_when_sent(void **state)
{
    struct client c;
    struct frame f;

    (void)state;
    harness_start();
    harness_settings.ends_when_sent = true;
    c = h2_open();
    h2_request(&c, 1, "GET", "/keep", END_STREAM);
    exchange_respond(seen.kept, SLICE("body"));
    assert_int_equal(seen.done, 0);
    turns(3);
    assert_int_equal(seen.done, 1);
    (void)h2_expect(&c, DATA, 1, END_STREAM);

    h2_send_number(&c, WINDOW_UPDATE, 0, 100000000);
    h2_request(&c, 3, "GET", "/big/9000000", END_STREAM);
    h2_send_number(&c, WINDOW_UPDATE, 3, 100000000);
    turns(50);
    h2_request(&c, 5, "HEAD", "/hello", END_STREAM);
    turns(5);
    assert_int_equal(seen.done, 1);
    (void)h2_expect(&c, DATA, 3, END_STREAM);
    (void)h2_expect(&c, HEADERS, 5, END_STREAM | END_HEADERS);
    assert_int_equal(seen.done, 3);
    assert_int_equal(seen.aborted, 0);
    assert_false(h2_find(&c, RST_STREAM, 3, &f));
    client_close(&c);
    harness_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_bytes),
        cmocka_unit_test(answers_without_body),
        cmocka_unit_test(waits_for_the_window),
        cmocka_unit_test(times_out),
        cmocka_unit_test(bounds_the_queue),
        cmocka_unit_test(gives_up),
        cmocka_unit_test(informs),
        cmocka_unit_test(ends_when_sent),
    };

    return cmocka_run_group_tests(tests, harness_main_setup, harness_main_teardown);
}
