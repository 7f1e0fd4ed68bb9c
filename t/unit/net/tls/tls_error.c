/* OpenSSL's reasons as constants. */
#include "net/tls/tls_error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

static void test_verification(void **state)
{
    static const struct {
        long result;
        const struct err *err;
    } cases[] = {
        {X509_V_OK, NULL},
        {X509_V_ERR_CERT_HAS_EXPIRED, &err_tls_expired},
        {X509_V_ERR_CERT_NOT_YET_VALID, &err_tls_not_yet_valid},
        {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, &err_tls_self_signed},
        {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, &err_tls_unknown_ca},
        {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, &err_tls_unknown_ca},
        {X509_V_ERR_HOSTNAME_MISMATCH, &err_tls_wrong_name},
        {X509_V_ERR_CERT_REVOKED, &err_tls_revoked},
        {X509_V_ERR_INVALID_PURPOSE, &err_tls_bad_certificate},
    };

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_ptr_equal(tls_error_of_verify(cases[i].result), cases[i].err);
}

static void test_queue(void **state)
{
    struct buf why = BUF_EMPTY;

    UNUSED(state);
    OPENSSL_init_ssl(OPENSSL_INIT_LOAD_SSL_STRINGS, NULL);
    ERR_clear_error();
    assert_ptr_equal(tls_error_take(&why), &err_tls_handshake);
    assert_int_equal(why.n, 0);
    ERR_raise(ERR_LIB_SSL, SSL_R_NO_SHARED_CIPHER);
    ERR_raise(ERR_LIB_SSL, SSL_R_BAD_LENGTH);
    assert_ptr_equal(tls_error_take(&why), &err_tls_no_shared_cipher);
    assert_string_equal(buf_cstr(&why), "no shared cipher");
    assert_int_equal(ERR_peek_error(), 0);
    ERR_raise_data(ERR_LIB_SSL, SSL_AD_REASON_OFFSET + SSL_AD_UNKNOWN_CA, "SSL alert number %d",
                   48);
    buf_free(&why);
    assert_ptr_equal(tls_error_take(&why), &err_tls_alert);
    assert_non_null(strstr(buf_cstr(&why), "alert number 48"));
    buf_free(&why);
    ERR_raise(ERR_LIB_SSL, SSL_R_BAD_LENGTH);
    assert_ptr_equal(tls_error_take(NULL), &err_tls_handshake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verification),
        cmocka_unit_test(test_queue),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
