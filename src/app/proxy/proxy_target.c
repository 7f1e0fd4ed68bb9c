/* Where a request is passed on to: the group, and how its servers are talked to. */
#include "app/proxy/proxy_target.h"

#include "app/location_resolver.h"
#include "app/variables/script.h"
#include "base/log.h"

/* Works the target out; false: it is none, which is logged. */
static bool find_group(struct proxy *p, const struct proxy_pass *pass)
{
    struct visit *v = p->v;

    p->pass = *pass;
    if (pass->target) {
        struct slice url = script_eval(pass->target, v);

        if (!proxy_pass_read(visit_pool(v), p->conf->kind, url, &p->pass)) {
            log_write(&v->x->log, LOG_ERROR, "invalid URL prefix in \"" SLICE_FMT "\"",
                      SLICE_ARG(exchange_shown(v->x, url)));
            return false;
        }
    }
    p->upstream = pass->upstream;
    if (p->upstream)
        return true;
    p->upstream = upstream_find((struct app_conf *)(uintptr_t)v->conf, p->pass.authority,
                                p->pass.default_port);
    if (!p->upstream)
        log_write(&v->x->log, LOG_ERROR, "invalid host in upstream \"" SLICE_FMT "\"",
                  SLICE_ARG(exchange_shown(v->x, p->pass.authority)));
    return p->upstream != NULL;
}

/* The context belongs to the settings of the location, whoever asks; where no directive has said
 * anything, so that Lua alone passes on, to those of http. */
static bool resolve_tls(struct proxy *p)
{
    struct proxy_conf *c = proxy_conf_said(p->v->loc, p->conf->kind);
    struct app_conf *conf = (struct app_conf *)(uintptr_t)p->v->conf;

    if (!c)
        c = proxy_conf_own(conf, conf->http, p->conf->kind);
    p->how.alpn = p->conf->is_h2 ? SLICE("h2") : SLICE_EMPTY;
    return proxy_tls_way(p->v, &c->tls, p->authority, &p->how);
}

/* proxy_bind. False: what it says is no address. */
static bool set_local(struct proxy *p)
{
    struct slice text = script_eval(p->conf->bind, p->v);

    if (text.n == 0 || slice_eq(text, SLICE("off")))
        return true;
    if (addr_parse(text, 0, &p->local) || addr_is_unix(&p->local)) {
        log_write(&p->v->x->log, LOG_ERROR, "invalid address \"" SLICE_FMT "\" in \"%s_bind\"",
                  SLICE_ARG(text), proxy_conf_word(p->conf->kind));
        return false;
    }
    p->how.local = &p->local;
    p->how.is_transparent = (p->conf->flags & PROXY_TRANSPARENT) != 0;
    return true;
}

int proxy_target_find(struct proxy *p, const struct proxy_pass *pass)
{
    bool is_unix;

    if (!find_group(p, pass) || !set_local(p))
        return 500;
    is_unix = slice_has_prefix(p->pass.authority, SLICE("unix:"));
    p->authority = is_unix ? SLICE("localhost") : p->pass.authority;
    p->how.knows_h2 = p->conf->is_h2;
    p->how.speech = p->conf->kind == PROXY_FASTCGI         ? CLIENT_SPEAKS_FASTCGI
                    : proxy_conf_has_params(p->conf->kind) ? CLIENT_SPEAKS_BARE
                                                           : CLIENT_SPEAKS_HTTP;
    p->how.keeps_alive = p->conf->flags & PROXY_SOCKET_KEEPALIVE;
    if (p->v->loc->resolver)
        p->how.resolver = location_resolver_of(p->v->loc);
    return p->pass.is_tls && !resolve_tls(p) ? 502 : 0;
}
