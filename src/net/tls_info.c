/* Questions to OpenSSL, one each. */
#include "net/tls_info.h"

#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include "net/tls_error.h"
#include "net/tls_openssl.h"

struct slice tls_version(const struct stream *s)
{
    return slice_str(SSL_get_version(tls_ssl(s)));
}

int tls_version_number(const struct stream *s)
{
    return SSL_version(tls_ssl(s));
}

struct slice tls_cipher(const struct stream *s)
{
    const char *name = SSL_get_cipher_name(tls_ssl(s));

    return name ? slice_str(name) : SLICE_EMPTY;
}

struct slice tls_alpn(const struct stream *s)
{
    const unsigned char *p;
    unsigned n;

    SSL_get0_alpn_selected(tls_ssl(s), &p, &n);
    return n ? slice_of((const char *)p, n) : SLICE_EMPTY;
}

/* While a ClientHello is being acted on, the library has not yet taken the name from it: a list of
 * one, two bytes of length, a type, two bytes of length, the name (RFC 6066 section 3). */
static struct slice name_in_hello(SSL *ssl)
{
    enum { HEAD = 5 };
    const unsigned char *p;
    size_t n;

    if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &p, &n) != 1 || n <= HEAD ||
        p[2] != TLSEXT_NAMETYPE_host_name || (size_t)(p[3] << 8 | p[4]) != n - HEAD ||
        memchr(p + HEAD, 0, n - HEAD))
        return SLICE_EMPTY;
    return slice_of((const char *)p + HEAD, n - HEAD);
}

struct slice tls_server_name(const struct stream *s)
{
    SSL *ssl = tls_ssl(s);
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

    return name ? slice_str(name) : name_in_hello(ssl);
}

bool tls_is_resumed(const struct stream *s)
{
    return SSL_session_reused(tls_ssl(s)) == 1;
}

const struct err *tls_verified(const struct stream *s, struct buf *why)
{
    const SSL *ssl = tls_ssl(s);
    long result = SSL_get_verify_result(ssl);

    if (!SSL_get0_peer_certificate(ssl))
        return &err_tls_no_certificate;
    if (result != X509_V_OK && why)
        buf_printf(why, "%s", X509_verify_cert_error_string(result));
    return tls_error_of_verify(result);
}

bool tls_peer_certificate(const struct stream *s, struct buf *pem)
{
    X509 *x = SSL_get0_peer_certificate(tls_ssl(s));
    BIO *out;
    char *p;
    long n;

    if (!x)
        return false;
    out = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(out, x);
    n = BIO_get_mem_data(out, &p);
    buf_add(pem, p, (size_t)n);
    BIO_free(out);
    return true;
}
