/* What a client's certificate says, seen by the server. */
#include "net/tls/tls_certificate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "loop/loop.h"
#include "t/lib/tls_pair.h"

enum { ROOM = 1 << 20 };

static struct tls_pair pair;

static void assert_says(bool (*ask)(const struct stream *s, struct buf *out), const char *want)
{
    struct buf out = BUF_EMPTY;

    assert_true(ask(pair.server, &out));
    assert_string_equal(buf_cstr(&out), want);
    buf_free(&out);
    assert_true(ask(pair.client, &out)); /* the server's */
    buf_free(&out);
}

static void test_certificate(void **state)
{
    struct tls_credential cert = certs_get(CERT_REVOKED);
    struct buf pem = BUF_EMPTY, time = BUF_EMPTY;

    UNUSED(state);
    tls_pair_init(&pair);
    pair.server_options.verify = TLS_VERIFY_ASKED;
    pair.client_options.cert = &cert;
    tls_pair_open(&pair, ROOM);
    assert_true(tls_pair_shake(&pair));
    assert_says(tls_certificate_subject, "CN=revoked");
    assert_says(tls_certificate_issuer, "CN=Test Authority");
    assert_says(tls_certificate_subject_legacy, "/CN=revoked");
    assert_says(tls_certificate_issuer_legacy, "/CN=Test Authority");
    assert_says(tls_certificate_serial, "1267");
    assert_true(tls_peer_certificate(pair.server, &pem));
    assert_true(slice_eq(buf_slice(&pem), cert.cert_pem));
    assert_true(tls_certificate_fingerprint(pair.server, &time));
    assert_int_equal(time.n, 40);
    buf_free(&time);
    assert_true(tls_certificate_ends(pair.server, &time));
    assert_true(slice_has_suffix(buf_slice(&time), SLICE(" GMT")));
    buf_free(&time);
    buf_free(&pem);
    tls_pair_close(&pair);
}

static void test_none(void **state)
{
    static bool (*const all[])(const struct stream *s, struct buf *out) = {
        tls_peer_certificate,           tls_certificate_subject,       tls_certificate_issuer,
        tls_certificate_subject_legacy, tls_certificate_issuer_legacy, tls_certificate_serial,
        tls_certificate_fingerprint,    tls_certificate_starts,        tls_certificate_ends,
        tls_certificate_days,
    };
    struct buf out = BUF_EMPTY;

    UNUSED(state);
    tls_pair_init(&pair);
    tls_pair_open(&pair, ROOM);
    assert_true(tls_pair_shake(&pair));
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        assert_false(all[i](pair.server, &out));
    assert_int_equal(out.n, 0);
    tls_pair_close(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_certificate),
        cmocka_unit_test(test_none),
    };
    int failed;

    loop_init(LOOP_BEST);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    loop_run();
    loop_deinit();
    certs_free();
    return failed;
}
