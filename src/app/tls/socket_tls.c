/* A level that says nothing uses the context of the one above it. Where nobody has said anything
 * there is none: each worker makes one by the defaults when a handshake needs it. */
#include "app/tls/socket_tls.h"

#include "app/conf.h"
#include "app/tls/tls_conf.h"

const struct err *socket_tls_new(const struct socket_conf *c, const struct tls_credential *cert,
                                 struct buf *why, struct tls_ctx **out)
{
    struct tls_credential own = {.cert_file = c->certificate, .key_file = c->certificate_key};
    struct tls_client_options o = {
        .cert = cert             ? cert
                : c->certificate ? &own
                                 : NULL,
        .protocols = c->protocols,
        .ciphers = c->ciphers,
        .trust = {.ca_file = c->trusted,
                  .crl_file = c->crl,
                  .signatures = c->trusted ? (int)c->depth + 1 : 0},
        .commands = c->commands ? c->commands->all : NULL,
        .n_commands = c->commands ? c->commands->n : 0,
        .key_log = c->key_log,
    };

    return tls_ctx_new_client(&o, why, out);
}

void socket_tls_own(struct app_conf *conf, struct location *l)
{
    if (l->sockets.tls && l->sockets.tls->owner == l)
        return;
    l->sockets.tls = pool_new(&conf->pool, struct socket_tls);
    l->sockets.tls->owner = l;
}

bool socket_tls_end(struct app_conf *conf, struct location *l, bool is_top, struct buf *why)
{
    const struct socket_conf *c = &l->sockets;
    const struct err *e;
    size_t begin;

    if (!c->tls)
        return true;
    if (c->certificate && !c->certificate_key) {
        if (is_top)
            return true;
        buf_printf(why, "no \"lua_ssl_certificate_key\" is defined for certificate \"%s\"",
                   c->certificate);
        return false;
    }
    if (c->tls->owner != l || c->tls->ctx)
        return true;
    buf_printf(why, "TLS of sockets of Lua: ");
    begin = why->n;
    e = socket_tls_new(c, NULL, why, &c->tls->ctx);
    if (!e)
        tls_conf_hold(conf, &c->tls->ctx);
    else if (why->n == begin)
        buf_printf(why, "%s", e->message);
    return !e;
}
