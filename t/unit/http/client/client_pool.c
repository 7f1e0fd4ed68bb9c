/* Pools: limits, order, reuse, retry, cancelling, refusing; connections are in-memory pairs that
 * the test makes when it likes. */
#include "http/client/client_pool.h"

#include "http/client/client_origin.h"

#include "t/unit/http/client_harness.h"

enum { MOST = 32 };

struct attempt {
    client_dial_fn fn;
    void *user;
    bool is_cancelled, is_over;
};

static struct attempt attempts[MOST];
static unsigned n_attempts;
static struct stream *servers[MOST];
static struct client_pool *pool;

static void *start_attempt(const struct client_way *way, uint64_t timeout, client_dial_fn fn,
                           void *data)
{
    (void)way;
    (void)timeout;
    attempts[n_attempts] = (struct attempt){fn, data, false, false};
    return &attempts[n_attempts++];
}

static void cancel_attempt(void *p)
{
    ((struct attempt *)p)->is_cancelled = true;
}

static const struct client_dialer dialer = {start_attempt, cancel_attempt};

static void succeed(unsigned i)
{
    struct stream *ends[2];

    assert_false(attempts[i].is_cancelled || attempts[i].is_over);
    attempts[i].is_over = true;
    pair_new(ends, 10000);
    servers[i] = server = ends[1];
    server->on_ready = ignore;
    attempts[i].fn(attempts[i].user, ends[0], NULL);
}

static void fail_attempt(unsigned i)
{
    struct client_dial_failure f = {&err_refused, "a.example:80: 10.0.0.1:80: connection refused",
                                    0};

    attempts[i].is_over = true;
    attempts[i].fn(attempts[i].user, NULL, &f);
}

static struct client_origin *origin(void)
{
    struct client_way way = {.host = SLICE("a.example"), .port = 80};

    return client_pool_origin(pool, SLICE("http://a.example:80"), &way);
}

static void open_pool(unsigned per_host, unsigned total, unsigned queue)
{
    struct client_pool_options o = client_pool_defaults;

    clock_update();
    told = (struct told){.reads = true};
    n_attempts = 0;
    memset(servers, 0, sizeof(servers));
    o.connections_per_host = per_host;
    o.total_connections = total;
    o.max_queue_size = queue;
    pool = client_pool_new(&o, &dialer);
}

static void close_pool(void)
{
    client_pool_close(&pool);
    turns(3);
    for (unsigned i = 0; i < MOST; i++)
        stream_close(&servers[i], false);
    turns(3);
    buf_free(&told.body);
}

static struct client_exchange *submit(void)
{
    struct client_exchange *x = request("GET");

    client_pool_submit(origin(), x);
    return x;
}

static void answer(unsigned i)
{
    server = servers[i];
    (void)server_got();
    server_says("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
}

static void limits_and_serves_in_order(void **state)
{
    struct client_exchange *x[5];

    (void)state;
    open_pool(2, 100, 100);
    for (unsigned i = 0; i < 5; i++)
        x[i] = submit();
    assert_int_equal(n_attempts, 2);
    assert_int_equal(client_origin_stats(origin()).queue, 5);
    succeed(0);
    succeed(1);
    assert_int_equal(client_origin_stats(origin()).queue, 3);
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(x[i]->state, i < 2 ? CLIENT_WAITING : x[i]->state);
        answer(i % 2);
        assert_int_equal(x[i]->state, CLIENT_DONE);
        for (unsigned k = i + 1; k < 5; k++)
            assert_int_not_equal(x[k]->state, CLIENT_DONE);
    }
    assert_int_equal(n_attempts, 2);
    assert_int_equal(client_origin_stats(origin()).idle, 2);
    assert_int_equal(client_origin_stats(origin()).reused, 3);
    for (unsigned i = 0; i < 5; i++)
        client_exchange_release(&x[i]);
    close_pool();
}

static void reuses_the_warmest(void **state)
{
    struct client_exchange *x;

    (void)state;
    open_pool(2, 100, 100);
    for (unsigned i = 0; i < 3; i++) {
        x = submit();
        if (i == 0)
            succeed(0);
        answer(0);
        assert_int_equal(x->state, CLIENT_DONE);
        assert_int_equal(x->is_reused, i > 0);
        client_exchange_release(&x);
    }
    assert_int_equal(n_attempts, 1);
    close_pool();
}

static void replaces_a_worn_connection_for_who_waits(void **state)
{
    struct client_exchange *x[2];

    (void)state;
    open_pool(1, 100, 100);
    pool->o.max_requests = 1;
    for (unsigned i = 0; i < 2; i++)
        x[i] = submit();
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(n_attempts, i + 1);
        succeed(i);
        answer(i);
        assert_int_equal(x[i]->state, CLIENT_DONE);
        client_exchange_release(&x[i]);
    }
    close_pool();
}

/* Those for whom a connection is being made do not count. */
static void refuses_when_the_queue_is_full(void **state)
{
    struct client_exchange *x[5];

    (void)state;
    open_pool(2, 100, 2);
    for (unsigned i = 0; i < 5; i++)
        x[i] = submit();
    assert_int_equal(told.failed, 0); /* never before return */
    turns(1);
    assert_int_equal(told.failed, 1);
    assert_ptr_equal(x[4]->err, &client_err_pool_full);
    for (unsigned i = 0; i < 5; i++) {
        client_exchange_cancel(x[i], &err_cancelled);
        client_exchange_release(&x[i]);
    }
    assert_true(attempts[0].is_cancelled);
    close_pool();
}

static void failure_of_an_attempt_is_the_first_waiters(void **state)
{
    struct client_exchange *a, *b;

    (void)state;
    open_pool(1, 100, 100);
    a = submit();
    b = submit();
    fail_attempt(0);
    assert_ptr_equal(a->err, &err_refused);
    assert_true(a->detail.n > 0);
    assert_int_equal(b->state, CLIENT_QUEUED);
    assert_int_equal(n_attempts, 2);
    succeed(1);
    answer(1);
    assert_int_equal(b->state, CLIENT_DONE);
    client_exchange_release(&a);
    client_exchange_release(&b);
    close_pool();
}

static void close_on_failed(struct client_exchange *x)
{
    told.failed++;
    told.err = x->err;
    client_pool_close(&pool);
}

/* Whoever hears of a failed attempt, or is refused, may end the pool there and then. */
static void may_be_closed_by_who_failed(void **state)
{
    static const struct client_user closer = {.on_failed = close_on_failed};
    static const struct {
        unsigned queue;
        const struct err *why;
    } rows[] = {{100, &err_refused}, {0, &client_err_pool_full}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct client_exchange *x;

        open_pool(1, 100, rows[i].queue);
        x = submit();
        x->user = &closer;
        if (n_attempts)
            fail_attempt(0);
        turns(1);
        assert_int_equal(told.failed, 1);
        assert_ptr_equal(told.err, rows[i].why);
        client_exchange_release(&x);
        close_pool();
    }
}

static void cancelled_waiter_takes_its_attempt_along(void **state)
{
    struct client_exchange *a, *b;

    (void)state;
    open_pool(4, 100, 100);
    a = submit();
    b = submit();
    assert_int_equal(n_attempts, 2);
    client_exchange_cancel(a, &err_cancelled);
    client_exchange_release(&a);
    assert_true(attempts[1].is_cancelled);
    assert_false(attempts[0].is_cancelled);
    succeed(0);
    assert_int_equal(b->state, CLIENT_WAITING);
    client_exchange_cancel(b, &err_cancelled);
    client_exchange_release(&b);
    assert_int_equal(client_origin_stats(origin()).connections, 0);
    close_pool();
}

/* The server ends a kept connection while a request is on its way to it. */
static void retries_once_where_it_is_safe(void **state)
{
    static const struct {
        const char *method, *said;
        bool is_retried;
    } cases[] = {
        {"GET", "", true},
        {"PUT", "", true},
        {"POST", "", false},
        {"GET", "HTTP/1.1 2", false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct client_exchange *x;

        open_pool(4, 100, 100);
        x = submit();
        succeed(0);
        answer(0);
        client_exchange_release(&x);
        x = request(cases[i].method);
        client_pool_submit(origin(), x);
        assert_int_equal(x->state, CLIENT_WAITING);
        server_says(cases[i].said);
        stream_shutdown(servers[0]);
        turns(3);
        if (cases[i].is_retried) {
            assert_int_equal(x->state, CLIENT_QUEUED);
            succeed(1);
            answer(1);
            assert_int_equal(x->state, CLIENT_DONE);
            assert_int_equal(client_origin_stats(origin()).retried, 1);
        } else {
            assert_int_equal(x->state, CLIENT_FAILED);
            assert_int_equal(told.failed, 1);
        }
        client_exchange_release(&x);
        close_pool();
    }
}

/* A fresh connection that ends is no reason to try again. */
static void fresh_connection_is_not_retried(void **state)
{
    struct client_exchange *x;

    (void)state;
    open_pool(4, 100, 100);
    x = submit();
    succeed(0);
    stream_shutdown(servers[0]);
    turns(3);
    assert_ptr_equal(x->err, &err_closed);
    client_exchange_release(&x);
    close_pool();
}

static void total_is_shared_between_origins(void **state)
{
    struct client_way way = {.host = SLICE("b.example"), .port = 80};
    struct client_exchange *a, *b = request("GET");

    (void)state;
    open_pool(4, 1, 100);
    a = submit();
    client_pool_submit(client_pool_origin(pool, SLICE("b"), &way), b);
    assert_int_equal(n_attempts, 1);
    succeed(0);
    answer(0); /* becomes free, and makes room */
    assert_int_equal(n_attempts, 2);
    succeed(1);
    answer(1);
    assert_int_equal(b->state, CLIENT_DONE);
    client_exchange_release(&a);
    client_exchange_release(&b);
    close_pool();
}

static void closing_tells_those_who_wait(void **state)
{
    struct client_exchange *a, *b;

    (void)state;
    open_pool(1, 100, 100);
    a = submit();
    b = submit();
    succeed(0);
    client_pool_close(&pool);
    turns(2);
    assert_ptr_equal(b->err, &err_closed);
    assert_int_equal(a->state, CLIENT_WAITING);
    answer(0); /* goes on to its end */
    assert_int_equal(a->state, CLIENT_DONE);
    client_exchange_release(&a);
    client_exchange_release(&b);
    close_pool();
}

static void timeouts_have_names(void **state)
{
    struct client_exchange *x, *y;

    (void)state;
    open_pool(1, 100, 100);
    x = request("GET");
    y = request("GET");
    x->timeouts.request = 5;
    y->timeouts.pool = 10;
    client_pool_submit(origin(), x);
    client_pool_submit(origin(), y);
    succeed(0);
    while (told.failed < 1)
        loop_turn(true);
    assert_ptr_equal(x->err, &client_err_request_timeout);
    assert_int_equal(client_origin_stats(origin()).connections, 0);
    while (told.failed < 2 && y->state == CLIENT_QUEUED && !y->is_dialled)
        loop_turn(true);
    client_exchange_cancel(y, &err_cancelled);
    client_exchange_release(&x);
    client_exchange_release(&y);
    x = request("GET");
    x->timeouts.read = 5;
    client_pool_submit(origin(), x);
    succeed(n_attempts - 1);
    server_says("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no");
    while (x->state == CLIENT_BODY)
        loop_turn(true);
    assert_ptr_equal(x->err, &client_err_read_timeout);
    assert_int_equal(told.end, BODY_FAILED);
    client_exchange_release(&x);
    x = request("GET");
    y = request("GET");
    x->timeouts.total = 5;
    y->timeouts.pool = 5;
    client_pool_submit(origin(), x);
    client_pool_submit(origin(), y);
    while (x->state != CLIENT_FAILED || y->state != CLIENT_FAILED)
        loop_turn(true);
    assert_ptr_equal(x->err, &client_err_total_timeout);
    assert_ptr_equal(y->err, &client_err_pool_timeout);
    client_exchange_release(&x);
    client_exchange_release(&y);
    close_pool();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits_and_serves_in_order),
        cmocka_unit_test(reuses_the_warmest),
        cmocka_unit_test(replaces_a_worn_connection_for_who_waits),
        cmocka_unit_test(refuses_when_the_queue_is_full),
        cmocka_unit_test(failure_of_an_attempt_is_the_first_waiters),
        cmocka_unit_test(may_be_closed_by_who_failed),
        cmocka_unit_test(cancelled_waiter_takes_its_attempt_along),
        cmocka_unit_test(retries_once_where_it_is_safe),
        cmocka_unit_test(fresh_connection_is_not_retried),
        cmocka_unit_test(total_is_shared_between_origins),
        cmocka_unit_test(closing_tells_those_who_wait),
        cmocka_unit_test(timeouts_have_names),
    };

    return cmocka_run_group_tests(tests, loop_setup, loop_teardown);
}
