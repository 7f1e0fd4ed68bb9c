/* A server that listens with `ssl` has a context; one without certificates of its own has none and
 * is served with those of the default server of its address. In `stream` certificates are enough,
 * for sessions that begin in the clear and go over to TLS. */
#include "app/tls/tls_vhosts.h"

#include "app/tls/tls_conf.h"
#include "app/tls/tls_handshake.h"
#include "base/file.h"
#include "net/tls/tls_ctx.h"
#include "net/tls/tls_error.h"
#include "net/tls/tls_ocsp.h"

enum { STAPLE_MOST = 65536 };

static bool fail(const struct vhost *vh, struct config_error *e, const char *what)
{
    return config_node_error(vh->place, e, "%s", what);
}

/* Those whose names have variables are read in handshakes. */
static const struct tls_credential *credentials_of(struct app_conf *conf, const struct tls_conf *t,
                                                   unsigned *n)
{
    struct tls_credential *c = pool_zalloc(&conf->pool, (t->n_certs + 1) * sizeof(*c));

    *n = 0;
    for (unsigned i = 0; i < t->n_certs; i++) {
        if (t->certs[i].script || t->keys[i].script)
            continue;
        c[*n].cert_file = t->certs[i].path;
        c[*n].key_file = t->keys[i].path;
        c[*n].passwords = t->passwords;
        c[(*n)++].n_passwords = t->n_passwords;
    }
    return c;
}

/* Servers with the same certificates may resume each other's sessions, where the rules for clients
 * are the same, too. */
static struct slice scope_of(struct app_conf *conf, const struct tls_conf *t)
{
    struct buf text = BUF_EMPTY;
    struct slice scope;

    for (unsigned i = 0; i < t->n_certs; i++)
        buf_printf(&text, "%s\n", t->certs[i].path);
    buf_printf(&text, "%d\n", (int)t->check);
    scope = pool_dup(&conf->pool, buf_slice(&text));
    buf_free(&text);
    return scope;
}

static const char *alpn_of(const struct listen_conf *l, const struct vhost *vh)
{
    if (l->is_stream)
        return vh->base->tls->alpn;
    return l->has_http2 || vh->base->http.has_http2 ? "h2,http/1.1,http/1.0,http/0.9"
                                                    : "http/1.1,http/1.0,http/0.9";
}

static struct tls_server_options options_of(struct app_conf *conf, const struct listen_conf *l,
                                            const struct vhost *vh)
{
    const struct tls_conf *t = vh->base->tls;
    unsigned n_certs;
    const struct tls_credential *certs = credentials_of(conf, t, &n_certs);

    return (struct tls_server_options){
        .certs = certs,
        .n_certs = n_certs,
        .protocols = t->protocols,
        .ciphers = t->ciphers,
        .ciphersuites = t->ciphersuites,
        .curves = t->curves,
        .dh_file = t->dh_file,
        .alpn = alpn_of(l, vh),
        .verify = t->check == TLS_CHECK_OFF ? TLS_VERIFY_NONE : TLS_VERIFY_ASKED,
        .trust = {.ca_file = t->client_ca,
                  .more_file = t->trusted_ca,
                  .crl_file = t->crl,
                  .signatures = (int)t->depth + 1},
        .scope = scope_of(conf, t),
        .keeps_sessions = t->sessions || t->session_fetch_by_lua || t->session_store_by_lua,
        .sessions_most = t->sessions_most,
        .session_seconds = (unsigned)(t->session_timeout / 1000),
        .record_size = t->buffer_size,
        .commands = t->commands,
        .n_commands = t->n_commands,
        .prefers_own_ciphers = t->prefers_own_ciphers,
        .has_tickets = t->has_tickets,
        .takes_early = t->has_early_data && !l->is_stream,
        .ticket_keys = t->ticket_keys,
        .n_ticket_keys = t->n_ticket_keys,
        .hooks = &tls_handshake_hooks,
        .key_log = t->key_log,
    };
}

static const struct err *read_staple(struct app_conf *conf, const struct tls_conf *t,
                                     struct tls_server_options *o, struct buf *why)
{
    struct buf text = BUF_EMPTY;
    const struct err *e;

    if (!t->has_staple || !t->staple_file)
        return NULL;
    e = file_read(t->staple_file, STAPLE_MOST, &text);
    if (e) {
        buf_printf(why, "cannot read \"%s\": %s", t->staple_file, e->message);
    } else if (!tls_ocsp_is_response(buf_slice(&text))) {
        buf_printf(why, "\"%s\" holds no OCSP response", t->staple_file);
        e = &err_tls_material;
    } else {
        o->staple = pool_dup(&conf->pool, buf_slice(&text));
    }
    buf_free(&text);
    return e;
}

/* Is what the directives say complete? */
static bool check(const struct vhost *vh, bool is_default, struct config_error *e)
{
    const struct tls_conf *t = vh->base->tls;

    if (t && t->n_certs > t->n_keys)
        return config_node_error(vh->place, e,
                                 "no \"ssl_certificate_key\" is defined for certificate \"%s\"",
                                 t->certs[t->n_keys].path);
    if (is_default && !(t && (t->n_certs || t->rejects)))
        return fail(vh, e,
                    "no \"ssl_certificate\" is defined for the \"listen ... ssl\" directive");
    if (t && t->check != TLS_CHECK_OFF && t->check != TLS_CHECK_OPTIONAL_NO_CA && !t->client_ca &&
        !t->trusted_ca)
        return fail(vh, e, "no ssl_client_certificate for ssl_verify_client");
    return true;
}

static bool build_vhost(struct app_conf *conf, const struct listen_conf *l, struct vhost *vh,
                        struct config_error *e)
{
    bool is_default = l->is_tls && vh == l->default_vhost;
    struct buf why = BUF_EMPTY;
    struct tls_server_options o;
    const struct err *err;

    if (!check(vh, is_default, e))
        return false;
    if (vh->tls || !vh->base->tls || (!vh->base->tls->n_certs && !is_default))
        return true;
    o = options_of(conf, l, vh);
    err = read_staple(conf, vh->base->tls, &o, &why);
    if (!err)
        err = tls_ctx_new_server(&o, &why, &vh->tls);
    if (err)
        config_node_error(vh->place, e, "TLS of this server: %s",
                          why.n ? buf_cstr(&why) : err->message);
    buf_free(&why);
    return !err;
}

bool tls_vhosts_build(struct app_conf *conf, struct config_error *e)
{
    for (unsigned i = 0; i < conf->n_listens; i++) {
        struct listen_conf *l = conf->listens[i];
        bool may_be_tls = l->is_tls || (l->is_stream && !l->is_udp);

        for (unsigned k = 0; may_be_tls && k < l->n_vhosts; k++)
            if (!build_vhost(conf, l, l->vhosts[k], e))
                return false;
    }
    return true;
}
