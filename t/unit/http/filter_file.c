/* Files become bytes: in order with what is written beside them, at the client's pace, closed
 * whatever happens. */
#include "http/filter_file.h"

#include "http/filter.h"
#include "t/unit/http/harness.h"

enum { SIZE = 3000000 };

static struct {
    int fd; /* what the app gives away */
    size_t size;
    unsigned pieces, files;
    size_t ends_at; /* the filter ends the response when it has seen so much; 0: does not */
    size_t bytes;
} file;

static void needy_head(struct filter *f, struct exchange *x)
{
    filter_file_add(x);
    filter_file_add(x);
    x->res.content_length = -1;
    exchange_pass_head(x, f->next);
}

static void needy_body(struct filter *f, struct exchange *x, const struct chunk *c)
{
    struct chunk out = *c;

    file.pieces++;
    file.files += c->fd >= 0;
    file.bytes += c->bytes.n;
    if (file.ends_at && file.bytes >= file.ends_at)
        out.is_last = true;
    exchange_pass_body(x, f->next, &out);
}

static const struct filter_ops needy_ops = {"needy", needy_head, needy_body, NULL};

static void app(struct exchange *x, void *user)
{
    struct chunk c = {
        .bytes = SLICE_EMPTY, .fd = file.fd, .offset = 1, .size = file.size, .owns_fd = true};

    (void)user;
    seen.requests++;
    x->user.on_done = app_on_done;
    filter_append(x, pool_new(&x->pool, struct filter), &needy_ops);
    if (slice_eq(x->req.path, SLICE("/alone"))) {
        c.is_last = true;
        exchange_write(x, &c);
        return;
    }
    exchange_hold(x);
    exchange_write(x, &CHUNK_BYTES(SLICE("<")));
    exchange_write(x, &c);
    seen.congested += exchange_is_congested(x);
    exchange_write(x, &CHUNK_BYTES(SLICE(">")));
    exchange_end(x);
    exchange_release(x);
}

/* A file with a byte before the section of `size` that the app sends. */
static void make_file(size_t size)
{
    char name[] = "/tmp/perilune-filter-file-XXXXXX";
    char *p = mem_alloc(size + 1);

    memset(p, 'f', size + 1);
    memset(&file, 0, sizeof(file));
    file.size = size;
    file.fd = mkstemp(name);
    assert_true(file.fd >= 0);
    assert_int_equal(unlink(name), 0);
    assert_int_equal(write(file.fd, p, size + 1), size + 1);
    mem_free(p);
}

static struct client ask(const char *request)
{
    struct client c;

    harness_start();
    harness_server.on_exchange = app;
    c = client_open();
    client_send(&c, request);
    return c;
}

static void stop(struct client *c)
{
    client_close(c);
    turns(5);
    assert_int_equal(seen.done, 1);
    assert_int_equal(file.files, 0);
    assert_int_equal(fcntl(file.fd, F_GETFD), -1);
    harness_stop();
}

static void small_ones_at_once(void **state)
{
    struct client c;

    (void)state;
    make_file(3);
    c = ask("GET /alone HTTP/1.1\r\nHost: a\r\n\r\n");
    client_expect(&c, "\r\n\r\n3\r\nfff\r\n0\r\n\r\n", 1);
    assert_int_equal(file.pieces, 1);
    stop(&c);
    make_file(3);
    c = ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    client_expect(&c, "\r\n\r\n1\r\n<\r\n3\r\nfff\r\n1\r\n>\r\n0\r\n\r\n", 1);
    stop(&c);
    make_file(0);
    c = ask("GET /alone HTTP/1.1\r\nHost: a\r\n\r\n");
    client_expect(&c, "\r\n\r\n0\r\n\r\n", 1);
    assert_int_equal(file.pieces, 1);
    stop(&c);
}

static void waits_for_the_client(void **state)
{
    struct client c;

    (void)state;
    make_file(SIZE);
    c = ask("GET / HTTP/1.0\r\n\r\n");
    turns(5);
    assert_int_equal(seen.congested, 1);
    assert_int_equal(seen.done, 0);
    assert_true(file.bytes < SIZE / 2);
    client_expect(&c, ">", 1);
    assert_int_equal(file.bytes, SIZE + 2);
    assert_int_equal(client_count(&c, "\r\n\r\n<f"), 1);
    assert_int_equal(client_count(&c, "f>"), 1);
    stop(&c);
}

static void the_client_leaves(void **state)
{
    struct client c;

    (void)state;
    make_file(SIZE);
    c = ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    turns(5);
    stop(&c);
    assert_int_equal(seen.aborted, 1);
}

static void cut_off_meanwhile(void **state)
{
    struct client c;

    (void)state;
    make_file(100000);
    file.size++;
    c = ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    client_expect_end(&c);
    assert_int_equal(seen.aborted, 1);
    assert_int_equal(client_count(&c, "\r\n0\r\n\r\n"), 0);
    stop(&c);
}

static void ends_before_the_file(void **state)
{
    struct client c;

    (void)state;
    make_file(SIZE);
    file.ends_at = 100;
    c = ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    client_expect(&c, "\r\n0\r\n\r\n", 1);
    assert_int_equal(file.pieces, 2);
    stop(&c);
    assert_int_equal(seen.aborted, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_ones_at_once),   cmocka_unit_test(waits_for_the_client),
        cmocka_unit_test(the_client_leaves),    cmocka_unit_test(cut_off_meanwhile),
        cmocka_unit_test(ends_before_the_file),
    };

    return cmocka_run_group_tests(tests, harness_main_setup, harness_main_teardown);
}
