/* One context for each level that says something about TLS. Its hooks find the request by the way
 * (client_dial.h): a party for each. Where no directive says anything, or what it says cannot be
 * used and no proxy_pass of the configuration needs it, the context is made when a request does. */
#include "app/proxy/proxy_tls.h"

#include "app/conf.h"
#include "app/proxy/proxy_conf.h"
#include "app/tls/lua_tls.h"
#include "app/tls/tls_files.h"
#include "app/variables/script.h"
#include "app/visit.h"
#include "http/client/client_tls.h"
#include "net/tls/tls_ctx.h"
#include "net/tls/tls_error.h"

/* Whose handshake it is; none where nobody's request is (a check of a server), for which Lua does
 * not run. In the exchange's pool. */
struct party {
    struct visit *v;
    const struct proxy_tls *tls;
    const char *doing; /* what Lua is doing; NULL: nothing, or it has ended */
};

/* --- the hooks --- */

static enum tls_answer run(struct stream *s, const struct lua_code *code, enum lua_context context)
{
    struct party *p = client_tls_user(s);
    enum tls_answer answer = lua_tls_run(s, p->v, code, context);

    p->doing = answer == TLS_WAIT ? lua_tls_doing(s) : NULL;
    return answer;
}

static bool has_variables(const struct proxy_tls *t)
{
    return t->cert.path && (t->cert.script || t->key.script);
}

static bool use_files(struct stream *s, const struct party *p)
{
    struct tls_files f = {.cert = &p->tls->cert,
                          .key = &p->tls->key,
                          .passwords = p->tls->passwords,
                          .n_passwords = p->tls->n_passwords,
                          .cache = p->tls->cache,
                          .may_be_none = true};

    return !has_variables(p->tls) || p->doing || tls_files_give(p->v, s, &f);
}

static enum tls_answer on_certificate(struct stream *s)
{
    const struct party *p = client_tls_user(s);

    if (!p)
        return TLS_GO_ON;
    if (!use_files(s, p))
        return TLS_REFUSE;
    return run(s, p->tls->certificate_by_lua, LUA_CONTEXT_PROXY_CERTIFICATE);
}

static enum tls_answer on_verify(struct stream *s)
{
    const struct party *p = client_tls_user(s);

    if (!p)
        return TLS_GO_ON;
    if (p->tls->verify_by_lua && !p->doing && !p->tls->skips_own_judgement)
        log_write(&p->v->x->log, LOG_DEBUG, "proxy_ssl_verify_by_lua: openssl default verify");
    return run(s, p->tls->verify_by_lua, LUA_CONTEXT_PROXY_VERIFY);
}

static const struct tls_hooks hooks = {
    .on_certificate = on_certificate,
    .on_verify = on_verify,
    .on_gone = lua_tls_gone,
};

/* Do handshakes depend on the request? */
static bool has_party(const struct proxy_tls *t)
{
    return t->certificate_by_lua || t->verify_by_lua || has_variables(t);
}

const char *proxy_tls_doing(const struct client_way *way)
{
    const struct party *p = way->tls_user;

    return p ? p->doing : NULL;
}

/* --- the context --- */

struct proxy_tls *proxy_tls_own(struct app_conf *conf, struct proxy_conf *c)
{
    struct proxy_tls *t = &c->tls;

    if (t->owner != c->owner) {
        t->owner = c->owner;
        t->ctx = pool_new(&conf->pool, struct tls_ctx *);
        t->commands_size = 0;
    }
    return t;
}

const struct err *proxy_tls_build(struct app_conf *conf, struct proxy_tls *t, struct buf *why)
{
    struct tls_credential cert = {.cert_file = t->cert.path,
                                  .key_file = t->key.path,
                                  .passwords = t->passwords,
                                  .n_passwords = t->n_passwords};
    struct tls_client_options o = {
        .cert = t->cert.path && !has_variables(t) ? &cert : NULL,
        .protocols = t->protocols,
        .ciphers = t->ciphers,
        .skips_verify = !t->verifies,
        .commands = t->commands,
        .n_commands = t->n_commands,
        .key_log = t->key_log,
        .hooks = has_party(t) ? &hooks : NULL,
        .skips_own_judgement = t->skips_own_judgement,
        .trust = {.ca_file = t->trusted,
                  .crl_file = t->crl,
                  .signatures = t->trusted ? (int)t->depth + 1 : 0},
    };
    const struct err *e;

    if (*t->ctx)
        return NULL;
    if (t->cert.path && !t->key.path) {
        buf_printf(why, "no key is defined for certificate \"%s\"", t->cert.path);
        return &err_tls_material;
    }
    e = tls_ctx_new_client(&o, why, t->ctx);
    if (!e)
        tls_conf_hold(conf, t->ctx);
    return e;
}

/* The name of a Host: without its port. */
static struct slice bare(struct slice host)
{
    return host.n && host.p[0] == '[' ? host : slice_cut(&(struct slice){host.p, host.n}, ':');
}

static bool fill(struct app_conf *conf, const struct log_ctx *log, struct proxy_tls *t,
                 struct client_way *way)
{
    struct buf why = BUF_EMPTY;
    const struct err *e = proxy_tls_build(conf, t, &why);

    if (e)
        log_write(log, LOG_ERROR, "%s for proxy_ssl: %s", e->message, buf_cstr(&why));
    buf_free(&why);
    way->tls = *t->ctx;
    way->skips_verify = !t->verifies;
    way->hides_name = !t->sends_name;
    way->keeps_sessions = t->keeps_sessions && !has_party(t);
    return !e;
}

/* Any trusted certificate would do. */
static bool is_nameless(const struct proxy_tls *t, const struct client_way *way)
{
    return t->verifies && !way->server_name.n;
}

bool proxy_tls_way(struct visit *v, struct proxy_tls *t, struct slice host, struct client_way *way)
{
    if (!fill((struct app_conf *)(uintptr_t)v->conf, &v->x->log, t, way))
        return false;
    if (has_party(t)) {
        struct party *p = way->tls_user = pool_new(visit_pool(v), struct party);

        p->v = v;
        p->tls = t;
    }
    if (t->verifies || t->sends_name)
        way->server_name = bare(t->name ? script_eval(t->name, v) : host);
    if (is_nameless(t, way)) {
        log_write(&v->x->log, LOG_ERROR, "no name to verify the server's certificate by");
        return false;
    }
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
    return !is_nameless(t, way);
}
