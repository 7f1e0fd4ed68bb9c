/* Questions to OpenSSL, one each. */
#include "net/tls/tls_info.h"

#include <openssl/crypto.h>
#include <openssl/objects.h>
#include <openssl/x509_vfy.h>

#include "base/encode.h"
#include "net/tls/tls_error.h"
#include "net/tls/tls_openssl.h"

struct slice tls_info_version(const struct stream *s)
{
    return slice_str(SSL_get_version(tls_ssl(s)));
}

int tls_info_version_number(const struct stream *s)
{
    return SSL_version(tls_ssl(s));
}

struct slice tls_info_cipher(const struct stream *s)
{
    const char *name = SSL_get_cipher_name(tls_ssl(s));

    return name ? slice_str(name) : SLICE_EMPTY;
}

struct slice tls_info_alpn(const struct stream *s)
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

struct slice tls_info_server_name(const struct stream *s)
{
    SSL *ssl = tls_ssl(s);
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

    return name ? slice_str(name) : name_in_hello(ssl);
}

bool tls_info_is_resumed(const struct stream *s)
{
    return SSL_session_reused(tls_ssl(s)) == 1;
}

const struct err *tls_info_verified(const struct stream *s, struct buf *why)
{
    const SSL *ssl = tls_ssl(s);
    long result = SSL_get_verify_result(ssl);

    if (!SSL_get0_peer_certificate(ssl))
        return &err_tls_no_certificate;
    if (result != X509_V_OK && why)
        buf_printf(why, "%s", X509_verify_cert_error_string(result));
    return tls_error_of_verify(result);
}

bool tls_info_is_of_unknown_ca(const struct err *e)
{
    return e == &err_tls_unknown_ca || e == &err_tls_self_signed;
}

struct slice tls_info_curve(const struct stream *s)
{
    SSL *ssl = tls_ssl(s);
    const char *name = OBJ_nid2sn((int)SSL_get_negotiated_group(ssl));

    return SSL_get_negotiated_group(ssl) && name ? slice_str(name) : SLICE_EMPTY;
}

bool tls_info_client_ciphers(const struct stream *s, struct buf *out)
{
    SSL *ssl = tls_ssl(s);
    const unsigned char *p;
    size_t each = SSL_get0_raw_cipherlist(ssl, NULL), n = SSL_get0_raw_cipherlist(ssl, &p);

    if (!each || !n)
        return false;
    for (size_t i = 0; i + each <= n; i += each) {
        const SSL_CIPHER *c = SSL_CIPHER_find(ssl, p + i);

        if (i)
            buf_add_char(out, ':');
        if (c)
            buf_printf(out, "%s", SSL_CIPHER_get_name(c));
        else
            buf_printf(out, "0x%02x%02x", p[i], p[i + 1]);
    }
    return true;
}

bool tls_info_client_curves(const struct stream *s, struct buf *out)
{
    enum { MOST = 64 };
    int curves[MOST], n = SSL_get1_curves(tls_ssl(s), NULL);

    if (n <= 0 || n > MOST)
        return false;
    n = SSL_get1_curves(tls_ssl(s), curves);
    for (int i = 0; i < n; i++) {
        const char *name = curves[i] & TLSEXT_nid_unknown ? NULL : OBJ_nid2sn(curves[i]);

        if (i)
            buf_add_char(out, ':');
        if (name)
            buf_printf(out, "%s", name);
        else
            buf_printf(out, "0x%04x", curves[i] & 0xffff);
    }
    return true;
}

bool tls_info_session_id(const struct stream *s, struct buf *out)
{
    const SSL_SESSION *session = SSL_get0_session(tls_ssl(s));
    unsigned n = 0;
    const unsigned char *id = session ? SSL_SESSION_get_id(session, &n) : NULL;

    if (!n)
        return false;
    encode_hex(out, slice_of((const char *)id, n));
    return true;
}

size_t tls_info_client_random(const struct stream *s, unsigned char *out, size_t most)
{
    return SSL_get_client_random(tls_ssl(s), out, most);
}

size_t tls_info_server_random(const struct stream *s, unsigned char *out, size_t most)
{
    return SSL_get_server_random(tls_ssl(s), out, most);
}

size_t tls_info_master_key(const struct stream *s, unsigned char *out, size_t most)
{
    const SSL_SESSION *session = SSL_get0_session(tls_ssl(s));

    return session ? SSL_SESSION_get_master_key(session, out, most) : 0;
}

bool tls_info_export_key(const struct stream *s, struct slice label, struct slice context,
                         bool is_early, unsigned char *out, size_t n)
{
    SSL *ssl = tls_ssl(s);
    const unsigned char *p = (const unsigned char *)context.p;

    if (is_early)
        return SSL_export_keying_material_early(ssl, out, n, label.p, label.n, p, context.n) == 1;
    return SSL_export_keying_material(ssl, out, n, label.p, label.n, p, context.n,
                                      context.p != NULL) == 1;
}

static bool has_cipher(const STACK_OF(SSL_CIPHER) * list, uint16_t number)
{
    for (int i = 0; i < sk_SSL_CIPHER_num(list); i++)
        if (SSL_CIPHER_get_protocol_id(sk_SSL_CIPHER_value(list, i)) == number)
            return true;
    return false;
}

size_t tls_info_shared_ciphers(const struct stream *s, uint16_t *out, size_t most)
{
    STACK_OF(SSL_CIPHER) *ours = SSL_get1_supported_ciphers(tls_ssl(s));
    const STACK_OF(SSL_CIPHER) *theirs = SSL_get_client_ciphers(tls_ssl(s));
    size_t n = 0;

    for (int i = 0; i < sk_SSL_CIPHER_num(ours); i++) {
        uint16_t number = SSL_CIPHER_get_protocol_id(sk_SSL_CIPHER_value(ours, i));

        if (has_cipher(theirs, number) && n++ < most)
            out[n - 1] = number;
    }
    sk_SSL_CIPHER_free(ours);
    return n;
}

const char *tls_info_library(void)
{
    return OpenSSL_version(OPENSSL_VERSION);
}

void *tls_info_pointer(const struct stream *s)
{
    return tls_ssl(s);
}

void *tls_info_ctx_pointer(const struct stream *s)
{
    return SSL_get_SSL_CTX(tls_ssl(s));
}
