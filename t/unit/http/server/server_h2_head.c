/* From fields to requests: the request line, Host, cookies, limits. */
#include "t/unit/http/h2_client.h"

static struct exchange *request_with(struct client *c, struct buf *block)
{
    static uint32_t id;
    struct buf b = BUF_EMPTY;

    id = c->got.n ? id + 2 : 1;
    frame_add(&b, HEADERS, END_HEADERS | END_STREAM, id, buf_slice(block));
    client_send_bytes(c, b.p, b.n);
    client_exchange_read(c, SIZE_MAX);
    buf_free(&b);
    block->n = 0;
    return seen.kept;
}

static void pseudo(struct buf *b, const char *authority)
{
    field_add(b, ":method", "GET");
    field_add(b, ":path", "/keep?q=1");
    field_add(b, ":scheme", "http");
    if (authority)
        field_add(b, ":authority", authority);
}

static void value_is(const struct exchange *x, const char *name, const char *value)
{
    const struct header *h = header_find(&x->req.headers, slice_str(name));

    assert_non_null(h);
    assert_true(slice_eq(h->value, slice_str(value)));
}

static void makes_a_request(void **state)
{
    struct buf b = BUF_EMPTY;
    struct exchange *x;
    struct client c;

    (void)state;
    harness_start();
    c = h2_open();
    pseudo(&b, "Example.org:8080");
    field_add(&b, "cookie", "a=1");
    field_add(&b, "x-own", "v");
    field_add(&b, "cookie", "b=2");
    field_add(&b, "expect", "100-continue");
    x = request_with(&c, &b);
    assert_true(slice_eq(x->req.line, SLICE("GET /keep?q=1 HTTP/2.0")));
    assert_true(slice_eq(x->req.host, SLICE("example.org")));
    assert_int_equal(x->req.host_port, 8080);
    assert_true(slice_eq(x->req.query, SLICE("q=1")));
    assert_true(x->req.expects_continue && x->req.method == METHOD_GET);
    assert_int_equal(x->req.version_major, 2);
    value_is(x, "host", "Example.org:8080");
    value_is(x, "cookie", "a=1; b=2");
    value_is(x, "x-own", "v");
    assert_int_equal(header_remove(&x->req.headers, SLICE("cookie")), 1);
    client_close(&c);
    buf_free(&b);
    harness_stop();
}

/* Host alone will do; beside :authority it has to say the same. */
static void settles_the_host(void **state)
{
    struct buf b = BUF_EMPTY;
    struct exchange *x;
    struct client c;

    (void)state;
    harness_start();
    c = h2_open();
    pseudo(&b, NULL);
    field_add(&b, "host", "a:1");
    x = request_with(&c, &b);
    assert_true(slice_eq(x->req.host, SLICE("a")) && x->req.host_port == 1);
    pseudo(&b, "A:1");
    field_add(&b, "host", "a:1");
    x = request_with(&c, &b);
    assert_int_equal(header_remove(&x->req.headers, SLICE("host")), 1);
    assert_int_equal(seen.bad, 0);
    pseudo(&b, "a");
    field_add(&b, "host", "b");
    (void)request_with(&c, &b);
    assert_int_equal(seen.bad_status, 400);
    pseudo(&b, "a b");
    (void)request_with(&c, &b);
    assert_int_equal(seen.bad, 1); /* the engine has refused it */
    pseudo(&b, "[::");
    (void)request_with(&c, &b);
    assert_int_equal(seen.bad, 2);
    client_close(&c);
    buf_free(&b);
    harness_stop();
}

static void limits_heads(void **state)
{
    struct buf b = BUF_EMPTY;
    struct client c;

    (void)state;
    harness_start();
    harness_settings.header_count = 5;
    harness_settings.http2.header_list = 400;
    c = h2_open();
    pseudo(&b, "a");
    for (unsigned i = 0; i < 6; i++)
        field_add(&b, "a", "b");
    (void)request_with(&c, &b);
    assert_int_equal(seen.bad_status, 431);
    seen.bad_status = 0;
    pseudo(&b, "a");
    for (unsigned i = 0; i < 3; i++)
        field_add(&b, "a",
                  "01234567890123456789012345678901234567890123456789012345678901234567890");
    (void)request_with(&c, &b);
    assert_int_equal(seen.bad_status, 431);
    client_close(&c);
    buf_free(&b);
    harness_stop();
}

/* CONNECT is refused, but for the extended one (RFC 8441). */
static void knows_connect(void **state)
{
    struct buf b = BUF_EMPTY;
    struct exchange *x;
    struct client c;

    (void)state;
    harness_start();
    c = h2_open();
    field_add(&b, ":method", "CONNECT");
    field_add(&b, ":authority", "b:80");
    (void)request_with(&c, &b);
    assert_int_equal(seen.bad_status, 405);
    field_add(&b, ":method", "CONNECT");
    field_add(&b, ":protocol", "websocket");
    field_add(&b, ":scheme", "http");
    field_add(&b, ":path", "/keep");
    field_add(&b, ":authority", "a");
    x = request_with(&c, &b);
    assert_true(slice_eq(x->req.protocol, SLICE("websocket")));
    assert_true(slice_eq(x->req.path, SLICE("/keep")));
    client_close(&c);
    buf_free(&b);
    harness_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_a_request),
        cmocka_unit_test(settles_the_host),
        cmocka_unit_test(limits_heads),
        cmocka_unit_test(knows_connect),
    };

    return cmocka_run_group_tests(tests, harness_main_setup, harness_main_teardown);
}
