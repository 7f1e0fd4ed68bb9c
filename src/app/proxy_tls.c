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

static bool make(struct visit *v, struct proxy_tls *t)
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
        log_write(&v->x->log, LOG_ERROR, "%s for proxy_ssl: %s", e->message, buf_cstr(&why));
    else
        pool_on_reset(&((struct app_conf *)(uintptr_t)v->conf)->pool, unref, t);
    buf_free(&why);
    return e == NULL;
}

/* The name of a Host: without its port. */
static struct slice bare(struct slice host)
{
    return host.n && host.p[0] == '[' ? host : slice_cut(&(struct slice){host.p, host.n}, ':');
}

bool proxy_tls_way(struct visit *v, struct proxy_tls *t, struct slice host, struct client_way *way)
{
    if (!t->ctx && !make(v, t))
        return false;
    way->tls = t->ctx;
    way->skips_verify = !t->verifies;
    if (t->verifies || t->sends_name)
        way->server_name = bare(t->name ? script_eval(t->name, v) : host);
    return true;
}
