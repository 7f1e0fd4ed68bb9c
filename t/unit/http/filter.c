/* The chain of filters: order, changes of head and body, a filter that holds back. */
#include "http/filter.h"

#include "t/unit/http/harness.h"

struct tag {
    struct filter f;
    char mark;
    bool holds_back;
    struct buf kept;
};

static void tag_head(struct filter *f, struct exchange *x)
{
    x->res.content_length = -1;
    exchange_pass_head(x, f->next);
}

static void tag_body(struct filter *f, struct exchange *x, const struct chunk *c)
{
    struct tag *t = CONTAINER_OF(f, struct tag, f);
    struct chunk out = *c;

    buf_add_slice(&t->kept, c->bytes);
    if (c->bytes.n)
        buf_add_char(&t->kept, t->mark);
    if (t->holds_back && !c->is_last)
        return;
    out.bytes = pool_dup(&x->pool, buf_slice(&t->kept));
    buf_free(&t->kept);
    exchange_pass_body(x, f->next, &out);
}

static const struct filter_ops tag_ops = {"tag", tag_head, tag_body, NULL};

static void app(struct exchange *x, void *user)
{
    (void)user;
    seen.requests++;
    x->user.on_done = app_on_done;
    for (char mark = '1'; mark <= '3'; mark++) {
        struct tag *t = pool_new(&x->pool, struct tag);

        t->mark = mark;
        t->holds_back = mark == '2';
        filter_append(x, &t->f, &tag_ops);
    }
    if (slice_eq(x->req.path, SLICE("/whole"))) {
        exchange_respond(x, SLICE("a"));
        return;
    }
    exchange_write(x, &CHUNK_BYTES(SLICE("a")));
    exchange_write(x, &CHUNK_BYTES(SLICE("b")));
    exchange_end(x);
}

static void walks_in_order(void **state)
{
    struct client c;

    (void)state;
    harness_start();
    harness_server.on_exchange = app;
    c = client_open();
    client_send(&c, "GET /whole HTTP/1.1\r\nHost: a\r\n\r\n");
    client_expect(&c, "\r\n\r\n4\r\na123\r\n0\r\n\r\n", 1);
    client_send(&c, "GET /pieces HTTP/1.1\r\nHost: a\r\n\r\n");
    client_expect(&c, "\r\n\r\n7\r\na12b123\r\n0\r\n\r\n", 1);
    assert_int_equal(client_count(&c, "Content-Length"), 0);
    client_close(&c);
    harness_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(walks_in_order)};

    return cmocka_run_group_tests(tests, harness_main_setup, harness_main_teardown);
}
