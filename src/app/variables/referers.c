/* A Referer is valid by its host, with the path behind it where the name came with one, or by a
 * regular expression on what follows its scheme. */
#include "app/variables/referers.h"

#include "app/conf.h"
#include "app/variables/variables.h"

enum { HOST_MOST = 256, SHORTEST = sizeof("http://i.ru") - 1 };

/* "~regex" */
static bool add_regex(struct app_conf *conf, struct referers *r, struct slice text, bool is_of_host,
                      struct slice *error_out)
{
    struct referer_regex *re = pool_new(&conf->pool, struct referer_regex), **at = &r->regexes;

    if (text.n == 1) {
        *error_out = pool_printf(&conf->pool, "empty regex in \"" SLICE_FMT "\"", SLICE_ARG(text));
        return false;
    }
    re->regex = regex_compile(&conf->pool, slice_from(text, 1), true, error_out);
    re->is_of_host = is_of_host;
    while (*at)
        at = &(*at)->next;
    *at = re;
    return re->regex != NULL;
}

bool referers_add(struct app_conf *conf, struct referers *r, struct slice text,
                  struct slice *error_out)
{
    struct slice *path;
    ssize_t slash;

    r->has_names = true;
    if (text.n > 0 && text.p[0] == '~')
        return add_regex(conf, r, text, false, error_out);
    path = pool_new(&conf->pool, struct slice);
    slash = slice_find(text, '/');
    *path = slash >= 0 ? slice_from(text, (size_t)slash) : SLICE_EMPTY;
    if (slash >= 0)
        text.n = (size_t)slash;
    if (name_table_add(&r->names, text, path))
        return true;
    *error_out =
        pool_printf(&conf->pool, "conflicting parameter \"" SLICE_FMT "\"", SLICE_ARG(text));
    return false;
}

bool referers_end(struct location *l, struct slice *error_out)
{
    struct referers *r = l->referers;

    if (!r || !r->takes_servers || !l->vhost || (l->parent && l->parent->referers == r))
        return true;
    r->has_names = true;
    for (unsigned i = 0; i < l->vhost->n_names; i++) {
        struct slice name = l->vhost->names[i], *path;

        if (name.n > 0 && name.p[0] == '~') {
            if (!add_regex(l->conf, r, name, true, error_out))
                return false;
            continue;
        }
        path = pool_new(&l->conf->pool, struct slice);
        *path = SLICE_EMPTY;
        if (name.n > 0 && name.p[0] != '$')
            (void)name_table_add(&r->names, name, path);
    }
    return true;
}

/* Cuts "http://" or "https://" off. */
static bool cut_scheme(struct slice *s)
{
    static const struct slice schemes[] = {{"http://", 7}, {"https://", 8}};

    for (size_t i = 0; s->n >= SHORTEST && i < ARRAY_LEN(schemes); i++)
        if (slice_ieq(slice_of(s->p, schemes[i].n), schemes[i])) {
            *s = slice_from(*s, schemes[i].n);
            return true;
        }
    return false;
}

static bool is_known(const struct referers *r, struct slice rest)
{
    int at[2 * REGEX_CAPTURES_MOST];
    struct slice host = rest, path;
    const struct slice *begins;
    ssize_t slash;

    for (host.n = 0; host.n < rest.n && rest.p[host.n] != '/' && rest.p[host.n] != ':';)
        host.n++;
    if (host.n > HOST_MOST)
        return false;
    begins = name_table_find(&r->names, host);
    if (begins) {
        slash = slice_find(rest, '/');
        path = slash >= 0 ? slice_from(rest, (size_t)slash) : SLICE_EMPTY;
        return slice_has_prefix(path, *begins);
    }
    for (const struct referer_regex *re = r->regexes; re; re = re->next)
        if (regex_match(re->regex, re->is_of_host ? host : rest, at) > 0)
            return true;
    return false;
}

static bool is_valid(const struct visit *v, const struct referers *r)
{
    const struct header *h = header_find_id(&v->x->req.headers, HEADER_REFERER);
    struct slice rest;

    if (!r->has_names)
        return true;
    if (!h)
        return r->takes_none;
    rest = h->value;
    return cut_scheme(&rest) ? is_known(r, rest) : r->takes_blocked;
}

static struct slice get_invalid(struct visit *v, const struct variable *var)
{
    UNUSED(var);
    return !v->loc->referers || is_valid(v, v->loc->referers) ? SLICE_EMPTY : SLICE("1");
}

const struct variable variables_referers[] = {
    VARIABLE("invalid_referer", get_invalid),
    VARIABLE_END,
};
