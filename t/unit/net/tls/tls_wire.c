/* The transport below OpenSSL, without OpenSSL above it: what is written goes out in one call, and
 * what does not fit is kept. */
#include "net/tls/tls_wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "loop/loop.h"
#include "net/pair.h"

static struct stream *ends[2];
static struct tls_wire wire;
static BIO *bio;

static void on_ready(struct stream *s, int events)
{
    UNUSED(s);
    UNUSED(events);
}

static void open_wire(size_t capacity)
{
    pair_new(ends, capacity);
    ends[0]->on_ready = ends[1]->on_ready = on_ready;
    wire = (struct tls_wire){.under = ends[0]};
    bio = tls_wire_bio(&wire);
}

static void close_wire(void)
{
    BIO_free(bio);
    buf_free(&wire.out);
    buf_free(&wire.first);
    stream_close(&ends[0], false);
    stream_close(&ends[1], false);
}

static void test_staging(void **state)
{
    static char big[100000], got[200100];

    UNUSED(state);
    open_wire(3);
    assert_int_equal(BIO_write(bio, "abc", 3), 3);
    assert_int_equal(BIO_write(bio, "def", 3), 3);
    assert_int_equal(stream_read(ends[1], got, 10), STREAM_AGAIN);
    assert_int_equal(tls_wire_push(&wire), 0);
    assert_true(wire.is_blocked);
    assert_int_equal(stream_read(ends[1], got, 10), 3);
    assert_int_equal(tls_wire_push(&wire), 0);
    assert_false(wire.is_blocked);
    assert_int_equal(stream_read(ends[1], got, 10), 3);
    assert_memory_equal(got, "def", 3);
    pair_set_capacity(ends[0], 1 << 20);
    assert_int_equal(BIO_write(bio, "first", 5), 5);
    tls_wire_hold(&wire);
    assert_int_equal(wire.out.n, 5);
    tls_wire_hold(&wire);
    assert_int_equal(wire.out.n, 5);
    assert_int_equal(BIO_write(bio, big, sizeof(big)), sizeof(big)); /* larger than the stage */
    assert_int_equal(BIO_write(bio, big, 60000), 60000);
    assert_int_equal(BIO_write(bio, big, 40000), 40000);
    assert_int_equal(tls_wire_push(&wire), 0);
    assert_int_equal(stream_read(ends[1], got, sizeof(got)), 5 + 200000);
    close_wire();
}

static void test_reading(void **state)
{
    struct iovec v = {"\x16ok", 3};
    char got[10];

    UNUSED(state);
    open_wire(100);
    wire.must_be_tls = true;
    assert_int_equal(BIO_read(bio, got, 10), -1);
    assert_true(BIO_should_retry(bio) && wire.is_starved);
    stream_writev(ends[1], &v, 1);
    tls_wire_begin(&wire);
    assert_int_equal(BIO_read(bio, got, 10), 3);
    assert_true(wire.is_drained);
    assert_int_equal(BIO_read(bio, got, 10), -1); /* without asking */
    stream_shutdown(ends[1]);
    tls_wire_begin(&wire);
    assert_int_equal(BIO_read(bio, got, 10), 0);
    assert_true(wire.is_ended && BIO_eof(bio));
    close_wire();
}

static void test_alien(void **state)
{
    struct iovec v = {"GET", 3};
    char got[10];

    UNUSED(state);
    open_wire(100);
    wire.must_be_tls = true;
    stream_writev(ends[1], &v, 1);
    assert_int_equal(BIO_read(bio, got, 10), -1);
    assert_false(BIO_should_retry(bio));
    assert_string_equal(buf_cstr(&wire.first), "GET");
    assert_true(wire.is_alien);
    close_wire();
}

/* What was read before TLS began comes first, and asking for it is no system call. */
static void test_first(void **state)
{
    struct iovec v = {"under", 5};
    char got[10];

    UNUSED(state);
    open_wire(100);
    wire.must_be_tls = true;
    buf_add(&wire.first,
            "\x16"
            "abc",
            4);
    stream_writev(ends[1], &v, 1);
    assert_true(tls_wire_has_first(&wire));
    assert_int_equal(BIO_read(bio, got, 3), 3);
    assert_int_equal(BIO_read(bio, got, 10), 1);
    assert_int_equal(got[0], 'c');
    assert_false(tls_wire_has_first(&wire) || wire.is_drained);
    assert_int_equal(BIO_read(bio, got, 10), 5);
    close_wire();

    open_wire(100);
    wire.must_be_tls = true;
    buf_add(&wire.first, "GET", 3);
    assert_int_equal(BIO_read(bio, got, 10), -1);
    assert_true(wire.is_alien && !tls_wire_has_first(&wire));
    assert_int_equal(BIO_read(bio, got, 10), -1);
    assert_string_equal(buf_cstr(&wire.first), "GET");
    close_wire();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_staging),
        cmocka_unit_test(test_reading),
        cmocka_unit_test(test_alien),
        cmocka_unit_test(test_first),
    };
    int failed;

    loop_init(LOOP_BEST);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    loop_run();
    loop_deinit();
    return failed;
}
