/* Whom a client accepts: names that cannot be, and sessions with somebody else. That certificates
 * are checked by name is in tls.c. */
#include "net/tls/tls_peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "loop/loop.h"
#include "net/tls/tls_error.h"
#include "net/tls/tls_info.h"
#include "t/lib/tls_pair.h"

enum { ROOM = 1 << 20 };

static struct tls_pair pair;

static int set_up(void **state)
{
    UNUSED(state);
    tls_pair_begin(&pair);
    return 0;
}

static int tear_down(void **state)
{
    UNUSED(state);
    tls_pair_end(&pair);
    return 0;
}

/* A name that the library cannot compare with is nobody's, not everybody's. */
static void test_impossible_names(void **state)
{
    static const struct slice names[] = {SLICE("localhost\0.example"), SLICE("127.0.0.1\0.example"),
                                         SLICE("\0")};

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        tls_pair_init(&pair);
        pair.peer.server_name = names[i];
        tls_pair_open(&pair, ROOM);
        assert_false(tls_pair_shake(&pair));
        assert_ptr_equal(pair.client->err, &err_tls_wrong_name);
        tls_pair_close(&pair);
    }
}

static struct tls_session *get_session(bool is_verified)
{
    struct iovec v = {(void *)(uintptr_t) "x", 1};
    struct tls_session *session;
    char c;

    tls_pair_init(&pair);
    pair.server_options.has_tickets = true;
    pair.client_options.trust.ca_pem = certs_get(is_verified ? CERT_CA : CERT_ALONE).cert_pem;
    pair.peer.skips_verify = !is_verified;
    tls_pair_open(&pair, ROOM);
    assert_true(tls_pair_shake(&pair));
    assert_int_equal(stream_writev(pair.server, &v, 1), 1);
    assert_int_equal(stream_read(pair.client, &c, 1), 1);
    session = tls_take_session(pair.client);
    assert_non_null(session);
    stream_close(&pair.client, false);
    stream_close(&pair.server, false);
    return session;
}

/* Resuming shows no certificate: a session is good only for a peer whom its certificate names, and
 * only when that was verified. */
static void test_session_of_somebody_else(void **state)
{
    static const struct {
        const char *name;
        bool was_verified, skips_verify;
        const struct err *err; /* NULL: it is resumed */
    } cases[] = {
        {"localhost", true, false, NULL},
        {"127.0.0.1", true, false, NULL},
        {"example.org", true, false, &err_tls_wrong_name},
        {"127.0.0.2", true, false, &err_tls_wrong_name},
        {"localhost", false, false, &err_tls_unknown_ca},
        {"example.org", false, true, NULL},
    };

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct tls_session *session = get_session(cases[i].was_verified);

        pair.peer.session = session;
        pair.peer.skips_verify = cases[i].skips_verify;
        pair.peer.server_name = slice_str(cases[i].name);
        tls_pair_open(&pair, ROOM);
        assert_int_equal(tls_pair_shake(&pair), !cases[i].err);
        assert_int_equal(tls_info_is_resumed(pair.client), !cases[i].err);
        assert_ptr_equal(pair.client->err, cases[i].err);
        tls_session_free(&session);
        assert_null(session);
        tls_pair_close(&pair);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_impossible_names),
        T(test_session_of_somebody_else),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    certs_free();
    return failed;
}
