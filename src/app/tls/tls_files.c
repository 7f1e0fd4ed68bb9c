/* Names are evaluated for each handshake: what a client asks for may not lead out of the folder. */
#include "app/tls/tls_files.h"

#include "app/tls/tls_conf.h"
#include "app/tls/tls_visit.h"
#include "app/variables/script.h"
#include "app/visit.h"
#include "net/tls/tls_cache.h"
#include "net/tls/tls_info.h"

/* Is it a name that cannot leave the folder it is put into? */
static bool is_plain(struct slice name)
{
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        bool is_word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.';

        if (!is_word || (c == '.' && i > 0 && name.p[i - 1] == '.'))
            return false;
    }
    return name.n == 0 || name.p[0] != '.';
}

static struct slice value_of(struct visit *v, const struct tls_name *name)
{
    return name->script ? script_eval(name->script, v) : slice_str(name->path);
}

/* What a name says now: a path, or with "data:" before it PEM itself. */
static void evaluate(struct visit *v, const struct tls_name *name, const char **path,
                     struct slice *pem)
{
    struct slice value = value_of(v, name);

    if (slice_has_prefix(value, SLICE("data:")))
        *pem = slice_from(value, strlen("data:"));
    else
        *path = conf_material_in(v->conf, value, visit_pool(v));
}

bool tls_files_give(struct visit *v, struct stream *s, const struct tls_files *f)
{
    struct tls_credential c = {.passwords = f->passwords, .n_passwords = f->n_passwords};
    struct buf why = BUF_EMPTY;
    const struct err *e;

    if (f->may_be_none && !value_of(v, f->cert).n)
        return true;
    evaluate(v, f->cert, &c.cert_file, &c.cert_pem);
    evaluate(v, f->key, &c.key_file, &c.key_pem);
    e = tls_cache_use(f->cache, s, &c, &why);
    if (e)
        log_write(&v->x->log, LOG_ERROR, "cannot load certificate: %s",
                  why.n ? buf_cstr(&why) : e->message);
    buf_free(&why);
    return !e;
}

static bool use(struct visit *v, const struct tls_conf *t, unsigned i)
{
    struct tls_files f = {.cert = &t->certs[i],
                          .key = &t->keys[i],
                          .passwords = t->passwords,
                          .n_passwords = t->n_passwords,
                          .cache = t->cache};

    return tls_files_give(v, v->x->req.tls, &f);
}

bool tls_files_use(struct stream *s, const struct vhost *vh)
{
    const struct tls_conf *t = vh->base->tls;
    bool is_fine = true;
    struct visit *v;

    if (LIKELY(!t || !t->has_variable_names))
        return true;
    v = tls_visit_begin(s, vh);
    if (!is_plain(tls_info_server_name(s))) {
        log_write(&v->x->log, LOG_INFO, "client asked for a server name that no file may have");
        is_fine = false;
    }
    for (unsigned i = 0; is_fine && i < t->n_certs; i++)
        if (t->certs[i].script || t->keys[i].script)
            is_fine = use(v, t, i);
    tls_visit_end(&v);
    return is_fine;
}
