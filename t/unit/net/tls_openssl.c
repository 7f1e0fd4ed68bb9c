/* Our context is found behind the library's and goes with it. */
#include "net/tls_openssl.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_life)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
