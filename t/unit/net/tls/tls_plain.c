/* What lies behind the bytes of a read, in the same piece of ciphertext, is announced: the end, a
 * record that is none. */
#include "net/tls/tls_plain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "loop/io.h"
#include "loop/loop.h"
#include "net/tls/tls_error.h"
#include "net/tls/tls_stream.h"
#include "t/lib/tls_pair.h"

static struct tls_pair pair;
static unsigned calls;

static void on_ready(struct stream *s, int events)
{
    UNUSED(s);
    UNUSED(events);
    calls++;
}

static int set_up(void **state)
{
    UNUSED(state);
    tls_pair_begin(&pair);
    tls_pair_open(&pair, 1 << 20);
    assert_true(tls_pair_shake(&pair));
    pair.server->on_ready = on_ready;
    stream_watch(pair.server, IO_READ);
    return 0;
}

static int tear_down(void **state)
{
    UNUSED(state);
    tls_pair_end(&pair);
    return 0;
}

/* Reads "hello"; the descriptor has nothing more to say. */
static void read_hello(void)
{
    char got[100];

    loop_turn(false);
    assert_int_equal(stream_read(pair.server, got, sizeof(got)), 5);
    calls = 0;
    loop_turn(false);
}

static void test_end_behind(void **state)
{
    char c;

    UNUSED(state);
    assert_int_equal(tls_pair_put(pair.client, "hello"), 5);
    (void)SSL_shutdown(tls_of(pair.client)->ssl); /* the transport goes on */
    assert_int_equal(tls_stream_push(tls_of(pair.client)), 0);
    read_hello();
    assert_true(calls > 0);
    assert_int_equal(stream_read(pair.server, &c, 1), 0);
    loop_turn(false);
    calls = 0;
    loop_turn(false);
    assert_int_equal(calls, 0);
}

static void test_failure_behind(void **state)
{
    char c;

    UNUSED(state);
    assert_int_equal(tls_pair_put(pair.client, "hello"), 5);
    assert_int_equal(tls_pair_put(pair.under[1], "\x17\x03\x03\x7f\x7f"), 5);
    read_hello();
    assert_true(calls > 0);
    assert_int_equal(stream_read(pair.server, &c, 1), STREAM_FAILED);
    assert_ptr_equal(pair.server->err, &err_tls_malformed);
    loop_turn(false);
    calls = 0;
    loop_turn(false);
    assert_int_equal(calls, 0);
}

static void test_nothing_behind(void **state)
{
    UNUSED(state);
    assert_int_equal(tls_pair_put(pair.client, "hello"), 5);
    read_hello();
    assert_int_equal(calls, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_end_behind),
        T(test_failure_behind),
        T(test_nothing_behind),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    certs_free();
    return failed;
}
