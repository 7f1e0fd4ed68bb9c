/* The exchange on a transport that only writes down what it is told. */
#include "http/exchange.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"
#include "http/filter.h"
#include "loop/loop.h"

static struct buf wire;
static size_t queued_bytes;
static unsigned n_done, n_cancelled, n_drained, n_released, n_body;

static void send_head(struct exchange *x, bool has_body)
{
    buf_printf(&wire, "H%d/%lld/%d;", x->res.status, (long long)x->res.content_length, has_body);
}

static void send_body(struct exchange *x, const struct chunk *c)
{
    if (c->fd >= 0) {
        buf_printf(&wire, "F%zu;", c->size);
        if (c->owns_fd)
            (void)close(c->fd);
    } else {
        buf_printf(&wire, "B" SLICE_FMT ";", SLICE_ARG(c->bytes));
    }
    if (c->is_last) {
        buf_add_lit(&wire, "E");
        exchange_finished(x);
    }
}

static size_t queued(const struct exchange *x)
{
    (void)x;
    return queued_bytes;
}

static enum body_result read_body(struct exchange *x, struct slice *data)
{
    (void)x;
    *data = SLICE("in");
    return BODY_DATA;
}

static void wait_nothing(struct exchange *x)
{
    (void)x;
}

static void send_informational(struct exchange *x, int status, const struct header_list *l)
{
    (void)x;
    (void)l;
    buf_printf(&wire, "I%d;", status);
}

static void give_up(struct exchange *x, const struct err *why)
{
    buf_printf(&wire, "A%s", why->code);
    x->conn = NULL;
}

static void count_release(struct exchange *x)
{
    assert_true(x->state >= EXCHANGE_DONE);
    n_released++;
}

static const struct exchange_transport transport = {
    .send_head = send_head,
    .send_body = send_body,
    .send_informational = send_informational,
    .queued = queued,
    .read_body = read_body,
    .wait_body = wait_nothing,
    .wait_drained = wait_nothing,
    .abort = give_up,
    .release = count_release,
};

static void on_done(struct exchange *x)
{
    assert_true(x->state == EXCHANGE_DONE || x->state == EXCHANGE_ABORTED);
    n_done++;
}

static void on_cancel(struct exchange *x, const struct err *why)
{
    assert_ptr_equal(x->abort_err, why);
    n_cancelled++;
}

static void on_drained(struct exchange *x)
{
    (void)x;
    n_drained++;
}

static void on_body(struct exchange *x)
{
    (void)x;
    n_body++;
}

static struct exchange *fresh(enum method m)
{
    struct exchange *x = exchange_new(&transport, &wire, &http_settings_default);

    buf_free(&wire);
    queued_bytes = 0;
    n_done = n_cancelled = n_drained = n_released = n_body = 0;
    assert_int_equal(x->state, EXCHANGE_IDLE);
    exchange_set_state(x, EXCHANGE_HEAD_IN);
    x->req.method = m;
    exchange_set_state(x, EXCHANGE_HANDLING);
    x->req.version_major = x->req.version_minor = 1;
    x->user = (struct exchange_user){on_cancel, on_done, on_drained, on_body};
    return x;
}

static void expect_wire(const char *text)
{
    assert_string_equal(buf_cstr(&wire), text);
    buf_free(&wire);
}

static void responds(void **state)
{
    struct exchange *x;

    (void)state;
    exchange_respond(fresh(METHOD_GET), SLICE("abc"));
    expect_wire("H200/3/1;Babc;E");
    assert_int_equal(n_done + n_released, 2);

    exchange_respond(fresh(METHOD_HEAD), SLICE("abc"));
    expect_wire("H200/3/0;B;E");

    x = fresh(METHOD_GET);
    x->res.status = 304;
    exchange_respond(x, SLICE("abc"));
    expect_wire("H304/3/0;B;E");

    exchange_end(fresh(METHOD_GET));
    expect_wire("H200/0/1;B;E");

    x = fresh(METHOD_HEAD);
    header_add_id(&x->res.headers, &x->pool, HEADER_CONTENT_LENGTH, SLICE("99"));
    exchange_end(x);
    expect_wire("H200/99/0;B;E");

    x = fresh(METHOD_GET);
    x->res.status = 99;
    exchange_end(x);
    expect_wire("H500/0/1;B;E");
}

static void writes_pieces(void **state)
{
    struct exchange *x = fresh(METHOD_GET);

    (void)state;
    assert_false(exchange_has_started(x));
    exchange_inform(x, 103, NULL);
    exchange_start(x);
    assert_true(exchange_has_started(x));
    exchange_inform(x, 103, NULL);
    exchange_write(x, &CHUNK_BYTES(SLICE("a")));
    exchange_write(x, &CHUNK_BYTES(SLICE("")));
    assert_int_equal(x->state, EXCHANGE_BODY_OUT);
    exchange_write(x, &CHUNK_LAST(SLICE("b")));
    expect_wire("I103;H200/-1/1;Ba;Bb;E");
    assert_int_equal(n_done, 1);

    exchange_write(fresh(METHOD_GET), &CHUNK_LAST(SLICE("whole")));
    expect_wire("H200/5/1;Bwhole;E");
}

static void holds_to_the_length(void **state)
{
    struct exchange *x = fresh(METHOD_GET);

    (void)state;
    header_add_id(&x->res.headers, &x->pool, HEADER_CONTENT_LENGTH, SLICE("4"));
    exchange_write(x, &CHUNK_BYTES(SLICE("abc")));
    exchange_write(x, &CHUNK_BYTES(SLICE("def")));
    exchange_write(x, &CHUNK_BYTES(SLICE("ghi")));
    assert_int_equal(x->body_bytes_sent, 4);
    exchange_end(x);
    expect_wire("H200/4/1;Babc;Bd;B;E");

    x = fresh(METHOD_GET);
    x->res.content_length = 4;
    exchange_write(x, &CHUNK_LAST(SLICE("abc")));
    expect_wire("H200/4/1;Babc;Atruncated");
    assert_int_equal(n_done, 1);
    assert_int_equal(n_cancelled, 0);
}

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

static void owns_files(void **state)
{
    struct chunk c = {.fd = open("/dev/null", O_RDONLY), .owns_fd = true, .size = 9};
    struct exchange *x = fresh(METHOD_HEAD);

    (void)state;
    exchange_write(x, &c);
    assert_false(is_open(c.fd));
    exchange_end(x);
    expect_wire("H200/-1/0;B;E");

    x = fresh(METHOD_GET);
    x->res.content_length = 5;
    c.fd = open("/dev/null", O_RDONLY);
    exchange_write(x, &c);
    c.fd = open("/dev/null", O_RDONLY);
    exchange_write(x, &c);
    assert_false(is_open(c.fd));
    exchange_hold(x);
    exchange_lost(x, &err_reset);
    c.fd = open("/dev/null", O_RDONLY);
    exchange_write(x, &c);
    assert_false(is_open(c.fd));
    expect_wire("H200/5/1;F5;");
    exchange_release(x);
}

static void survives_its_transport(void **state)
{
    struct exchange *x = fresh(METHOD_GET);
    struct slice s;

    (void)state;
    exchange_hold(x);
    exchange_start(x);
    exchange_lost(x, &err_reset);
    assert_int_equal(n_cancelled, 1);
    assert_int_equal(n_done, 1);
    assert_int_equal(n_released, 0);
    exchange_write(x, &CHUNK_BYTES(SLICE("a")));
    exchange_end(x);
    exchange_abort(x, &err_closed);
    exchange_wait_body(x);
    exchange_wait_drained(x, true);
    assert_int_equal(exchange_read_body(x, &s), BODY_FAILED);
    assert_non_null(x->body_err);
    assert_false(exchange_is_congested(x));
    assert_null(exchange_local(x));
    expect_wire("H200/-1/1;");
    exchange_release(x);
    assert_int_equal(n_released, 1);
}

static void waits(void **state)
{
    struct exchange *x = fresh(METHOD_GET);
    struct slice s;

    (void)state;
    queued_bytes = http_settings_default.send_watermark + 1;
    assert_true(exchange_is_congested(x));
    exchange_wait_drained(x, false);
    exchange_notify_drained(x);
    assert_int_equal(n_drained, 0);
    queued_bytes = http_settings_default.send_watermark - 1;
    exchange_notify_drained(x);
    exchange_notify_drained(x);
    assert_int_equal(n_drained, 1);
    exchange_wait_drained(x, true);
    exchange_notify_drained(x);
    assert_int_equal(n_drained, 1);
    queued_bytes = 0;
    exchange_notify_drained(x);
    assert_int_equal(n_drained, 2);

    exchange_notify_body(x);
    assert_int_equal(n_body, 0);
    exchange_wait_body(x);
    exchange_notify_body(x);
    exchange_notify_body(x);
    assert_int_equal(n_body, 1);
    assert_int_equal(exchange_read_body(x, &s), BODY_DATA);
    assert_true(x->has_body_read);
    exchange_abort(x, &err_cancelled);
    expect_wire("Acancelled");
    assert_int_equal(n_done, 1);
}

static void knows_its_limits(void **state)
{
    struct http_settings s = http_settings_default;
    struct exchange *x = fresh(METHOD_GET);

    (void)state;
    x->settings = &s;
    s.send_rate_after = 1000;
    x->send_rate = 4000; /* 1,000 a step, of which one may go in advance */
    x->send_since = clock_ms();
    assert_int_equal(exchange_allowance(x, 0), 2000);
    assert_int_equal(exchange_allowance(x, 1500), 500);
    assert_int_equal(exchange_allowance(x, 2500), 0);
    s.max_body_size = 10;
    assert_false(exchange_is_too_large(x, 10));
    assert_true(exchange_is_too_large(x, 11));
    s.max_body_size = 0; /* no limit */
    assert_false(exchange_is_too_large(x, 11));
    exchange_abort(x, &err_cancelled);
}

static void names_states(void **state)
{
    (void)state;
    assert_string_equal(exchange_state_name(EXCHANGE_IDLE), "IDLE");
    assert_string_equal(exchange_state_name(EXCHANGE_BODY_OUT), "BODY_OUT");
    assert_string_equal(exchange_state_name(EXCHANGE_ABORTED), "ABORTED");
    assert_string_equal(exchange_state_name((enum exchange_state)99), "?");
}

int main(void)
{
    const struct log_sink quiet = {.fd = 2, .level = LOG_ALERT};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(responds),
        cmocka_unit_test(writes_pieces),
        cmocka_unit_test(holds_to_the_length),
        cmocka_unit_test(owns_files),
        cmocka_unit_test(survives_its_transport),
        cmocka_unit_test(waits),
        cmocka_unit_test(knows_its_limits),
        cmocka_unit_test(names_states),
    };

    clock_update();
    log_set_default(&quiet);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
