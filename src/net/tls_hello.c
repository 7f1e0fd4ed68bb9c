/* Questions to OpenSSL, which has the message as it came. supported_versions is a byte of length
 * and pairs of bytes (RFC 8446 section 4.2.1). */
#include "net/tls_hello.h"

#include "net/tls_openssl.h"

bool tls_hello_extension(const struct stream *s, unsigned number, struct slice *out)
{
    const unsigned char *p;
    size_t n;

    if (SSL_client_hello_get0_ext(tls_ssl(s), number, &p, &n) != 1)
        return false;
    *out = slice_of((const char *)p, n);
    return true;
}

unsigned tls_hello_version(const struct stream *s, unsigned i)
{
    struct slice list;
    const unsigned char *p;

    if (!tls_hello_extension(s, TLSEXT_TYPE_supported_versions, &list))
        return i ? 0 : SSL_client_hello_get0_legacy_version(tls_ssl(s));
    p = (const unsigned char *)list.p;
    if (list.n < 1 || p[0] != list.n - 1 || 2 * (size_t)i + 2 > list.n - 1)
        return 0;
    return (unsigned)(p[1 + 2 * i] << 8 | p[2 + 2 * i]);
}

struct slice tls_hello_session_id(const struct stream *s)
{
    const unsigned char *p;
    size_t n = SSL_client_hello_get0_session_id(tls_ssl(s), &p);

    return slice_of((const char *)p, n);
}

void tls_hello_set_protocols(struct stream *s, unsigned protocols)
{
    struct tls_versions v = tls_openssl_versions(protocols);
    SSL *ssl = tls_ssl(s);

    SSL_clear_options(ssl, tls_openssl_versions(0).without);
    SSL_set_options(ssl, v.without);
    SSL_set_min_proto_version(ssl, v.least);
    if (v.is_old)
        SSL_set_security_level(ssl, 0);
}
