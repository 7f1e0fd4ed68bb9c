/* TLS streams against each other over a pair in memory: the handshake and its failures, bytes both
 * ways, the end, sessions, and the contract of a stream. */
#include "net/tls/tls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/mem.h"
#include "loop/io.h"
#include "loop/loop.h"
#include "net/pair.h"
#include "net/tls/tls_certificate.h"
#include "net/tls/tls_error.h"
#include "net/tls/tls_hello.h"
#include "net/tls/tls_info.h"
#include "net/tls/tls_openssl.h"
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

static void assert_reads(struct stream *s, const char *want)
{
    char got[256] = "";
    ssize_t n = stream_read(s, got, sizeof(got) - 1);

    assert_int_equal(n, (ssize_t)strlen(want));
    assert_string_equal(got, want);
}

static void test_bytes_both_ways(void **state)
{
    struct iovec v[3] = {{"one ", 4}, {"two ", 4}, {"three", 5}};

    UNUSED(state);
    tls_pair_open(&pair, ROOM);
    assert_true(tls_is(pair.client));
    assert_false(tls_is(pair.under[0]));
    assert_true(tls_pair_shake(&pair));
    assert_true(tls_is_open(pair.client) && tls_is_open(pair.server));
    assert_int_equal(stream_writev(pair.client, v, 3), 13);
    assert_reads(pair.server, "one two three");
    assert_int_equal(tls_pair_put(pair.server, "answer"), 6);
    assert_reads(pair.client, "answer");
    assert_int_equal(stream_read(pair.client, v, 1), STREAM_AGAIN);
}

/* Reading or writing does the handshake when nobody has. */
static void test_implicit_handshake(void **state)
{
    char c;

    UNUSED(state);
    tls_pair_open(&pair, ROOM);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(stream_read(pair.server, &c, 1), STREAM_AGAIN);
        (void)tls_handshake(pair.client);
        loop_turn(false);
    }
    assert_true(tls_is_open(pair.server));
}

/* Each transport, however narrow, ends with the same result. */
static void test_narrow_transport(void **state)
{
    static const size_t rooms[] = {1, 7, 300};

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(rooms); i++) {
        bool is_done = false;

        tls_pair_open(&pair, rooms[i]);
        for (int k = 0; k < 200000 && !is_done; k++) {
            int c = tls_handshake(pair.client), s = tls_handshake(pair.server);

            stream_watch(pair.client, IO_READ);
            stream_watch(pair.server, IO_READ);
            loop_turn(false);
            is_done = !c && !s;
        }
        assert_true(is_done);
        tls_pair_close(&pair);
        tls_pair_init(&pair);
    }
    tls_pair_open(&pair, ROOM);
}

struct failure_case {
    enum cert cert;
    const char *name;
    const struct err *client;
};

static void test_certificates_refused_by_client(void **state)
{
    static const struct failure_case cases[] = {
        {CERT_SERVER, "localhost", NULL},
        {CERT_SERVER, "127.0.0.1", NULL},
        {CERT_SERVER_RSA, "localhost", NULL},
        {CERT_SERVER, "example.org", &err_tls_wrong_name},
        {CERT_SERVER, "127.0.0.2", &err_tls_wrong_name},
        {CERT_OTHER, "localhost", &err_tls_wrong_name},
        {CERT_EXPIRED, "localhost", &err_tls_expired},
        {CERT_FUTURE, "localhost", &err_tls_not_yet_valid},
        {CERT_ALONE, "localhost", &err_tls_self_signed},
    };

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct tls_credential c = certs_get(cases[i].cert);

        tls_pair_init(&pair);
        pair.server_options.certs = &c;
        pair.peer.server_name = slice_str(cases[i].name);
        tls_pair_open(&pair, ROOM);
        assert_int_equal(tls_pair_shake(&pair), cases[i].client == NULL);
        assert_ptr_equal(pair.client->err, cases[i].client);
        assert_ptr_equal(pair.server->err, cases[i].client ? &err_tls_alert : NULL);
        assert_int_equal(tls_error_text(pair.client).n > 0, cases[i].client != NULL);
        tls_pair_close(&pair);
    }
}

static void test_unknown_authority(void **state)
{
    UNUSED(state);
    pair.client_options.trust.ca_pem = certs_get(CERT_ALONE).cert_pem;
    tls_pair_open(&pair, ROOM);
    assert_false(tls_pair_shake(&pair));
    assert_ptr_equal(pair.client->err, &err_tls_unknown_ca);
}

static void test_unverified(void **state)
{
    UNUSED(state);
    pair.client_options.trust.ca_pem = certs_get(CERT_ALONE).cert_pem;
    pair.peer.server_name = SLICE("nobody.example");
    pair.peer.skips_verify = true;
    tls_pair_open(&pair, ROOM);
    assert_true(tls_pair_shake(&pair));
    assert_ptr_equal(tls_info_verified(pair.client, NULL), &err_tls_unknown_ca);
}

static void test_nothing_shared(void **state)
{
    UNUSED(state);
    pair.server_options.protocols = TLS_1_2;
    pair.client_options.protocols = TLS_1_3;
    tls_pair_open(&pair, ROOM);
    assert_false(tls_pair_shake(&pair));
    assert_ptr_equal(pair.server->err, &err_tls_no_shared_protocol);
    assert_ptr_equal(pair.client->err, &err_tls_no_shared_protocol);
    tls_pair_close(&pair);

    tls_pair_init(&pair);
    pair.server_options.protocols = pair.client_options.protocols = TLS_1_2;
    pair.server_options.ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256";
    pair.client_options.ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384";
    tls_pair_open(&pair, ROOM);
    assert_false(tls_pair_shake(&pair));
    assert_ptr_equal(pair.server->err, &err_tls_no_shared_cipher);
    assert_ptr_equal(pair.client->err, &err_tls_alert);
}

/* --- clients' certificates --- */

static void open_with_client(enum tls_verify verify, const struct tls_credential *cert)
{
    tls_pair_init(&pair);
    pair.server_options.verify = verify;
    pair.server_options.trust.ca_pem = certs_get(CERT_CA).cert_pem;
    pair.client_options.cert = cert;
    tls_pair_open(&pair, ROOM);
}

static void test_client_certificates(void **state)
{
    struct tls_credential good = certs_get(CERT_CLIENT), bad = certs_get(CERT_ALONE);
    struct buf pem = BUF_EMPTY;

    UNUSED(state);
    open_with_client(TLS_VERIFY_REQUIRED, &good);
    assert_true(tls_pair_shake(&pair));
    assert_null(tls_info_verified(pair.server, NULL));
    assert_true(tls_peer_certificate(pair.server, &pem));
    assert_true(slice_eq(buf_slice(&pem), good.cert_pem));
    buf_free(&pem);
    tls_pair_close(&pair);

    open_with_client(TLS_VERIFY_ASKED, &bad);
    assert_true(tls_pair_shake(&pair));
    assert_ptr_equal(tls_info_verified(pair.server, NULL), &err_tls_self_signed);
    tls_pair_close(&pair);

    open_with_client(TLS_VERIFY_ASKED, NULL);
    assert_true(tls_pair_shake(&pair));
    assert_ptr_equal(tls_info_verified(pair.server, NULL), &err_tls_no_certificate);
    tls_pair_close(&pair);

    open_with_client(TLS_VERIFY_REQUIRED, NULL);
    (void)tls_pair_shake(&pair);
    assert_ptr_equal(pair.server->err, &err_tls_no_certificate);
}

static void test_revoked(void **state)
{
    struct tls_credential revoked = certs_get(CERT_REVOKED);
    char *crl = certs_file(certs_revocations());

    UNUSED(state);
    pair.server_options.verify = TLS_VERIFY_REQUIRED;
    pair.server_options.trust.ca_pem = certs_get(CERT_CA).cert_pem;
    pair.server_options.trust.crl_file = crl;
    pair.client_options.cert = &revoked;
    tls_pair_open(&pair, ROOM);
    (void)tls_pair_shake(&pair);
    assert_ptr_equal(pair.server->err, &err_tls_revoked);
    unlink(crl);
    mem_free(crl);
}

/* --- choices --- */

static void test_alpn(void **state)
{
    static const struct {
        const char *server, *client, *chosen; /* NULL: failure */
    } cases[] = {
        {"h2,http/1.1", "http/1.1,h2", "h2"},
        {"http/1.1", "h2,http/1.1", "http/1.1"},
        {"h2", "http/1.1", NULL},
        {"h2", "", ""},
        {NULL, "h2", ""},
    };

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        bool is_fine = cases[i].chosen != NULL;

        tls_pair_init(&pair);
        pair.server_options.alpn = cases[i].server;
        pair.peer.alpn = slice_str(cases[i].client);
        tls_pair_open(&pair, ROOM);
        assert_int_equal(tls_pair_shake(&pair), is_fine);
        if (is_fine)
            assert_true(slice_eq(tls_info_alpn(pair.server), slice_str(cases[i].chosen)));
        else
            assert_ptr_equal(pair.client->err, &err_tls_no_application_protocol);
        tls_pair_close(&pair);
    }
}

static struct tls_ctx *second;
static unsigned waits, hellos, choices;

static enum tls_answer on_hello(struct stream *s)
{
    hellos++;
    if (waits) {
        waits--;
        return TLS_WAIT;
    }
    if (slice_eq(tls_info_server_name(s), SLICE("refused.example")))
        return TLS_REFUSE;
    tls_hello_use_ctx(s, second);
    return TLS_GO_ON;
}

static enum tls_answer on_certificate(struct stream *s)
{
    UNUSED(s);
    choices++;
    return waits && waits-- ? TLS_WAIT : TLS_GO_ON;
}

static const struct tls_hooks hooks = {.on_hello = on_hello};
static const struct tls_hooks certificate_hooks = {.on_certificate = on_certificate};

static void open_hooked(const char *name)
{
    struct tls_credential other = certs_get(CERT_OTHER);
    struct tls_server_options o = {.certs = &other,
                                   .n_certs = 1,
                                   .protocols = TLS_1_2,
                                   .alpn = "second",
                                   .scope = SLICE("second")};

    assert_null(tls_ctx_new_server(&o, NULL, &second));
    pair.server_options.hooks = &hooks;
    pair.server_options.alpn = "first";
    pair.peer.server_name = slice_str(name);
    pair.peer.alpn = SLICE("first,second");
    hellos = 0;
    tls_pair_open(&pair, ROOM);
}

static void test_context_by_name(void **state)
{
    UNUSED(state);
    waits = 2;
    open_hooked("other.example");
    (void)tls_handshake(pair.client);
    assert_int_equal(tls_handshake(pair.server), STREAM_AGAIN);
    assert_int_equal(tls_wants(pair.server), 0);
    assert_int_equal(tls_handshake(pair.server), STREAM_AGAIN);
    assert_true(tls_pair_shake(&pair));
    assert_int_equal(hellos, 3);
    assert_string_equal(tls_info_version(pair.server).p, "TLSv1.2");
    assert_true(slice_eq(tls_info_alpn(pair.client), SLICE("second")));
    tls_ctx_unref(&second);
}

static void test_refused_by_name(void **state)
{
    UNUSED(state);
    open_hooked("refused.example");
    assert_false(tls_pair_shake(&pair));
    assert_ptr_equal(pair.server->err, &err_tls_refused);
    assert_ptr_equal(pair.client->err, &err_tls_alert);
    tls_ctx_unref(&second);
}

static void test_certificate_hook_waits(void **state)
{
    UNUSED(state);
    pair.server_options.hooks = &certificate_hooks;
    waits = 1;
    choices = 0;
    tls_pair_open(&pair, ROOM);
    (void)tls_handshake(pair.client);
    assert_int_equal(tls_handshake(pair.server), STREAM_AGAIN);
    assert_int_equal(tls_wants(pair.server), 0);
    assert_true(tls_pair_shake(&pair));
    assert_int_equal(choices, 2);
}

/* --- sessions --- */

static void resume(unsigned protocols, bool has_tickets, bool is_resumed)
{
    struct tls_session *session;

    tls_pair_init(&pair);
    pair.server_options.protocols = protocols;
    pair.server_options.has_tickets = has_tickets;
    tls_pair_open(&pair, ROOM);
    assert_true(tls_pair_shake(&pair));
    assert_int_equal(tls_pair_put(pair.server, "x"), 1);
    assert_reads(pair.client, "x");
    session = tls_take_session(pair.client);
    assert_int_equal(session != NULL, has_tickets);
    assert_null(tls_take_session(pair.client));
    stream_close(&pair.client, false);
    stream_close(&pair.server, false);
    pair.peer.session = session;
    tls_pair_open(&pair, ROOM);
    assert_true(tls_pair_shake(&pair));
    assert_int_equal(tls_info_is_resumed(pair.client), is_resumed);
    assert_int_equal(tls_info_is_resumed(pair.server), is_resumed);
    tls_session_free(&session);
    tls_pair_close(&pair);
}

static void test_resumption(void **state)
{
    UNUSED(state);
    resume(TLS_1_3, true, true);
    resume(TLS_1_2, true, true);
    resume(TLS_1_2, false, false);
}

/* --- the contract of a stream --- */

/* A transport that takes little: bytes not taken are offered again, none are lost or doubled. */
static void test_blocked_writes(void **state)
{
    static char big[300000], got[300000];
    size_t sent = 0, received = 0;

    UNUSED(state);
    for (size_t i = 0; i < sizeof(big); i++)
        big[i] = (char)(i * 31 >> 3);
    tls_pair_open(&pair, ROOM);
    assert_true(tls_pair_shake(&pair));
    pair_set_capacity(pair.under[0], 5000);
    while (received < sizeof(got)) {
        struct iovec v[2] = {
            {big + sent, (sizeof(big) - sent) / 2},
            {big + sent + (sizeof(big) - sent) / 2, sizeof(big) - sent - (sizeof(big) - sent) / 2}};
        ssize_t n = sent < sizeof(big) ? stream_writev(pair.server, v, 2) : 0;

        assert_int_not_equal(n, STREAM_FAILED);
        sent += n > 0 ? (size_t)n : 0;
        n = stream_read(pair.client, got + received, sizeof(got) - received);
        assert_int_not_equal(n, STREAM_FAILED);
        received += n > 0 ? (size_t)n : 0;
        assert_true(sent <= received + 5000 + 5 * 16384);
    }
    assert_int_equal(sent, sizeof(big));
    assert_memory_equal(big, got, sizeof(big));
}

static unsigned calls;
static int seen;

static void on_ready(struct stream *s, int events)
{
    UNUSED(s);
    calls++;
    seen |= events;
}

/* Records that were read ahead are announced although no descriptor tells of them. */
static void test_decrypted_bytes_are_readable(void **state)
{
    char some[100];

    UNUSED(state);
    tls_pair_open(&pair, ROOM);
    assert_true(tls_pair_shake(&pair));
    for (int i = 0; i < 3; i++)
        assert_int_equal(tls_pair_put(pair.client, "0123456789"), 10);
    pair.server->on_ready = on_ready;
    stream_watch(pair.server, IO_READ);
    assert_int_equal(stream_read(pair.server, some, 5), 5);
    calls = 0;
    loop_turn(false);
    loop_turn(false);
    assert_true(calls >= 2);
    assert_int_equal(stream_read(pair.server, some, sizeof(some)), 25);
    loop_turn(false);
    calls = 0;
    loop_turn(false);
    assert_int_equal(calls, 0);
}

static void test_writability(void **state)
{
    static char big[200000];
    struct iovec v = {big, sizeof(big)};

    UNUSED(state);
    tls_pair_open(&pair, ROOM);
    assert_true(tls_pair_shake(&pair));
    pair_set_capacity(pair.under[0], 0);
    pair.server->on_ready = on_ready;
    assert_int_equal(stream_writev(pair.server, &v, 1), STREAM_AGAIN);
    stream_watch(pair.server, IO_WRITE);
    calls = 0;
    loop_turn(false);
    assert_int_equal(calls, 0);
    pair_set_capacity(pair.under[0], ROOM);
    loop_turn(false);
    assert_int_equal(seen & IO_WRITE, IO_WRITE);
    assert_int_equal(stream_writev(pair.server, &v, 1), 4 * 16384);
}

static void test_end(void **state)
{
    char c;

    UNUSED(state);
    tls_pair_open(&pair, ROOM);
    assert_true(tls_pair_shake(&pair));
    assert_int_equal(tls_pair_put(pair.client, "last"), 4);
    stream_shutdown(pair.client);
    assert_reads(pair.server, "last");
    assert_int_equal(stream_read(pair.server, &c, 1), 0);
    assert_int_equal(tls_pair_put(pair.server, "reply"), 5); /* one side may still send */
    stream_close(&pair.server, false);
    assert_reads(pair.client, "reply");
    assert_int_equal(stream_read(pair.client, &c, 1), 0);
    assert_int_equal(tls_pair_put(pair.client, "x"), STREAM_FAILED);
}

/* A server that asks for a new handshake and ends at once: our refusal is for that server, however
 * the reading of it ended. */
static void test_answer_at_the_end(void **state)
{
    struct tls_pair other;
    char c;

    UNUSED(state);
    tls_pair_init(&other);
    tls_pair_open(&other, ROOM);
    assert_true(tls_pair_shake(&other));
    pair.server_options.protocols = TLS_1_2;
    tls_pair_open(&pair, ROOM);
    assert_true(tls_pair_shake(&pair));
    SSL_clear_options(tls_ssl(pair.server), SSL_OP_NO_RENEGOTIATION);
    assert_int_equal(SSL_renegotiate(tls_ssl(pair.server)), 1);
    assert_int_equal(SSL_do_handshake(tls_ssl(pair.server)), 1);
    stream_shutdown(pair.server);
    assert_int_equal(stream_read(pair.client, &c, 1), 0);
    assert_int_equal(tls_pair_put(other.client, "good"), 4);
    assert_reads(other.server, "good");
    tls_pair_close(&other);
}

/* What was agreed on can be asked for as long as somebody holds the stream. */
static void test_hold(void **state)
{
    struct stream *held;

    UNUSED(state);
    tls_pair_open(&pair, ROOM);
    assert_true(tls_pair_shake(&pair));
    held = tls_hold(pair.server);
    stream_close(&pair.server, false);
    assert_true(slice_eq(tls_info_version(held), SLICE("TLSv1.3")));
    tls_release(&held);
    assert_null(held);
    held = tls_hold(pair.client);
    tls_release(&held);
}

/* Without close_notify an end may be the work of a stranger. */
static void test_truncation(void **state)
{
    char c;

    UNUSED(state);
    tls_pair_open(&pair, ROOM);
    assert_true(tls_pair_shake(&pair));
    stream_shutdown(pair.under[1]);
    assert_int_equal(stream_read(pair.server, &c, 1), STREAM_FAILED);
    assert_ptr_equal(pair.server->err, &err_tls_truncated);
    assert_int_equal(stream_read(pair.server, &c, 1), STREAM_FAILED);
}

static void test_transport_fails(void **state)
{
    char c;

    UNUSED(state);
    tls_pair_open(&pair, ROOM);
    pair_fail(pair.under[1], &err_reset);
    assert_int_equal(tls_handshake(pair.client), STREAM_FAILED);
    assert_ptr_equal(pair.client->err, &err_reset);
    assert_int_equal(stream_read(pair.client, &c, 1), STREAM_FAILED);
}

static void test_not_tls(void **state)
{
    struct buf in = BUF_EMPTY;

    UNUSED(state);
    tls_pair_open(&pair, ROOM);
    assert_int_equal(tls_pair_put(pair.under[1], "GET / HTTP/1.1\r\n"), 16);
    assert_int_equal(tls_handshake(pair.server), STREAM_FAILED);
    assert_ptr_equal(pair.server->err, &err_tls_not_tls);
    pair.server = tls_unwrap(&pair.server, &in);
    assert_ptr_equal(pair.server, pair.under[0]);
    assert_string_equal(buf_cstr(&in), "GET / HTTP/1.1\r\n");
    buf_free(&in);
}

static void test_garbage_record(void **state)
{
    UNUSED(state);
    tls_pair_open(&pair, ROOM);
    assert_int_equal(tls_pair_put(pair.under[1], "\x16\x03\x01\x11\x11garbage"), 12);
    stream_shutdown(pair.under[1]);
    assert_int_equal(tls_handshake(pair.server), STREAM_AGAIN);
    assert_int_equal(tls_handshake(pair.server), STREAM_FAILED);
    assert_int_equal(tls_handshake(pair.server), STREAM_FAILED);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_bytes_both_ways),
        T(test_implicit_handshake),
        T(test_narrow_transport),
        T(test_certificates_refused_by_client),
        T(test_unknown_authority),
        T(test_unverified),
        T(test_nothing_shared),
        T(test_client_certificates),
        T(test_revoked),
        T(test_alpn),
        T(test_context_by_name),
        T(test_refused_by_name),
        T(test_certificate_hook_waits),
        T(test_resumption),
        T(test_blocked_writes),
        T(test_decrypted_bytes_are_readable),
        T(test_writability),
        T(test_end),
        T(test_answer_at_the_end),
        T(test_hold),
        T(test_truncation),
        T(test_transport_fails),
        T(test_not_tls),
        T(test_garbage_record),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    certs_free();
    return failed;
}
