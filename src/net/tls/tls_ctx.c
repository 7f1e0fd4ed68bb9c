/* Making contexts. Each set_ function brings one group of options to the SSL_CTX and gives an error
 * of its own; build() calls them in the order in which they depend on each other.
 *
 * What a connection decides for itself (its context by name, its certificate by a hook, its ALPN)
 * goes through the callbacks at the end, which find the stream behind OpenSSL's object. */
#include "net/tls/tls_ctx.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/uio.h>

#include "base/log.h"
#include "base/mem.h"
#include "net/tls/tls_alpn.h"
#include "net/tls/tls_error.h"
#include "net/tls/tls_notice.h"
#include "net/tls/tls_openssl.h"
#include "net/tls/tls_pem.h"
#include "net/tls/tls_scope.h"
#include "net/tls/tls_seal.h"
#include "net/tls/tls_staple.h"
#include "net/tls/tls_store.h"
#include "net/tls/tls_verify.h"

enum { SESSION_SECONDS = 300, SIGNATURES = 101, EARLY_MOST = 16384 };

static const struct err *fail(struct buf *why, const char *what, const char *value)
{
    if (why)
        buf_printf(why, "%s \"%s\" cannot be used: ", what, value);
    (void)tls_error_take(why);
    return &err_tls_material;
}

static void set_protocols(SSL_CTX *ssl, unsigned wanted)
{
    struct tls_versions v = tls_openssl_versions(wanted ? wanted : TLS_1_2 | TLS_1_3);

    SSL_CTX_set_options(ssl, v.without);
    SSL_CTX_set_min_proto_version(ssl, v.least);
    SSL_CTX_set_max_proto_version(ssl, 0);
    if (v.is_old)
        SSL_CTX_set_security_level(ssl, 0);
}

struct algorithms {
    const char *ciphers, *suites, *curves;
};

static const struct err *set_algorithms(SSL_CTX *ssl, struct algorithms a, struct buf *why)
{
    if (a.ciphers && SSL_CTX_set_cipher_list(ssl, a.ciphers) != 1)
        return fail(why, "list of ciphers", a.ciphers);
    if (a.suites && SSL_CTX_set_ciphersuites(ssl, a.suites) != 1)
        return fail(why, "list of ciphersuites", a.suites);
    if (a.curves && SSL_CTX_set1_curves_list(ssl, a.curves) != 1)
        return fail(why, "list of curves", a.curves);
    return NULL;
}

static const struct err *add_credential(SSL_CTX *ssl, const struct tls_credential *c,
                                        struct buf *why)
{
    struct tls_chain chain;
    const struct err *e = tls_pem_load(c, &chain, why);

    if (e)
        return e;
    if (SSL_CTX_use_cert_and_key(ssl, chain.leaf, chain.key, chain.above, 1) != 1)
        e = fail(why, "certificate", c->cert_file ? c->cert_file : "PEM");
    tls_pem_free(&chain);
    return e;
}

static const struct err *trust_file(SSL_CTX *ssl, const char *path, STACK_OF(X509_NAME) * names,
                                    struct buf *why)
{
    struct buf text = BUF_EMPTY;
    const struct err *e = path ? tls_pem_file(path, &text, why) : NULL;

    if (path && !e) {
        e = tls_pem_trust(buf_slice(&text), SSL_CTX_get_cert_store(ssl), names, why);
        if (e && why)
            buf_printf(why, " in \"%s\"", path);
    }
    buf_free(&text);
    return e;
}

static const struct err *set_revocations(SSL_CTX *ssl, const char *path, struct buf *why)
{
    struct buf text = BUF_EMPTY;
    const struct err *e = path ? tls_pem_file(path, &text, why) : NULL;

    if (path && !e) {
        e = tls_pem_revocations(buf_slice(&text), SSL_CTX_get_cert_store(ssl), why);
        if (e && why)
            buf_printf(why, " in \"%s\"", path);
    }
    buf_free(&text);
    return e;
}

/* `names` (may be NULL) gets the subjects of those that clients are told of. */
static const struct err *set_trust(SSL_CTX *ssl, const struct tls_trust *t,
                                   STACK_OF(X509_NAME) * names, struct buf *why)
{
    const struct err *e = trust_file(ssl, t->ca_file, names, why);

    if (!e)
        e = trust_file(ssl, t->more_file, NULL, why);
    if (!e && t->ca_pem.n)
        e = tls_pem_trust(t->ca_pem, SSL_CTX_get_cert_store(ssl), names, why);
    if (!e && t->ca_dir && SSL_CTX_load_verify_dir(ssl, t->ca_dir) != 1)
        e = fail(why, "directory of certificates", t->ca_dir);
    if (!e && t->has_system && SSL_CTX_set_default_verify_paths(ssl) != 1)
        e = fail(why, "certificates of", "the system");
    if (!e)
        e = set_revocations(ssl, t->crl_file, why);
    /* the library counts what stands between */
    SSL_CTX_set_verify_depth(ssl, (t->signatures ? t->signatures : SIGNATURES) - 1);
    return e;
}

static const struct err *set_client_verify(struct tls_ctx *c, const struct tls_server_options *o,
                                           struct buf *why)
{
    STACK_OF(X509_NAME) *names = sk_X509_NAME_new_null();
    const struct err *e = set_trust(c->ssl, &o->trust, names, why);

    if (e || o->verify == TLS_VERIFY_NONE) {
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        return e;
    }
    SSL_CTX_set_client_CA_list(c->ssl, names);
    if (o->verify == TLS_VERIFY_REQUIRED)
        SSL_CTX_set_verify(c->ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    else
        SSL_CTX_set_verify(c->ssl, SSL_VERIFY_PEER, tls_openssl_accept_any);
    return NULL;
}

static const struct err *set_alpn(struct tls_ctx *c, const char *list, struct buf *why)
{
    struct buf wire = BUF_EMPTY;

    if (!list)
        return NULL;
    if (!tls_alpn_encode(slice_str(list), &wire)) {
        buf_free(&wire);
        return fail(why, "list of application protocols", list);
    }
    c->alpn = (unsigned char *)wire.p;
    c->alpn_n = (unsigned)wire.n;
    return NULL;
}

static const struct err *set_dh(SSL_CTX *ssl, const char *path, struct buf *why)
{
    struct buf text = BUF_EMPTY;
    EVP_PKEY *params = NULL;
    const struct err *e = path ? tls_pem_file(path, &text, why) : NULL;

    if (path && !e) {
        BIO *in = BIO_new_mem_buf(text.p, (int)text.n);

        params = PEM_read_bio_Parameters(in, NULL);
        BIO_free(in);
        if (!params || SSL_CTX_set0_tmp_dh_pkey(ssl, params) != 1) {
            EVP_PKEY_free(params);
            e = fail(why, "DH parameters in", path);
        }
    }
    buf_free(&text);
    return e;
}

static long cache_mode(const struct tls_server_options *o)
{
    if (o->sessions_most)
        return SSL_SESS_CACHE_SERVER;
    return o->keeps_sessions ? SSL_SESS_CACHE_SERVER | SSL_SESS_CACHE_NO_INTERNAL
                             : SSL_SESS_CACHE_OFF;
}

/* OpenSSL's own guard against repeats would keep each session here until it is used; whoever reads
 * early data minds instead that it may come again. */
static void set_early(struct tls_ctx *c, const struct tls_server_options *o)
{
    if (!o->takes_early)
        return;
    c->takes_early = true;
    SSL_CTX_set_max_early_data(c->ssl, EARLY_MOST);
    SSL_CTX_set_options(c->ssl, SSL_OP_NO_ANTI_REPLAY);
}

static void set_sessions(SSL_CTX *ssl, const struct tls_server_options *o)
{
    tls_scope_set(ssl, o->scope);
    SSL_CTX_set_timeout(ssl, o->session_seconds ? o->session_seconds : SESSION_SECONDS);
    SSL_CTX_set_num_tickets(ssl, 1);
    tls_seal_use(ssl);
    if (!o->has_tickets)
        SSL_CTX_set_options(ssl, SSL_OP_NO_TICKET);
    SSL_CTX_set_session_cache_mode(ssl, cache_mode(o));
    if (o->sessions_most)
        SSL_CTX_sess_set_cache_size(ssl, (long)o->sessions_most);
    if (o->keeps_sessions)
        tls_store_use(ssl);
}

static struct tls_ctx *new_ctx(const SSL_METHOD *method)
{
    struct tls_ctx *c = tls_openssl_new(method);

    c->record_size = SSL3_RT_MAX_PLAIN_LENGTH;
    SSL_CTX_set_read_ahead(c->ssl, 1);
    SSL_CTX_set_mode(c->ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_options(c->ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    tls_notice_use(c->ssl);
    return c;
}

/* --- what connections decide --- */

static int on_hello(SSL *ssl, int *alert, void *arg)
{
    struct stream *s = tls_of_ssl(ssl);
    const struct tls_hooks *hooks = tls_openssl_ctx(ssl)->hooks;

    UNUSED(arg);
    if (!hooks || !hooks->on_hello)
        return SSL_CLIENT_HELLO_SUCCESS;
    switch (hooks->on_hello(s)) {
    case TLS_GO_ON:
        return SSL_CLIENT_HELLO_SUCCESS;
    case TLS_WAIT:
        return SSL_CLIENT_HELLO_RETRY;
    default:
        *alert = SSL_AD_UNRECOGNIZED_NAME;
        return SSL_CLIENT_HELLO_ERROR;
    }
}

static int on_certificate(SSL *ssl, void *arg)
{
    struct stream *s = tls_of_ssl(ssl);
    const struct tls_hooks *hooks = tls_openssl_ctx(ssl)->hooks;

    UNUSED(arg);
    if (!hooks || !hooks->on_certificate)
        return 1;
    switch (hooks->on_certificate(s)) {
    case TLS_GO_ON:
        return 1;
    case TLS_WAIT:
        return -1;
    default:
        return 0;
    }
}

static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_n,
                   const unsigned char *theirs, unsigned n, void *arg)
{
    const struct tls_ctx *c = tls_openssl_ctx(ssl);

    UNUSED(arg);
    if (!c->alpn)
        return SSL_TLSEXT_ERR_NOACK;
    if (SSL_select_next_proto((unsigned char **)(uintptr_t)out, out_n, c->alpn, c->alpn_n, theirs,
                              n) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    return SSL_TLSEXT_ERR_OK;
}

static int on_server_name(SSL *ssl, int *alert, void *arg)
{
    UNUSED(alert);
    UNUSED(arg);
    /* says so in the answer (RFC 6066 section 3); the name has been acted on by on_hello */
    return SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name) ? SSL_TLSEXT_ERR_OK
                                                              : SSL_TLSEXT_ERR_NOACK;
}

static void set_callbacks(struct tls_ctx *c, const struct tls_server_options *o)
{
    c->hooks = o->hooks;
    SSL_CTX_set_client_hello_cb(c->ssl, on_hello, NULL);
    SSL_CTX_set_tlsext_servername_callback(c->ssl, on_server_name);
    tls_staple_use(c);
    if (c->alpn)
        SSL_CTX_set_alpn_select_cb(c->ssl, on_alpn, NULL);
    if (o->hooks && o->hooks->on_certificate)
        SSL_CTX_set_cert_cb(c->ssl, on_certificate, NULL);
}

static void on_key(const SSL *ssl, const char *line)
{
    struct iovec parts[] = {{(void *)(uintptr_t)line, strlen(line)}, {(void *)(uintptr_t) "\n", 1}};

    if (writev(tls_openssl_ctx(ssl)->key_log->fd, parts, ARRAY_LEN(parts)) < 0)
        log_write(NULL, LOG_ALERT, "writev() to the key log failed (%d: %s)", errno,
                  strerror(errno));
}

static void set_key_log(struct tls_ctx *c, const struct log_sink *log)
{
    c->key_log = log;
    if (log)
        SSL_CTX_set_keylog_callback(c->ssl, on_key);
}

static const struct err *fill_server(struct tls_ctx *c, const struct tls_server_options *o,
                                     struct buf *why)
{
    struct algorithms a = {o->ciphers ? o->ciphers : "HIGH:!aNULL:!MD5", o->ciphersuites,
                           o->curves};
    const struct err *e;

    set_protocols(c->ssl, o->protocols);
    e = set_algorithms(c->ssl, a, why);
    for (unsigned i = 0; !e && i < o->n_certs; i++)
        e = add_credential(c->ssl, &o->certs[i], why);
    if (!e)
        e = set_client_verify(c, o, why);
    if (!e)
        e = set_alpn(c, o->alpn, why);
    if (!e)
        e = set_dh(c->ssl, o->dh_file, why);
    if (e)
        return e;
    if (o->prefers_own_ciphers)
        SSL_CTX_set_options(c->ssl, SSL_OP_CIPHER_SERVER_PREFERENCE);
    if (o->record_size && o->record_size < SSL3_RT_MAX_PLAIN_LENGTH)
        c->record_size = (uint16_t)MAX(o->record_size, 512U);
    c->curves = o->curves ? mem_strdup(slice_str(o->curves)) : NULL;
    if (o->n_ticket_keys) {
        size_t size = o->n_ticket_keys * sizeof(*c->ticket_keys);

        c->ticket_keys = memcpy(mem_alloc(size), o->ticket_keys, size);
        c->n_ticket_keys = o->n_ticket_keys;
    }
    if (o->staple.n)
        tls_staple_set_any(c, o->staple);
    set_sessions(c->ssl, o);
    set_early(c, o);
    set_callbacks(c, o);
    set_key_log(c, o->key_log);
    return tls_command_apply(c->ssl, o->commands, o->n_commands, TLS_ROLE_SERVER, why);
}

const struct err *tls_ctx_new_server(const struct tls_server_options *o, struct buf *why,
                                     struct tls_ctx **out)
{
    struct tls_ctx *c = new_ctx(TLS_server_method());
    const struct err *e = fill_server(c, o, why);

    if (e)
        tls_ctx_unref(&c);
    *out = c;
    return e;
}

/* --- clients --- */

static bool names_nobody(const struct tls_trust *t)
{
    return !t->ca_file && !t->more_file && !t->ca_dir && !t->ca_pem.n;
}

static const struct err *fill_client(struct tls_ctx *c, const struct tls_client_options *o,
                                     struct buf *why)
{
    struct algorithms a = {o->ciphers, o->ciphersuites, o->curves};
    struct tls_trust trust = o->trust;
    const struct err *e;

    set_protocols(c->ssl, o->protocols);
    trust.has_system |= !o->skips_verify && names_nobody(&trust);
    e = set_algorithms(c->ssl, a, why);
    if (!e)
        e = set_trust(c->ssl, &trust, NULL, why);
    if (!e && o->cert)
        e = add_credential(c->ssl, o->cert, why);
    if (e)
        return e;
    SSL_CTX_set_verify(c->ssl, o->skips_verify ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
    /* sessions are handed to the connection's owner, never kept here */
    SSL_CTX_set_session_cache_mode(c->ssl, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    c->hooks = o->hooks;
    c->skips_own_judgement = o->skips_own_judgement;
    set_key_log(c, o->key_log);
    for (unsigned i = 0; i < o->n_commands; i++)
        c->has_verify_mode |= slice_ieq(slice_str(o->commands[i].name), SLICE("VerifyMode"));
    if (o->hooks && o->hooks->on_certificate)
        SSL_CTX_set_cert_cb(c->ssl, on_certificate, NULL);
    if (o->hooks && o->hooks->on_verify)
        tls_verify_use(c->ssl);
    return tls_command_apply(c->ssl, o->commands, o->n_commands, TLS_ROLE_CLIENT, why);
}

const struct err *tls_ctx_new_client(const struct tls_client_options *o, struct buf *why,
                                     struct tls_ctx **out)
{
    struct tls_ctx *c = new_ctx(TLS_client_method());
    const struct err *e = fill_client(c, o, why);

    if (e)
        tls_ctx_unref(&c);
    *out = c;
    return e;
}

/* --- life --- */

struct tls_ctx *tls_ctx_ref(struct tls_ctx *c)
{
    SSL_CTX_up_ref(c->ssl);
    return c;
}

void tls_ctx_unref(struct tls_ctx **cp)
{
    struct tls_ctx *c = *cp;

    *cp = NULL;
    if (c)
        SSL_CTX_free(c->ssl);
}

bool tls_ctx_is_server(const struct tls_ctx *c)
{
    return SSL_CTX_get_ssl_method(c->ssl) == TLS_server_method();
}
