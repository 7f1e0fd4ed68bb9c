/* Levels and what they inherit. Lists (certificates, keys, passwords, ticket keys) are not added to
 * inherited ones but replace them: a copy that will be written to keeps the inherited list until
 * its first own element, which begins a new one (see directives/tls.c). */
#include "app/tls/tls_conf.h"

#include "base/file.h"
#include "base/num.h"
#include "config/config_arg.h"

enum { FILE_MOST = 1 << 16 };

static const struct tls_conf defaults = {
    .ciphers = "HIGH:!aNULL:!MD5",
    .protocols = TLS_1_2 | TLS_1_3,
    .depth = 1,
    .session_timeout = 300000,
    .buffer_size = 16384,
    .has_tickets = true,
};

struct tls_conf *tls_conf_own(struct app_conf *conf, struct location *loc)
{
    struct tls_conf *t;

    if (loc->tls && loc->tls->owner == loc)
        return loc->tls;
    t = pool_new(&conf->pool, struct tls_conf);
    *t = loc->tls ? *loc->tls : defaults;
    t->owner = loc;
    t->commands_size = t->certs_size = t->keys_size = t->ticket_keys_size = 0;
    loc->tls = t;
    return t;
}

bool tls_conf_read_protocols(const struct config_node *node, unsigned *out, struct config_error *e)
{
    static const struct {
        const char *name;
        unsigned bit;
    } all[] = {{"SSLv2", TLS_NEVER}, {"SSLv3", TLS_NEVER}, {"TLSv1", TLS_1_0},
               {"TLSv1.1", TLS_1_1}, {"TLSv1.2", TLS_1_2}, {"TLSv1.3", TLS_1_3}};

    *out = 0;
    for (size_t i = 0; i < node->n_args; i++) {
        size_t k = 0;

        while (k < ARRAY_LEN(all) && !slice_ieq(slice_str(all[k].name), node->args[i]))
            k++;
        if (k == ARRAY_LEN(all))
            return config_node_error(node, e, "invalid value \"%.200s\"", node->args[i].p);
        *out |= all[k].bit;
    }
    return true;
}

bool tls_conf_read_command(struct app_conf *conf, const struct config_node *node,
                           enum tls_role role, struct tls_command *out, struct config_error *e)
{
    struct buf why = BUF_EMPTY;
    bool ok;

    out->name = pool_strdup(&conf->pool, node->args[0]);
    out->value = tls_command_takes_path(out->name) ? conf_material(conf, node->args[1])
                                                   : pool_strdup(&conf->pool, node->args[1]);
    ok = !tls_command_check(out, role, &why) || config_node_error(node, e, "%s", buf_cstr(&why));
    buf_free(&why);
    return ok;
}

static bool take_cache_word(struct slice word, struct tls_cache_limits *l)
{
    struct slice rest = word, name = slice_cut(&rest, '=');
    int64_t n;

    if (slice_eq(name, SLICE("max"))) {
        if (!rest.p || !num_parse_u63(rest, &n) || n < 1)
            return false;
        l->most = (unsigned)MIN(n, INT32_MAX);
        return true;
    }
    if (!rest.p || !num_parse_msec(rest, &n))
        return false;
    if (slice_eq(name, SLICE("inactive")))
        l->inactive = (uint64_t)n;
    else if (slice_eq(name, SLICE("valid")))
        l->valid = (uint64_t)n;
    else
        return false;
    return true;
}

static void unref(void *arg)
{
    tls_ctx_unref(arg);
}

void tls_conf_hold(struct app_conf *conf, struct tls_ctx **ctx)
{
    pool_on_reset(&conf->pool, unref, ctx);
}

static void free_cache(void *arg)
{
    struct tls_cache *c = arg;

    tls_cache_free(&c);
}

bool tls_conf_read_cache(struct app_conf *conf, const struct config_node *node,
                         struct tls_cache **out, struct config_error *e)
{
    struct tls_cache_limits l = {.inactive = 10000, .valid = 60000};

    *out = NULL;
    if (node->n_args == 1 && slice_eq(node->args[0], SLICE("off")))
        return true;
    for (size_t i = 0; i < node->n_args; i++)
        if (!take_cache_word(node->args[i], &l))
            return config_arg_refuse(node, node->args[i], e);
    if (!l.most)
        return config_node_error(node, e, "\"%s\" must have the \"max\" parameter", node->name.p);
    *out = tls_cache_new(&l);
    pool_on_reset(&conf->pool, free_cache, *out);
    return true;
}

bool tls_conf_read_file(struct app_conf *conf, const struct config_node *node, struct buf *out,
                        struct config_error *e)
{
    const char *path = conf_material(conf, node->args[0]);
    const struct err *err = file_read(path, FILE_MOST, out);

    if (err) {
        buf_free(out);
        return config_node_error(node, e, "cannot read \"%s\": %s", path, err->message);
    }
    return true;
}

bool tls_conf_read_passwords(struct app_conf *conf, const struct config_node *node,
                             struct slice **out, unsigned *n_out, struct config_error *e)
{
    struct buf text = BUF_EMPTY;
    struct slice rest;
    unsigned n = 0;

    if (!tls_conf_read_file(conf, node, &text, e))
        return false;
    for (size_t i = 0; i < text.n; i++)
        n += text.p[i] == '\n';
    *out = pool_alloc(&conf->pool, (n + 1) * sizeof(**out));
    *n_out = 0;
    rest = buf_slice(&text);
    while (rest.p && rest.n) {
        struct slice line = slice_cut(&rest, '\n');

        if (line.n && line.p[line.n - 1] == '\r')
            line.n--;
        (*out)[(*n_out)++] = pool_dup(&conf->pool, line);
    }
    buf_free(&text);
    return true;
}
