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

/* Gives what it was given in pieces, no faster than they are taken. */
enum { PIECE = 20000, PIECES = 50 };

struct pacer {
    struct filter f;
    unsigned given, pauses;
};

static void pacer_go_on(struct filter *f, struct exchange *x)
{
    static const char piece[PIECE];
    struct pacer *p = CONTAINER_OF(f, struct pacer, f);

    while (p->given < PIECES && !exchange_is_congested(x)) {
        struct chunk c = CHUNK_BYTES(slice_of(piece, PIECE));

        c.is_last = ++p->given == PIECES;
        seen.congested = p->pauses;
        exchange_pass_body(x, f->next, &c);
    }
    if (p->given < PIECES) {
        p->pauses++;
        filter_pause(f, x);
        assert_true(exchange_is_congested(x));
    }
}

static void pacer_body(struct filter *f, struct exchange *x, const struct chunk *c)
{
    (void)c;
    pacer_go_on(f, x);
}

static const struct filter_ops pacer_ops = {"pacer", tag_head, pacer_body, pacer_go_on};

static void paced_app(struct exchange *x, void *user)
{
    struct pacer *p = pool_new(&x->pool, struct pacer);

    (void)user;
    seen.requests++;
    x->user.on_done = app_on_done;
    filter_append(x, &p->f, &pacer_ops);
    exchange_respond(x, SLICE("go"));
}

static void waits_for_the_client(void **state)
{
    struct client c;

    (void)state;
    harness_start();
    harness_server.on_exchange = paced_app;
    c = client_open();
    client_send(&c, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    turns(5);
    assert_int_equal(seen.done, 0);
    client_expect(&c, "0\r\n\r\n", 1);
    assert_true(seen.congested > 3);
    assert_true(c.got.n > (size_t)PIECE * PIECES);
    assert_int_equal(seen.done, 1);
    client_close(&c);
    c = client_open(); /* one that leaves */
    client_send(&c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    turns(5);
    client_close(&c);
    turns(5);
    assert_int_equal(seen.done, 2);
    harness_stop();
}

/* Gives each piece twice, the second time when the client has taken the first. */
struct doubler {
    struct filter f;
    struct chunk again;
    bool is_paused;
};

static void doubler_resume(struct filter *f, struct exchange *x)
{
    struct doubler *d = CONTAINER_OF(f, struct doubler, f);

    d->is_paused = false;
    exchange_pass_body(x, f->next, &d->again);
}

static void doubler_body(struct filter *f, struct exchange *x, const struct chunk *c)
{
    struct doubler *d = CONTAINER_OF(f, struct doubler, f);
    struct chunk first = *c;

    assert_false(d->is_paused); /* whoever is before it goes on after it */
    first.is_last = false;
    d->again = *c;
    d->is_paused = true;
    exchange_hold(x);
    exchange_pass_body(x, f->next, &first);
    if (x->state < EXCHANGE_DONE)
        filter_pause(f, x);
    exchange_release(x);
}

static const struct filter_ops doubler_ops = {"doubler", tag_head, doubler_body, doubler_resume};

static void doubled_app(struct exchange *x, void *user)
{
    struct pacer *p = pool_new(&x->pool, struct pacer);

    (void)user;
    seen.requests++;
    x->user.on_done = app_on_done;
    filter_append(x, &p->f, &pacer_ops);
    filter_append(x, &pool_new(&x->pool, struct doubler)->f, &doubler_ops);
    filter_append(x, &pool_new(&x->pool, struct doubler)->f, &doubler_ops);
    exchange_respond(x, SLICE("go"));
}

static void several_wait_for_the_client(void **state)
{
    struct client c;

    (void)state;
    harness_start();
    harness_server.on_exchange = doubled_app;
    c = client_open();
    client_send(&c, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    client_expect(&c, "0\r\n\r\n", 1);
    assert_true(c.got.n > (size_t)PIECE * PIECES * 4);
    assert_true(c.got.n < (size_t)PIECE * (PIECES + 1) * 4);
    assert_int_equal(seen.done, 1);
    client_close(&c);
    c = client_open(); /* one that leaves */
    client_send(&c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    turns(5);
    client_close(&c);
    turns(5);
    assert_int_equal(seen.done, 2);
    harness_stop();
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
    const struct CMUnitTest tests[] = {cmocka_unit_test(walks_in_order),
                                       cmocka_unit_test(waits_for_the_client),
                                       cmocka_unit_test(several_wait_for_the_client)};

    return cmocka_run_group_tests(tests, harness_main_setup, harness_main_teardown);
}
