/* A tls_chain on the heap: with a leaf it is a chain, with a key it is a key. */
#include "net/tls_material.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/check.h"
#include "base/mem.h"
#include "net/tls_error.h"
#include "net/tls_openssl.h"
#include "net/tls_pem.h"

struct tls_material {
    struct tls_chain chain;
};

static const struct err *fail(struct buf *why, const char *what)
{
    if (why)
        buf_printf(why, "%s: ", what);
    (void)tls_error_take(why);
    return &err_tls_material;
}

static struct tls_material *new_material(struct tls_chain chain)
{
    struct tls_material *m = mem_new(struct tls_material);

    m->chain = chain;
    return m;
}

const struct err *tls_material_chain_pem(struct slice pem, struct buf *why,
                                         struct tls_material **out)
{
    struct tls_chain chain;
    const struct err *e = tls_pem_certificates(pem, &chain, why);

    *out = e ? NULL : new_material(chain);
    return e;
}

const struct err *tls_material_chain_der(struct slice der, struct buf *why,
                                         struct tls_material **out)
{
    const unsigned char *p = (const unsigned char *)der.p, *end = p + der.n;
    struct tls_chain chain = {.above = sk_X509_new_null()};
    X509 *x;

    *out = NULL;
    ERR_clear_error();
    chain.leaf = d2i_X509(NULL, &p, end - p);
    while (chain.leaf && p < end) {
        x = d2i_X509(NULL, &p, end - p);
        if (!x)
            break;
        sk_X509_push(chain.above, x);
    }
    if (!chain.leaf || p != end) {
        tls_pem_free(&chain);
        return fail(why, "d2i_X509() failed");
    }
    *out = new_material(chain);
    return NULL;
}

const struct err *tls_material_key_pem(struct slice pem, struct slice password, struct buf *why,
                                       struct tls_material **out)
{
    struct tls_chain chain = {.key = tls_pem_key(pem, &password, password.n > 0, why)};

    *out = chain.key ? new_material(chain) : NULL;
    return chain.key ? NULL : &err_tls_material;
}

const struct err *tls_material_key_der(struct slice der, struct buf *why, struct tls_material **out)
{
    const unsigned char *p = (const unsigned char *)der.p;
    struct tls_chain chain = {.leaf = NULL};

    ERR_clear_error();
    chain.key = d2i_AutoPrivateKey(NULL, &p, (long)der.n);
    *out = chain.key ? new_material(chain) : NULL;
    return chain.key ? NULL : fail(why, "d2i_AutoPrivateKey() failed");
}

static void append_certificate(X509 *x, struct buf *out)
{
    unsigned char *p = NULL;
    int n = i2d_X509(x, &p);

    if (n > 0)
        buf_add(out, p, (size_t)n);
    OPENSSL_free(p);
}

static void append_key(EVP_PKEY *key, struct buf *out)
{
    unsigned char *p = NULL;
    int n = i2d_PrivateKey(key, &p);

    if (n > 0)
        buf_add(out, p, (size_t)n);
    OPENSSL_clear_free(p, n > 0 ? (size_t)n : 0);
}

void tls_material_der(const struct tls_material *m, struct buf *out)
{
    if (m->chain.key) {
        append_key(m->chain.key, out);
        return;
    }
    append_certificate(m->chain.leaf, out);
    for (int i = 0; i < sk_X509_num(m->chain.above); i++)
        append_certificate(sk_X509_value(m->chain.above, i), out);
}

void tls_material_free(struct tls_material **m)
{
    if (*m)
        tls_pem_free(&(*m)->chain);
    mem_free(*m);
    *m = NULL;
}

void tls_material_clear(struct stream *s)
{
    SSL_certs_clear(tls_ssl(s));
}

const struct err *tls_material_use(struct stream *s, const struct tls_material *m, struct buf *why)
{
    SSL *ssl = tls_ssl(s);

    ERR_clear_error();
    if (m->chain.key)
        return SSL_use_PrivateKey(ssl, m->chain.key) == 1
                   ? NULL
                   : fail(why, "SSL_use_PrivateKey() failed");
    if (SSL_use_certificate(ssl, m->chain.leaf) != 1)
        return fail(why, "SSL_use_certificate() failed");
    return SSL_set1_chain(ssl, m->chain.above) == 1 ? NULL : fail(why, "SSL_set1_chain() failed");
}

void tls_material_verify_client(struct stream *s, const struct tls_material *authorities, int depth)
{
    SSL *ssl = tls_ssl(s);
    X509_STORE *store;

    SSL_set_verify(ssl, SSL_VERIFY_PEER, tls_openssl_accept_any);
    SSL_set_verify_depth(ssl, depth);
    if (!authorities)
        return;
    store = X509_STORE_new();
    CHECK(store);
    X509_STORE_add_cert(store, authorities->chain.leaf);
    SSL_add_client_CA(ssl, authorities->chain.leaf);
    for (int i = 0; i < sk_X509_num(authorities->chain.above); i++) {
        X509_STORE_add_cert(store, sk_X509_value(authorities->chain.above, i));
        SSL_add_client_CA(ssl, sk_X509_value(authorities->chain.above, i));
    }
    SSL_set0_verify_cert_store(ssl, store);
}
