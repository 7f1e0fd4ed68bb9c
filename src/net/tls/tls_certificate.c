/* The library prints into a memory BIO; what it printed is appended. */
#include "net/tls/tls_certificate.h"

#include <openssl/pem.h>
#include <openssl/x509.h>

#include "net/tls/tls_openssl.h"

static const X509 *certificate_of(const struct stream *s)
{
    return SSL_get0_peer_certificate(tls_ssl(s));
}

/* Appends what a BIO holds and frees it. */
static bool append(BIO *bio, struct buf *out)
{
    tls_openssl_append(bio, out);
    BIO_free(bio);
    return true;
}

bool tls_peer_certificate(const struct stream *s, struct buf *out)
{
    const X509 *x = certificate_of(s);
    BIO *bio;

    if (!x)
        return false;
    bio = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(bio, x);
    return append(bio, out);
}

static bool print_name(const X509_NAME *name, struct buf *out)
{
    BIO *bio = BIO_new(BIO_s_mem());

    X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
    return append(bio, out);
}

static bool print_legacy(const X509_NAME *name, struct buf *out)
{
    char *text = X509_NAME_oneline(name, NULL, 0);

    if (!text)
        return false;
    buf_add_slice(out, slice_str(text));
    OPENSSL_free(text);
    return true;
}

bool tls_certificate_subject(const struct stream *s, struct buf *out)
{
    const X509 *x = certificate_of(s);

    return x && print_name(X509_get_subject_name(x), out);
}

bool tls_certificate_issuer(const struct stream *s, struct buf *out)
{
    const X509 *x = certificate_of(s);

    return x && print_name(X509_get_issuer_name(x), out);
}

bool tls_certificate_subject_legacy(const struct stream *s, struct buf *out)
{
    const X509 *x = certificate_of(s);

    return x && print_legacy(X509_get_subject_name(x), out);
}

bool tls_certificate_issuer_legacy(const struct stream *s, struct buf *out)
{
    const X509 *x = certificate_of(s);

    return x && print_legacy(X509_get_issuer_name(x), out);
}

bool tls_certificate_serial(const struct stream *s, struct buf *out)
{
    const X509 *x = certificate_of(s);
    BIO *bio;

    if (!x)
        return false;
    bio = BIO_new(BIO_s_mem());
    i2a_ASN1_INTEGER(bio, X509_get0_serialNumber(x));
    return append(bio, out);
}

bool tls_certificate_fingerprint(const struct stream *s, struct buf *out)
{
    const X509 *x = certificate_of(s);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n;

    if (!x || X509_digest(x, EVP_sha1(), digest, &n) != 1)
        return false;
    for (unsigned i = 0; i < n; i++)
        buf_printf(out, "%02x", digest[i]);
    return true;
}

static bool print_time(const ASN1_TIME *t, struct buf *out)
{
    BIO *bio = BIO_new(BIO_s_mem());

    ASN1_TIME_print(bio, t);
    return append(bio, out);
}

bool tls_certificate_starts(const struct stream *s, struct buf *out)
{
    const X509 *x = certificate_of(s);

    return x && print_time(X509_get0_notBefore(x), out);
}

bool tls_certificate_ends(const struct stream *s, struct buf *out)
{
    const X509 *x = certificate_of(s);

    return x && print_time(X509_get0_notAfter(x), out);
}

bool tls_certificate_days(const struct stream *s, struct buf *out)
{
    const X509 *x = certificate_of(s);
    int days, seconds;

    if (!x || ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(x)) != 1)
        return false;
    buf_add_int(out, days < 0 || seconds < 0 ? 0 : days);
    return true;
}
