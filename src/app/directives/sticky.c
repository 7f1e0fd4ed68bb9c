/* sticky: clients that stay with a server of their group. */
#include "app/directives/tables.h"
#include "app/directives/upstream.h"
#include "app/zones.h"
#include "base/num.h"
#include "proto/header.h"

#define GROUP "Upstreams"

enum { ZONE_LEAST = 32768, SESSION_MS = 600000 };

/* Thu, 31 Dec 2037 is as far as some clients reckon: nginx's `max`. */
#define EXPIRES_MAX 315360000

/* The directive as it is read. */
struct reading {
    struct apply *apply;
    const struct config_node *node;
    struct config_error *e;
    struct sticky *sticky;
};

static bool refuse(const struct reading *r, const char *what)
{
    return config_node_error(r->node, r->e, "%s", what);
}

static bool unknown(const struct reading *r, struct slice word)
{
    return config_node_error(r->node, r->e, "unknown parameter \"%.200s\"", word.p);
}

static bool add_variable(const struct reading *r, struct sticky_list *l, struct slice name)
{
    struct app_conf *conf = r->apply->conf;

    l->all = pool_grow(&conf->pool, l->all, l->n, &l->size, sizeof(struct variable *));
    l->all[l->n++] = variable_refer(r->apply->loc->variables, name);
    return true;
}

static bool add_named(const struct reading *r, struct sticky_list *l, struct slice word)
{
    if (word.n < 2 || word.p[0] != '$')
        return config_node_error(r->node, r->e, "invalid variable name \"%.200s\"", word.p);
    return add_variable(r, l, slice_from(word, 1));
}

/* --- cookie --- */

static bool take_script(const struct reading *r, const char *name, struct slice text,
                        struct script **out)
{
    if (*out)
        return config_node_error(r->node, r->e, "parameter \"%s\" is duplicate", name);
    if (!text.n)
        return config_node_error(r->node, r->e, "no value for \"%s\"", name);
    return directives_script(r->apply, r->node, text, out, r->e);
}

static bool take_path(const struct reading *r, struct sticky_cookie *c, struct slice text)
{
    if (c->path.n)
        return refuse(r, "parameter \"path\" is duplicate");
    c->path = text;
    return text.n > 0 || refuse(r, "no value for \"path\"");
}

static bool take_expires(const struct reading *r, struct sticky_cookie *c, struct slice text)
{
    int64_t ms;

    if (c->expires >= 0)
        return refuse(r, "parameter \"expires\" is duplicate");
    if (slice_eq(text, SLICE("max")))
        c->expires = EXPIRES_MAX;
    else if (num_parse_msec(text, &ms))
        c->expires = ms / 1000;
    else
        return refuse(r, "invalid \"expires\" parameter value");
    return true;
}

static bool take_samesite(const struct reading *r, struct sticky_cookie *c, struct slice text)
{
    c->is_samesite_checked = memchr(text.p, '$', text.n) != NULL;
    if (!c->is_samesite_checked && !sticky_is_samesite(text))
        return refuse(r, "invalid \"samesite\" parameter value");
    return take_script(r, "samesite", text, &c->samesite);
}

static bool take_flag(const struct reading *r, const char *name, bool *flag)
{
    if (*flag)
        return config_node_error(r->node, r->e, "parameter \"%s\" is duplicate", name);
    *flag = true;
    return true;
}

static bool take_of_cookie(const struct reading *r, struct sticky_cookie *c, struct slice word)
{
    struct slice text;

    if (directives_named(word, "domain=", &text))
        return take_script(r, "domain", text, &c->domain);
    if (directives_named(word, "path=", &text))
        return take_path(r, c, text);
    if (directives_named(word, "expires=", &text))
        return take_expires(r, c, text);
    if (directives_named(word, "samesite=", &text))
        return take_samesite(r, c, text);
    if (slice_eq(word, SLICE("httponly")))
        return take_flag(r, "httponly", &c->is_httponly);
    if (slice_eq(word, SLICE("secure")))
        return take_flag(r, "secure", &c->is_secure);
    return unknown(r, word);
}

static bool read_cookie(const struct reading *r)
{
    struct pool *pool = &r->apply->conf->pool;
    struct sticky_cookie *c = pool_new(pool, struct sticky_cookie);

    c->name = r->node->args[1];
    c->expires = -1;
    if (!c->name.n)
        return refuse(r, "empty cookie name");
    if (!header_is_name(c->name))
        return config_node_error(r->node, r->e, "invalid cookie name \"%.200s\"", c->name.p);
    for (size_t i = 2; i < r->node->n_args; i++)
        if (!take_of_cookie(r, c, r->node->args[i]))
            return false;
    r->sticky->cookie = c;
    return add_variable(r, &r->sticky->lookup,
                        pool_printf(pool, "cookie_" SLICE_FMT, SLICE_ARG(c->name)));
}

/* --- route --- */

static bool read_route(const struct reading *r)
{
    for (size_t i = 1; i < r->node->n_args; i++)
        if (!add_named(r, &r->sticky->lookup, r->node->args[i]))
            return false;
    return true;
}

/* --- learn --- */

static bool take_zone(const struct reading *r, struct slice text)
{
    struct slice size_text = text, name = slice_cut(&size_text, ':');
    int64_t size;

    if (r->sticky->zone)
        return refuse(r, "duplicate zone");
    if (!size_text.p)
        return refuse(r, "zone size is not specified");
    if (!name.n)
        return refuse(r, "zone name is not specified");
    if (!num_parse_size(size_text, &size))
        return refuse(r, "invalid zone size");
    if (size < ZONE_LEAST)
        return refuse(r, "zone is too small");
    if (zones_find(r->apply->conf, "sticky", name))
        return config_node_error(r->node, r->e, "sticky zone \"" SLICE_FMT "\" is already used",
                                 SLICE_ARG(name));
    r->sticky->zone = zones_declare(r->apply->conf, "sticky", name, (size_t)size, r->node, r->e);
    return r->sticky->zone != NULL;
}

static bool take_timeout(const struct reading *r, struct slice text)
{
    int64_t ms;

    if (r->sticky->timeout)
        return refuse(r, "duplicate timeout");
    if (!num_parse_msec(text, &ms) || ms == 0)
        return refuse(r, "invalid timeout");
    r->sticky->timeout = (uint64_t)ms;
    return true;
}

static bool take_of_learn(const struct reading *r, struct slice word)
{
    struct slice text;

    if (directives_named(word, "zone=", &text))
        return take_zone(r, text);
    if (directives_named(word, "timeout=", &text))
        return take_timeout(r, text);
    if (directives_named(word, "create=", &text))
        return add_named(r, &r->sticky->create, text);
    if (directives_named(word, "lookup=", &text))
        return add_named(r, &r->sticky->lookup, text);
    if (slice_eq(word, SLICE("header"))) {
        r->sticky->learns_from_head = true;
        return true;
    }
    return unknown(r, word);
}

static bool read_learn(const struct reading *r)
{
    struct sticky *s = r->sticky;

    for (size_t i = 1; i < r->node->n_args; i++)
        if (!take_of_learn(r, r->node->args[i]))
            return false;
    if (!s->lookup.n)
        return refuse(r, "\"lookup\" parameter is not specified");
    if (!s->create.n)
        return refuse(r, "\"create\" parameter is not specified");
    if (!s->zone)
        return refuse(r, "\"zone\" parameter is not specified");
    if (!s->timeout)
        s->timeout = SESSION_MS;
    return true;
}

static bool set_sticky(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply_upstream *f = ctx;
    struct reading r = {f->apply, node, e, pool_new(&f->apply->conf->pool, struct sticky)};
    struct slice how = node->args[0];

    f->u->sticky = r.sticky;
    if (slice_eq(how, SLICE("cookie")))
        return read_cookie(&r);
    if (slice_eq(how, SLICE("route")))
        return read_route(&r);
    if (slice_eq(how, SLICE("learn")))
        return read_learn(&r);
    return unknown(&r, how);
}

static const struct directive table[] = {
    {.name = "sticky",
     .contexts = CTX_UPSTREAM,
     .min_args = 2,
     .max_args = ARGS_MANY,
     .group = GROUP,
     .syntax = "sticky cookie name [expires=time | max] [domain=text] [path=text] [httponly] "
               "[secure] [samesite=strict | lax | none | $variable]; sticky route $variable …; "
               "sticky learn create=$variable lookup=$variable zone=name:size [timeout=time] "
               "[header];",
     .doc =
         "A client stays with its server: a request that is bound to one goes there as long as "
         "that server may be used; one that is not, or cannot go there, goes where the group's "
         "way to choose sends it. Requests that are bound count as a server's turns.\n\n"
         "`cookie`: the answer sets a cookie with the id of the server. The id is the `route` of "
         "the server, else the MD5 of its address and port (as in `$upstream_addr`) in "
         "hexadecimal. `domain` may hold variables. `route`: the first of the variables that is "
         "not empty is the id. `learn`: sessions are learned from answers. What `create` names "
         "in an answer, as in `create=$upstream_cookie_sid`, is bound to the server; requests "
         "with that value in `lookup`, as in `lookup=$cookie_sid`, go to it. Both may be "
         "repeated: the first that is not empty counts. The zone is shared by the workers and "
         "stays over a reload; a session nobody has asked for within `timeout` (10m) is "
         "forgotten, the least recently used when there is no room. `header`: learned when the "
         "head of the answer has come, not at its end.",
     .apply = set_sticky},
};

void directives_sticky_register(void)
{
    schema_register(table, ARRAY_LEN(table));
}
