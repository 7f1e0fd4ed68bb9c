/* The place for a session: the newest stays, whoever holds the place. */
#include "net/tls/tls_resume.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <openssl/ssl.h>

static void test_newest_stays(void **state)
{
    struct tls_resume *r = tls_resume_new(), *other = tls_resume_ref(r);
    SSL_SESSION *first = SSL_SESSION_new(), *second = SSL_SESSION_new();

    (void)state;
    assert_null(tls_resume_session(r));
    tls_resume_put(r, first);
    assert_ptr_equal(tls_resume_session(r), first);
    tls_resume_put(r, second);
    tls_resume_unref(&r);
    assert_null(r);
    assert_ptr_equal(tls_resume_session(other), second);
    tls_resume_unref(&other);
    tls_resume_unref(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_newest_stays)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
