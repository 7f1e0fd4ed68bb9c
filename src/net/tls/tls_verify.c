/* The library asks one function for the judgement (SSL_CTX_set_cert_verify_callback(3)); it is
 * asked again after a wait, then with nothing judged yet: what was found the first time lies in the
 * SSL meanwhile, where the hook may change it. */
#include "net/tls/tls_verify.h"

#include <openssl/x509_vfy.h>

#include "base/check.h"
#include "net/tls/tls.h"
#include "net/tls/tls_openssl.h"

/* Whatever the mode: a handshake that only tells is given up, too. */
static int refuse(SSL *ssl, X509_STORE_CTX *store)
{
    SSL_set_verify(ssl, SSL_VERIFY_PEER, NULL);
    X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
    return 0;
}

/* Called by OpenSSL. */
static int judge(X509_STORE_CTX *store, void *arg)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct stream *s = tls_of_ssl(ssl);
    const struct tls_ctx *c = tls_openssl_ctx(ssl);
    bool is_again = *tls_state(s) != NULL;

    UNUSED(arg);
    if (!is_again && !c->skips_own_judgement && X509_verify_cert(store) < 0)
        return refuse(ssl, store);
    if (!is_again)
        SSL_set_verify_result(ssl, X509_STORE_CTX_get_error(store));
    switch (c->hooks->on_verify(s)) {
    case TLS_GO_ON:
        break;
    case TLS_WAIT:
        SSL_set_retry_verify(ssl);
        return 1;
    default:
        return refuse(ssl, store);
    }
    X509_STORE_CTX_set_error(store, (int)SSL_get_verify_result(ssl));
    return SSL_get_verify_result(ssl) == X509_V_OK;
}

void tls_verify_use(SSL_CTX *ssl)
{
    SSL_CTX_set_cert_verify_callback(ssl, judge, NULL);
}

long tls_verify_result(const struct stream *s)
{
    return SSL_get_verify_result(tls_ssl(s));
}

void tls_verify_set_result(struct stream *s, long result)
{
    SSL_set_verify_result(tls_ssl(s), result);
}

const char *tls_verify_text(long result)
{
    return X509_verify_cert_error_string(result);
}

void *tls_verify_certificate(const struct stream *s)
{
    STACK_OF(X509) *chain = SSL_get_peer_cert_chain(tls_ssl(s));
    X509 *x = chain ? sk_X509_value(chain, 0) : NULL;

    if (x)
        CHECK(X509_up_ref(x) == 1);
    return x;
}

void tls_verify_free_certificate(void *x509)
{
    X509_free(x509);
}
