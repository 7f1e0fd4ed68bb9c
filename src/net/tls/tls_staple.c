/* The library keeps one certificate for each kind of key, and walks through them by a cursor that
 * nothing else uses once the context is made. Which of them a handshake shows is known when the
 * status is asked for. */
#include "net/tls/tls_staple.h"

#include <openssl/x509v3.h>

#include "base/mem.h"
#include "net/tls/tls_ocsp.h"
#include "net/tls/tls_openssl.h"

/* Puts the cursor on the i-th certificate. */
static X509 *certificate(SSL_CTX *ssl, unsigned i)
{
    bool is_there = SSL_CTX_set_current_cert(ssl, SSL_CERT_SET_FIRST) == 1;

    while (is_there && i-- > 0)
        is_there = SSL_CTX_set_current_cert(ssl, SSL_CERT_SET_NEXT) == 1;
    return is_there ? SSL_CTX_get0_certificate(ssl) : NULL;
}

static void append(X509 *x, struct buf *out)
{
    unsigned char *p = NULL;
    int n = i2d_X509(x, &p);

    if (n > 0)
        buf_add(out, p, (size_t)n);
    OPENSSL_free(p);
}

/* One reference, or NULL. */
static X509 *issuer_of(SSL_CTX *ssl, X509 *leaf)
{
    X509_STORE_CTX *trust = X509_STORE_CTX_new();
    STACK_OF(X509) *above = NULL;
    X509 *found = NULL;

    SSL_CTX_get0_chain_certs(ssl, &above);
    for (int i = 0; !found && i < sk_X509_num(above); i++)
        if (X509_check_issued(sk_X509_value(above, i), leaf) == X509_V_OK)
            found = sk_X509_value(above, i);
    if (found)
        X509_up_ref(found);
    else if (trust && X509_STORE_CTX_init(trust, SSL_CTX_get_cert_store(ssl), NULL, NULL))
        (void)X509_STORE_CTX_get1_issuer(&found, trust, leaf);
    X509_STORE_CTX_free(trust);
    return found;
}

bool tls_staple_chain(struct tls_ctx *c, unsigned i, struct buf *out)
{
    X509 *leaf = certificate(c->ssl, i), *issuer;

    if (!leaf)
        return false;
    append(leaf, out);
    issuer = issuer_of(c->ssl, leaf);
    if (issuer)
        append(issuer, out);
    X509_free(issuer);
    return true;
}

/* The entry for a certificate (NULL: for any), made when it is not there. */
static struct tls_staple *entry(struct tls_ctx *c, const X509 *leaf)
{
    for (unsigned i = 0; i < c->n_staples; i++)
        if (c->staples[i].leaf == leaf)
            return &c->staples[i];
    c->staples = mem_realloc(c->staples, (c->n_staples + 1) * sizeof(*c->staples));
    c->staples[c->n_staples] = (struct tls_staple){.leaf = leaf};
    return &c->staples[c->n_staples++];
}

static void set(struct tls_ctx *c, const X509 *leaf, struct slice response)
{
    struct tls_staple *s = entry(c, leaf);

    mem_free(s->p);
    s->p = response.n ? mem_strdup(response) : NULL;
    s->n = response.n;
}

void tls_staple_set(struct tls_ctx *c, unsigned i, struct slice response)
{
    const X509 *leaf = certificate(c->ssl, i);

    if (leaf)
        set(c, leaf, response);
}

void tls_staple_set_any(struct tls_ctx *c, struct slice response)
{
    set(c, NULL, response);
}

/* Called by OpenSSL when a client has asked (RFC 6066 section 8). */
static int on_status(SSL *ssl, void *arg)
{
    const struct tls_ctx *c = tls_openssl_ctx(ssl);
    const X509 *leaf = SSL_get_certificate(ssl);
    const unsigned char *p;

    UNUSED(arg);
    if (SSL_get_tlsext_status_ocsp_resp(ssl, &p) > 0) /* a hook has given one */
        return SSL_TLSEXT_ERR_OK;
    for (unsigned i = 0; i < c->n_staples; i++) {
        const struct tls_staple *s = &c->staples[i];

        if (s->n && (!s->leaf || s->leaf == leaf) &&
            tls_ocsp_staple(tls_of_ssl(ssl), slice_of(s->p, s->n)))
            return SSL_TLSEXT_ERR_OK;
    }
    return SSL_TLSEXT_ERR_NOACK;
}

void tls_staple_use(struct tls_ctx *c)
{
    SSL_CTX_set_tlsext_status_cb(c->ssl, on_status);
}
