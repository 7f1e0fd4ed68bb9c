/* Whole bodies: in memory, in a file, failed; asked for twice. */
#include "http/body_spool.h"

#include "t/unit/http/harness.h"

static char spool_path[200];
static const char *temp_path;
static unsigned n_complete;

static void on_own_body(struct exchange *x)
{
    UNUSED(x);
}

static void on_complete(struct exchange *x, struct body_spool *s)
{
    n_complete++;
    assert_ptr_equal(s, x->spool);
    assert_ptr_equal(s->user, &n_complete);
    assert_ptr_equal(body_spool_start(x, on_complete, &n_complete), s);
    assert_true(x->user.on_body == on_own_body); /* given back */
    if (s->state == BODY_FAILED) {
        app_body_error(x);
    } else if (s->fd >= 0) {
        assert_null(s->memory.p);
        (void)snprintf(spool_path, sizeof(spool_path), "%s", s->path);
        assert_int_equal(access(spool_path, R_OK), 0);
        exchange_write(x, &(struct chunk){.fd = s->fd, .size = (size_t)s->size, .is_last = true});
    } else {
        exchange_respond(x, buf_slice(&s->memory));
    }
}

static void app(struct exchange *x, void *user)
{
    struct body_spool *s;

    (void)user;
    seen.requests++;
    x->user.on_done = app_on_done;
    x->user.on_body = on_own_body;
    s = body_spool_start(x, on_complete, &n_complete);
    assert_ptr_equal(body_spool_start(x, on_complete, &n_complete), s);
    if (s->state != BODY_WAIT)
        on_complete(x, s);
}

static struct client open_with(size_t buffer_size)
{
    harness_start();
    n_complete = 0;
    harness_settings.body_buffer_size = buffer_size;
    harness_settings.temp_path = temp_path;
    harness_server.on_exchange = app;
    return client_open();
}

static void keeps_small_bodies_in_memory(void **state)
{
    struct client c = open_with(16);

    (void)state;
    client_send(&c, "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 16\r\n\r\n0123456789");
    turns(3);
    assert_int_equal(n_complete, 0);
    client_send(&c, "abcdefPUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nxyz");
    client_expect(&c, "\r\n\r\n0123456789abcdefHTTP/1.1", 1);
    client_expect(&c, "\r\n\r\nxyz", 1);
    assert_int_equal(n_complete, 2);
    client_close(&c);
    harness_stop();
}

static void moves_large_bodies_to_a_file(void **state)
{
    struct client c = open_with(15);

    (void)state;
    client_send(&c, "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 16\r\n\r\n0123456789");
    turns(3);
    client_send(&c, "abcdef");
    client_expect(&c, "\r\n\r\n0123456789abcdef", 1);
    assert_true(spool_path[0]);
    assert_int_equal(access(spool_path, F_OK), -1); /* gone with the exchange */
    client_close(&c);
    harness_stop();
}

static void reports_failures(void **state)
{
    struct client c = open_with(16);

    (void)state;
    client_send(&c, "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 16\r\n\r\n0123456789");
    (void)shutdown(c.fd, SHUT_WR);
    client_expect(&c, "HTTP/1.1 400", 1);
    assert_ptr_equal(seen.body_err, &err_truncated);
    client_close(&c);
    harness_stop();

    temp_path = "/nonexistent";
    c = open_with(1);
    client_send(&c, "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
    client_expect(&c, "HTTP/1.1 400", 1);
    assert_ptr_equal(seen.body_err, &err_not_found);
    temp_path = "/tmp";
    client_close(&c);
    harness_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_small_bodies_in_memory),
        cmocka_unit_test(moves_large_bodies_to_a_file),
        cmocka_unit_test(reports_failures),
    };

    temp_path = "/tmp";
    return cmocka_run_group_tests(tests, harness_main_setup, harness_main_teardown);
}
