/* Failures name the function of the library that failed, and say its reason. */
#include "net/tls/tls_material.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/check.h"
#include "net/tls/tls_error.h"
#include "net/tls/tls_openssl.h"
#include "net/tls/tls_pem.h"

static const struct err *fail(struct buf *why, const char *what)
{
    if (why)
        buf_printf(why, "%s: ", what);
    (void)tls_error_take(why);
    return &err_tls_material;
}

const struct err *tls_material_chain_pem(struct slice pem, struct buf *why, STACK_OF(X509) * *out)
{
    struct tls_chain chain;
    const struct err *e = tls_pem_certificates(pem, &chain, why);

    *out = NULL;
    if (e)
        return e;
    sk_X509_unshift(chain.above, chain.leaf);
    *out = chain.above;
    return NULL;
}

const struct err *tls_material_chain_der(struct slice der, struct buf *why, STACK_OF(X509) * *out)
{
    const unsigned char *p = (const unsigned char *)der.p, *end = p + der.n;
    STACK_OF(X509) *chain = sk_X509_new_null();
    X509 *x;

    ERR_clear_error();
    while ((!sk_X509_num(chain) || p < end) && (x = d2i_X509(NULL, &p, end - p)))
        sk_X509_push(chain, x);
    *out = chain;
    if (sk_X509_num(chain) && p == end)
        return NULL;
    tls_material_free_chain(out);
    return fail(why, "d2i_X509_bio() failed");
}

const struct err *tls_material_key_pem(struct slice pem, struct slice password, struct buf *why,
                                       EVP_PKEY **out)
{
    *out = tls_pem_key(pem, &password, password.n > 0, why);
    return *out ? NULL : &err_tls_material;
}

const struct err *tls_material_key_der(struct slice der, struct buf *why, EVP_PKEY **out)
{
    const unsigned char *p = (const unsigned char *)der.p;

    ERR_clear_error();
    *out = d2i_AutoPrivateKey(NULL, &p, (long)der.n);
    return *out ? NULL : fail(why, "d2i_PrivateKey_bio() failed");
}

void tls_material_add_chain(const STACK_OF(X509) * chain, struct buf *out)
{
    for (int i = 0; i < sk_X509_num(chain); i++) {
        unsigned char *p = NULL;
        int n = i2d_X509(sk_X509_value(chain, i), &p);

        if (n > 0)
            buf_add(out, p, (size_t)n);
        OPENSSL_free(p);
    }
}

void tls_material_add_key(const EVP_PKEY *key, struct buf *out)
{
    unsigned char *p = NULL;
    int n = i2d_PrivateKey(key, &p);

    if (n > 0)
        buf_add(out, p, (size_t)n);
    OPENSSL_clear_free(p, n > 0 ? (size_t)n : 0);
}

void tls_material_free_chain(STACK_OF(X509) * *chain)
{
    sk_X509_pop_free(*chain, X509_free);
    *chain = NULL;
}

void tls_material_free_key(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
    *key = NULL;
}

void tls_material_clear(struct stream *s)
{
    SSL_certs_clear(tls_ssl(s));
}

const struct err *tls_material_use_chain(struct stream *s, STACK_OF(X509) * chain, struct buf *why)
{
    SSL *ssl = tls_ssl(s);

    ERR_clear_error();
    if (!sk_X509_num(chain))
        return fail(why, "invalid certificate chain");
    if (SSL_use_certificate(ssl, sk_X509_value(chain, 0)) != 1)
        return fail(why, "SSL_use_certificate() failed");
    (void)SSL_clear_chain_certs(ssl);
    for (int i = 1; i < sk_X509_num(chain); i++)
        if (SSL_add1_chain_cert(ssl, sk_X509_value(chain, i)) != 1)
            return fail(why, "SSL_add1_chain_cert() failed");
    return NULL;
}

const struct err *tls_material_use_key(struct stream *s, EVP_PKEY *key, struct buf *why)
{
    ERR_clear_error();
    return SSL_use_PrivateKey(tls_ssl(s), key) == 1 ? NULL
                                                    : fail(why, "SSL_use_PrivateKey() failed");
}

void tls_material_verify_client(struct stream *s, STACK_OF(X509) * named, STACK_OF(X509) * trusted,
                                int depth)
{
    SSL *ssl = tls_ssl(s);
    X509_STORE *store;

    SSL_set_verify(ssl, SSL_VERIFY_PEER, tls_openssl_accept_any);
    if (depth >= 0)
        SSL_set_verify_depth(ssl, depth);
    if (!named && !trusted)
        return;
    store = X509_STORE_new();
    CHECK(store);
    for (int i = 0; i < sk_X509_num(named); i++) {
        X509_STORE_add_cert(store, sk_X509_value(named, i));
        SSL_add_client_CA(ssl, sk_X509_value(named, i));
    }
    for (int i = 0; i < sk_X509_num(trusted); i++)
        X509_STORE_add_cert(store, sk_X509_value(trusted, i));
    SSL_set0_verify_cert_store(ssl, store);
}
