/* The name goes into the object's parameters, by which the library checks certificates. A resumed
 * handshake shows none: there the one that the session has kept is checked against the same
 * parameters, before the session is used. */
#include "net/tls/tls_peer.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/mem.h"
#include "net/tls/tls_alpn.h"
#include "net/tls/tls_error.h"
#include "net/tls/tls_openssl.h"
#include "net/tls/tls_resume.h"

enum { NAME_FLAGS = X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS };

static bool set_name(SSL *ssl, const struct tls_peer *peer)
{
    X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
    struct slice name = peer->server_name;
    char *text = mem_strdup(name);
    ASN1_OCTET_STRING *address = a2i_IPADDRESS(text);
    bool is_fine = slice_find(name, '\0') < 0; /* the library would see a part of it, or nothing */

    X509_VERIFY_PARAM_set_hostflags(param, NAME_FLAGS);
    if (is_fine && !address && !peer->hides_name)
        SSL_set_tlsext_host_name(ssl, text);
    if (is_fine && !peer->skips_verify)
        is_fine = address ? X509_VERIFY_PARAM_set1_ip_asc(param, text) == 1
                          : X509_VERIFY_PARAM_set1_host(param, text, name.n) == 1;
    ASN1_OCTET_STRING_free(address);
    mem_free(text);
    return is_fine;
}

/* Does the certificate name whom the parameters ask for? */
static bool is_named(X509 *x, X509_VERIFY_PARAM *param)
{
    const char *host = X509_VERIFY_PARAM_get0_host(param, 0);
    char *address = X509_VERIFY_PARAM_get1_ip_asc(param);
    bool is_fine = x && (!host || X509_check_host(x, host, 0, NAME_FLAGS, NULL) == 1) &&
                   (!address || X509_check_ip_asc(x, address, 0) == 1);

    OPENSSL_free(address);
    return is_fine;
}

static void set_session(SSL *ssl, SSL_SESSION *session)
{
    SSL_set_session(ssl, session);
    if (SSL_get_verify_mode(ssl) == SSL_VERIFY_NONE ||
        (SSL_get_verify_result(ssl) == X509_V_OK &&
         is_named(SSL_SESSION_get0_peer(session), SSL_get0_param(ssl))))
        return;
    SSL_set_session(ssl, NULL);
    SSL_set_verify_result(ssl, X509_V_OK);
}

static const struct err *use_credential(SSL *ssl, const struct tls_peer *peer)
{
    STACK_OF(X509) * above;
    X509 *leaf;
    bool is_fine;

    if (!peer->chain || !peer->key)
        return NULL;
    above = sk_X509_dup(peer->chain);
    leaf = sk_X509_shift(above);
    SSL_certs_clear(ssl);
    is_fine = leaf && SSL_use_cert_and_key(ssl, leaf, peer->key, above, 1) == 1;
    sk_X509_free(above);
    return is_fine ? NULL : &err_tls_material;
}

const struct err *tls_peer_set(SSL *ssl, const struct tls_peer *peer)
{
    SSL_SESSION *session =
        peer->resume ? tls_resume_session(peer->resume) : (SSL_SESSION *)peer->session;
    struct buf alpn = BUF_EMPTY;

    if (peer->skips_verify && !tls_openssl_ctx(ssl)->has_verify_mode)
        SSL_set_verify(ssl, SSL_VERIFY_NONE, NULL);
    if (peer->server_name.n && !set_name(ssl, peer))
        return &err_tls_wrong_name;
    if (peer->alpn.n && tls_alpn_encode(peer->alpn, &alpn))
        SSL_set_alpn_protos(ssl, (unsigned char *)alpn.p, (unsigned)alpn.n);
    buf_free(&alpn);
    if (peer->store)
        SSL_set1_verify_cert_store(ssl, peer->store);
    if (session)
        set_session(ssl, session);
    if (peer->wants_status)
        SSL_set_tlsext_status_type(ssl, TLSEXT_STATUSTYPE_ocsp);
    return use_credential(ssl, peer);
}

void tls_session_free(struct tls_session **session)
{
    SSL_SESSION_free((SSL_SESSION *)*session);
    *session = NULL;
}
