/* Questions to OpenSSL, which has the message as it came. supported_versions is a byte of length
 * and pairs of bytes (RFC 8446 section 4.2.1). */
#include "net/tls/tls_hello.h"

#include "net/tls/tls_openssl.h"

bool tls_hello_extension(const struct stream *s, unsigned number, struct slice *out)
{
    const unsigned char *p;
    size_t n;

    if (SSL_client_hello_get0_ext(tls_ssl(s), number, &p, &n) != 1)
        return false;
    *out = slice_of((const char *)p, n);
    return true;
}

size_t tls_hello_extensions(const struct stream *s, int *out, size_t most)
{
    int *all = NULL;
    size_t n = 0;

    if (SSL_client_hello_get1_extensions_present(tls_ssl(s), &all, &n) != 1)
        return 0;
    n = MIN(n, most);
    if (n)
        memcpy(out, all, n * sizeof(*out));
    OPENSSL_free(all);
    return n;
}

size_t tls_hello_ciphers(const struct stream *s, uint16_t *out, size_t most)
{
    const unsigned char *p;
    size_t n = SSL_client_hello_get0_ciphers(tls_ssl(s), &p) / 2;

    n = MIN(n, most);
    for (size_t i = 0; i < n; i++)
        out[i] = (uint16_t)(p[2 * i] << 8 | p[2 * i + 1]);
    return n;
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

/* The first identity of pre_shared_key (RFC 8446 section 4.2.11): two lengths, then its bytes. A
 * longer one is a ticket. */
static struct slice first_identity(struct slice psk)
{
    const unsigned char *p = (const unsigned char *)psk.p;
    size_t n = psk.n >= 4 ? (size_t)p[2] << 8 | p[3] : 0;

    return n <= SSL_MAX_SSL_SESSION_ID_LENGTH && n + 4 <= psk.n ? slice_of(psk.p + 4, n)
                                                                : SLICE_EMPTY;
}

/* Would a client that offers TLS 1.3 get it? Then the old field names no session. */
static bool has_1_3(const struct stream *s)
{
    unsigned version;

    if (SSL_get_options(tls_ssl(s)) & SSL_OP_NO_TLSv1_3)
        return false;
    for (unsigned i = 0; (version = tls_hello_version(s, i)) != 0; i++)
        if (version == TLS1_3_VERSION)
            return true;
    return false;
}

struct slice tls_hello_session_id(const struct stream *s)
{
    const unsigned char *p;
    struct slice body;
    size_t n;

    if (has_1_3(s))
        return tls_hello_extension(s, TLSEXT_TYPE_psk, &body) ? first_identity(body) : SLICE_EMPTY;
    if (tls_hello_extension(s, TLSEXT_TYPE_session_ticket, &body) && body.n)
        return SLICE_EMPTY;
    n = SSL_client_hello_get0_session_id(tls_ssl(s), &p);
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

void tls_hello_use_ctx(struct stream *s, struct tls_ctx *ctx)
{
    SSL *ssl = tls_ssl(s);
    SSL_CTX *to = ctx->ssl;

    if (SSL_get_SSL_CTX(ssl) == to)
        return;
    SSL_set_SSL_CTX(ssl, to);
    /* what an SSL copied from its first context */
    SSL_set_verify(ssl, SSL_CTX_get_verify_mode(to), SSL_CTX_get_verify_callback(to));
    SSL_set_verify_depth(ssl, SSL_CTX_get_verify_depth(to));
    SSL_clear_options(ssl, SSL_get_options(ssl) & ~SSL_CTX_get_options(to));
    SSL_set_options(ssl, SSL_CTX_get_options(to));
    SSL_set_min_proto_version(ssl, (int)SSL_CTX_get_min_proto_version(to));
    SSL_set_max_proto_version(ssl, (int)SSL_CTX_get_max_proto_version(to));
    SSL_set_security_level(ssl, SSL_CTX_get_security_level(to));
    SSL_set_max_early_data(ssl, SSL_CTX_get_max_early_data(to));
    if (ctx->curves)
        SSL_set1_curves_list(ssl, ctx->curves);
}
