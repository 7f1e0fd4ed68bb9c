/* Options that cannot be used are refused with a text that names them. */
#include "net/tls/tls_ctx.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "net/tls/tls_error.h"
#include "t/lib/certs.h"

static void assert_refused(const struct tls_server_options *o, const char *word)
{
    struct buf why = BUF_EMPTY;
    struct tls_ctx *ctx;

    assert_non_null(tls_ctx_new_server(o, &why, &ctx));
    assert_null(ctx);
    if (!strstr(buf_cstr(&why), word))
        fail_msg("no \"%s\" in \"%s\"", word, buf_cstr(&why));
    buf_free(&why);
}

static void test_refused(void **state)
{
    struct tls_credential good = certs_get(CERT_SERVER), mixed = certs_get(CERT_SERVER);
    const struct tls_credential missing = {.cert_file = "/nonexistent.pem",
                                           .key_file = "/nonexistent.key"};
    const struct tls_server_options cases[] = {
        {.certs = &missing, .n_certs = 1},
        {.certs = &mixed, .n_certs = 1},
        {.certs = &good, .n_certs = 1, .ciphers = "NONSENSE"},
        {.certs = &good, .n_certs = 1, .ciphersuites = "NONSENSE"},
        {.certs = &good, .n_certs = 1, .curves = "P-1"},
        {.certs = &good, .n_certs = 1, .alpn = "h2,,x"},
        {.certs = &good, .n_certs = 1, .dh_file = "/nonexistent.dh"},
        {.certs = &good, .n_certs = 1, .trust = {.ca_file = "/nonexistent.ca"}},
        {.certs = &good, .n_certs = 1, .trust = {.ca_pem = SLICE("nothing")}},
        {.certs = &good, .n_certs = 1, .trust = {.crl_file = "/nonexistent.crl"}},
    };
    static const char *const words[] = {
        "nonexistent.pem", "belong", "NONSENSE",       "NONSENSE", "P-1",
        "h2,,x",           "dh",     "nonexistent.ca", "trusted",  "crl"};

    UNUSED(state);
    mixed.key_pem = certs_get(CERT_OTHER).key_pem;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_refused(&cases[i], words[i]);
}

static void test_client_refused(void **state)
{
    const struct tls_client_options o = {.trust = {.ca_file = "/nonexistent.ca"}};
    struct tls_ctx *ctx;

    UNUSED(state);
    assert_non_null(tls_ctx_new_client(&o, NULL, &ctx));
    assert_null(ctx);
}

static void test_count(void **state)
{
    struct tls_credential good[2] = {certs_get(CERT_SERVER), certs_get(CERT_SERVER_RSA)};
    const struct tls_server_options o = {.certs = good, .n_certs = 2};
    struct tls_ctx *one, *two;

    UNUSED(state);
    assert_null(tls_ctx_new_server(&o, NULL, &one));
    two = tls_ctx_ref(one);
    tls_ctx_unref(&one);
    assert_null(one);
    assert_true(tls_ctx_is_server(two));
    tls_ctx_unref(&two);
    tls_ctx_unref(&two); /* NULL by now */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_client_refused),
        cmocka_unit_test(test_count),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    certs_free();
    return failed;
}
