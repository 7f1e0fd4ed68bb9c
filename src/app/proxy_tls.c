/* One context for each level that says something about TLS, made when the first request needs it.
 */
#include "app/proxy_tls.h"

#include "app/conf.h"
#include "app/script.h"
#include "app/visit.h"
#include "net/tls_ctx.h"

static void unref(void *arg)
{
    struct proxy_tls *t = arg;

    tls_ctx_unref(&t->ctx);
}

static bool make(struct app_conf *conf, const struct log_ctx *log, struct proxy_tls *t)
{
    struct tls_credential cert = {.cert_file = t->cert, .key_file = t->key};
    struct tls_client_options o = {
        .cert = t->cert ? &cert : NULL,
        .protocols = t->protocols,
        .ciphers = t->ciphers,
        .skips_verify = !t->verifies,
    };
    struct buf why = BUF_EMPTY;
    const struct err *e;

    o.trust.ca_file = t->trusted;
    o.trust.crl_file = t->crl;
    o.trust.depth = (int)t->depth;
    e = tls_ctx_new_client(&o, &why, &t->ctx);
    if (e)
        log_write(log, LOG_ERROR, "%s for proxy_ssl: %s", e->message, buf_cstr(&why));
    else
        pool_on_reset(&conf->pool, unref, t);
    buf_free(&why);
    return e == NULL;
}

/* The name of a Host: without its port. */
static struct slice bare(struct slice host)
{
    return host.n && host.p[0] == '[' ? host : slice_cut(&(struct slice){host.p, host.n}, ':');
}

static bool fill(struct app_conf *conf, const struct log_ctx *log, struct proxy_tls *t,
                 struct client_way *way)
{
    if (!t->ctx && !make(conf, log, t))
        return false;
    way->tls = t->ctx;
    way->skips_verify = !t->verifies;
    return true;
}

bool proxy_tls_way(struct visit *v, struct proxy_tls *t, struct slice host, struct client_way *way)
{
    if (!fill((struct app_conf *)(uintptr_t)v->conf, &v->x->log, t, way))
        return false;
    if (t->verifies || t->sends_name)
        way->server_name = bare(t->name ? script_eval(t->name, v) : host);
    return true;
}

bool proxy_tls_way_of(struct app_conf *conf, struct proxy_tls *t, struct slice host,
                      struct client_way *way)
{
    if (!fill(conf, NULL, t, way))
        return false;
    if (t->verifies || t->sends_name)
        way->server_name =
            bare(t->name && script_is_constant(t->name) ? script_constant(t->name) : host);
    return true;
}
