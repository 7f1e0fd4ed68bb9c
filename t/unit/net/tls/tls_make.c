/* What is made can be read back; whether it means what it should is seen by handshakes (tls.c). */
#include "net/tls/tls_make.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/x509v3.h>

#include "net/tls/tls_error.h"
#include "net/tls/tls_pem.h"

static void test_self_signed(void **state)
{
    const struct slice names[] = {SLICE("a.example"), SLICE("::1")};
    const struct tls_make_options o = {
        .common_name = SLICE("somebody"), .names = names, .n_names = 2, .serial = 77};
    struct buf cert = BUF_EMPTY, key = BUF_EMPTY;
    struct tls_credential c;
    struct tls_chain chain;

    UNUSED(state);
    assert_null(tls_make_certificate(&o, &cert, &key));
    c = (struct tls_credential){.cert_pem = buf_slice(&cert), .key_pem = buf_slice(&key)};
    assert_null(tls_pem_load(&c, &chain, NULL));
    assert_int_equal(ASN1_INTEGER_get(X509_get0_serialNumber(chain.leaf)), 77);
    assert_int_equal(X509_check_host(chain.leaf, "a.example", 0, 0, NULL), 1);
    assert_int_equal(X509_check_host(chain.leaf, "b.example", 0, 0, NULL), 0);
    assert_int_equal(X509_check_ip_asc(chain.leaf, "::1", 0), 1);
    assert_int_equal(X509_verify(chain.leaf, chain.key), 1);
    tls_pem_free(&chain);
    buf_free(&cert);
    buf_free(&key);
}

static void test_bad_input(void **state)
{
    const struct slice bad[] = {SLICE("a,DNS:evil.example")};
    const struct tls_make_options cases[] = {
        {.common_name = SLICE("x"), .names = bad, .n_names = 1},
        {.common_name = SLICE("x"), .issuer_cert = SLICE("no"), .issuer_key = SLICE("pem")},
    };
    struct buf cert = BUF_EMPTY, key = BUF_EMPTY;

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_non_null(tls_make_certificate(&cases[i], &cert, &key));
    assert_int_equal(cert.n + key.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_self_signed),
        cmocka_unit_test(test_bad_input),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
