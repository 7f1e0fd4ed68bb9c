/* OpenSSL cannot wait for a session. So one that takes time to find is looked for while the
 * ClientHello is looked at, which can wait, and lies ready (tls_session_slot) when it is asked for.
 *
 * Sessions that the client keeps in a sealed ticket are not told of: nobody will ask for them. */
#include "net/tls/tls_store.h"

#include <openssl/err.h>

#include "net/tls/tls_error.h"
#include "net/tls/tls_openssl.h"

static struct slice id_of(const SSL_SESSION *session)
{
    unsigned n;
    const unsigned char *p = SSL_SESSION_get_id(session, &n);

    return slice_of((const char *)p, n);
}

static bool is_in_ticket(const SSL *ssl)
{
    return SSL_version(ssl) >= TLS1_3_VERSION && !(SSL_get_options(ssl) & SSL_OP_NO_TICKET);
}

/* Called by OpenSSL with a session that stays its own when we answer 0. */
static int on_new(SSL *ssl, SSL_SESSION *session)
{
    const struct tls_hooks *hooks = tls_openssl_ctx(ssl)->hooks;
    struct buf der = BUF_EMPTY;
    unsigned char *p;
    int n;

    if (!hooks || !hooks->on_session || is_in_ticket(ssl))
        return 0;
    n = i2d_SSL_SESSION(session, NULL);
    if (n <= 0)
        return 0;
    p = (unsigned char *)buf_reserve(&der, (size_t)n);
    der.n = (size_t)i2d_SSL_SESSION(session, &p);
    hooks->on_session(tls_of_ssl(ssl), id_of(session), buf_slice(&der));
    buf_free(&der);
    return 0;
}

static SSL_SESSION *parse(struct slice der)
{
    const unsigned char *p = (const unsigned char *)der.p;

    return d2i_SSL_SESSION(NULL, &p, (long)der.n);
}

/* Called by OpenSSL for a session that a client names; what we answer becomes its own. */
static SSL_SESSION *on_get(SSL *ssl, const unsigned char *id, int n, int *must_ref)
{
    struct stream *s = tls_of_ssl(ssl);
    const struct tls_hooks *hooks = tls_openssl_ctx(ssl)->hooks;
    SSL_SESSION **slot = tls_session_slot(s), *session = *slot;
    struct buf der = BUF_EMPTY;

    *must_ref = 0;
    *slot = NULL;
    if (session)
        return session;
    if (hooks && hooks->find_session &&
        hooks->find_session(s, slice_of((const char *)id, (size_t)n), &der))
        session = parse(buf_slice(&der));
    buf_free(&der);
    return session;
}

void tls_store_use(SSL_CTX *ssl)
{
    SSL_CTX_sess_set_new_cb(ssl, on_new);
    SSL_CTX_sess_set_get_cb(ssl, on_get);
}

const struct err *tls_store_offer(struct stream *s, struct slice der, struct buf *why)
{
    SSL_SESSION **slot = tls_session_slot(s), *session;

    ERR_clear_error();
    session = parse(der);
    if (!session) {
        (void)tls_error_take(why);
        return &err_tls_material;
    }
    SSL_SESSION_free(*slot);
    *slot = session;
    return NULL;
}
