/* Our context is found behind the library's and goes with it. */
#include "net/tls/tls_openssl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/base.h"
#include "base/mem.h"
#include "base/slice.h"

static void test_life(void **state)
{
    struct tls_ctx *c = tls_openssl_new(TLS_method());
    SSL *ssl = SSL_new(c->ssl);

    UNUSED(state);
    c->curves = mem_strdup(SLICE("x"));
    c->ticket_keys = mem_new(struct tls_ticket_key);
    c->n_ticket_keys = 1;
    assert_ptr_equal(tls_openssl_ctx(ssl), c);
    SSL_CTX_free(c->ssl);
    assert_ptr_equal(tls_openssl_ctx(ssl), c);
    SSL_free(ssl); /* the last reference: a leak check sees what is left */
}

static void test_versions(void **state)
{
    static const struct {
        unsigned wanted;
        struct tls_versions want;
    } cases[] = {
        {0,
         {SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1 | SSL_OP_NO_TLSv1_2 | SSL_OP_NO_TLSv1_3, 0, false}},
        {TLS_1_2 | TLS_1_3, {SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1, TLS1_2_VERSION, false}},
        {TLS_1_1 | TLS_1_3, {SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_2, TLS1_1_VERSION, true}},
        {TLS_1_0 | TLS_1_1 | TLS_1_2 | TLS_1_3, {0, TLS1_VERSION, true}},
    };

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct tls_versions v = tls_openssl_versions(cases[i].wanted);

        assert_true(v.without == cases[i].want.without);
        assert_int_equal(v.least, cases[i].want.least);
        assert_int_equal(v.is_old, cases[i].want.is_old);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_life),
                                       cmocka_unit_test(test_versions)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
