/* The library compares a "session id context" of at most 32 bytes, which is here a digest of all
 * that tells contexts apart. Authorities and lists count by what they hold, not by their files, so
 * that a reload with other ones begins afresh. */
#include "net/tls/tls_scope.h"

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include "base/buf.h"
#include "base/check.h"

static void add_certificate(struct buf *out, const X509 *x)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;

    CHECK(X509_digest(x, EVP_sha256(), digest, &n) == 1);
    buf_add(out, digest, n);
}

static void add_revocations(struct buf *out, const X509_CRL *x)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;

    CHECK(X509_CRL_digest(x, EVP_sha256(), digest, &n) == 1);
    buf_add(out, digest, n);
}

static void add_trust(struct buf *out, const SSL_CTX *ssl)
{
    const STACK_OF(X509_OBJECT) *all = X509_STORE_get0_objects(SSL_CTX_get_cert_store(ssl));

    for (int i = 0; i < sk_X509_OBJECT_num(all); i++) {
        const X509_OBJECT *o = sk_X509_OBJECT_value(all, i);

        if (X509_OBJECT_get_type(o) == X509_LU_X509)
            add_certificate(out, X509_OBJECT_get0_X509(o));
        else
            add_revocations(out, X509_OBJECT_get0_X509_CRL((X509_OBJECT *)(uintptr_t)o));
    }
}

static void add_shown(struct buf *out, SSL_CTX *ssl)
{
    for (long at = SSL_CERT_SET_FIRST; SSL_CTX_set_current_cert(ssl, at) == 1;
         at = SSL_CERT_SET_NEXT)
        add_certificate(out, SSL_CTX_get0_certificate(ssl));
}

void tls_scope_set(SSL_CTX *ssl, struct slice scope)
{
    unsigned char id[EVP_MAX_MD_SIZE];
    struct buf text = BUF_EMPTY;
    unsigned n = 0;

    buf_printf(&text, "%d %d %zu\n", SSL_CTX_get_verify_mode(ssl), SSL_CTX_get_verify_depth(ssl),
               scope.n);
    buf_add_slice(&text, scope);
    if (!scope.n)
        add_shown(&text, ssl);
    add_trust(&text, ssl);
    CHECK(EVP_Digest(text.p, text.n, id, &n, EVP_sha256(), NULL) == 1);
    CHECK(SSL_CTX_set_session_id_context(ssl, id, n) == 1);
    buf_free(&text);
}
