/* Peers that ask for new keys: too often, in one piece, as often as they may; each end of TLS. A
 * fatal alert is no good end. */
#include "net/tls/tls_notice.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "loop/loop.h"
#include "net/tls/tls_error.h"
#include "net/tls/tls_stream.h"
#include "t/lib/tls_pair.h"

static struct tls_pair pair;

static int set_up(void **state)
{
    UNUSED(state);
    tls_pair_begin(&pair);
    tls_pair_open(&pair, 1 << 20);
    assert_true(tls_pair_shake(&pair));
    return 0;
}

static int tear_down(void **state)
{
    UNUSED(state);
    tls_pair_end(&pair);
    return 0;
}

/* New keys of `from`, asked of the other end as well; what that says to it, which reads nothing. */
static ssize_t rekey(struct stream *from, struct stream *to)
{
    struct tls *t = tls_of(from);
    char c;

    assert_int_equal(SSL_key_update(t->ssl, SSL_KEY_UPDATE_REQUESTED), 1);
    assert_int_equal(SSL_do_handshake(t->ssl), 1);
    assert_int_equal(tls_stream_push(t), 0);
    return stream_read(to, &c, 1);
}

static void flood(struct stream *from, struct stream *to)
{
    unsigned n = 0;

    while (rekey(from, to) == STREAM_AGAIN && n < 1000)
        n++;
    assert_in_range(n, 60, 300);
    assert_ptr_equal(to->err, &err_tls_flood);
}

static void test_client_floods(void **state)
{
    UNUSED(state);
    flood(pair.client, pair.server);
}

static void test_server_floods(void **state)
{
    char c;

    UNUSED(state);
    assert_int_equal(stream_read(pair.client, &c, 1), STREAM_AGAIN); /* the ticket */
    flood(pair.server, pair.client);
}

/* In one piece, so that the library reads on without coming back. */
static void test_at_once(void **state)
{
    struct tls *t = tls_of(pair.client);
    char c;

    UNUSED(state);
    for (int i = 0; i < 600; i++) {
        assert_int_equal(SSL_key_update(t->ssl, SSL_KEY_UPDATE_NOT_REQUESTED), 1);
        assert_int_equal(SSL_do_handshake(t->ssl), 1);
    }
    assert_int_equal(tls_stream_push(t), 0);
    assert_int_equal(stream_read(pair.server, &c, 1), STREAM_FAILED);
    assert_ptr_equal(pair.server->err, &err_tls_flood);
}

/* What was asked long ago does not count. */
static void test_slowly(void **state)
{
    UNUSED(state);
    for (int i = 0; i < 400; i++) {
        assert_int_equal(rekey(pair.client, pair.server), STREAM_AGAIN);
        tls_of(pair.server)->steps_since -= 1000;
    }
}

/* The server gives up because of what a stranger has put in, and says so. */
static void test_alert(void **state)
{
    char c;

    UNUSED(state);
    assert_int_equal(stream_read(pair.client, &c, 1), STREAM_AGAIN);
    assert_int_equal(tls_pair_put(pair.under[1], "\x17\x03\x03\x7f\x7f"), 5);
    assert_int_equal(stream_read(pair.server, &c, 1), STREAM_FAILED);
    assert_int_equal(stream_read(pair.client, &c, 1), STREAM_FAILED);
    assert_ptr_equal(pair.client->err, &err_tls_alert);
}

/* TLS 1.3: whatever its level says, an alert is fatal unless it ends the connection well. */
static void test_level(void **state)
{
    SSL *ssl = tls_of(pair.server)->ssl;
    char c;

    UNUSED(state);
    SSL_set_shutdown(ssl, SSL_RECEIVED_SHUTDOWN);
    on_step(ssl, SSL_CB_READ_ALERT, SSL3_AL_WARNING << 8 | SSL_AD_INTERNAL_ERROR);
    assert_int_equal(stream_read(pair.server, &c, 1), STREAM_FAILED);
}

/* One that says nothing of the end does not spoil it. */
static void test_warning(void **state)
{
    SSL *ssl = tls_of(pair.server)->ssl;
    char c;

    UNUSED(state);
    on_step(ssl, SSL_CB_READ_ALERT, SSL3_AL_WARNING << 8 | SSL_AD_USER_CANCELLED);
    stream_shutdown(pair.client);
    assert_int_equal(stream_read(pair.server, &c, 1), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_client_floods), T(test_server_floods), T(test_at_once), T(test_slowly),
        T(test_alert),         T(test_level),         T(test_warning),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    certs_free();
    return failed;
}
