/* From a request to its server and its location.
 *
 * Each level that has nested locations has a router: a trie of its exact and prefix locations, its
 * regexes in order, and at the server's level a hash of named ones. Finding goes as nginx goes: an
 * exact location ends it; below the longest prefix the search goes on at once, but unless it ended
 * there (or the prefix said `^~`) the regexes of this level come next, and below the first that
 * matches the search goes on for good. Nothing is allocated but the copy of a path that a regex
 * matched.
 *
 * router_build is also where places and duplicates of locations are checked, and where variables
 * that nobody defined come to light, since every name has been read by then. */
#include "app/router.h"

#include "app/location_tree.h"
#include "app/router_hosts.h"
#include "app/variables/captures.h"

struct location_regex {
    const struct location *location;
    const struct captures_names *names;
};

struct router {
    struct location_tree tree;
    struct location_regex *regexes;
    unsigned n_regexes;
    struct map named;
};

static void free_map(void *map)
{
    map_deinit(map);
}

static bool is_location(const struct location *l)
{
    return l->kind != LOCATION_LEVEL && l->kind != LOCATION_IF;
}

/* nginx's rules of what may stand in what. */
static bool check_place(const struct location *parent, const struct location *l,
                        struct config_error *e)
{
    int n = (int)l->name.n, pn = (int)parent->name.n;

    if (!is_location(parent))
        return true;
    if (parent->kind == LOCATION_EXACT)
        return config_error_set(e, l->file, l->line,
                                "location \"%.*s\" cannot be inside the exact location \"%.*s\"", n,
                                l->name.p, pn, parent->name.p);
    if (parent->kind == LOCATION_NAMED)
        return config_error_set(e, l->file, l->line,
                                "location \"%.*s\" cannot be inside the named location \"%.*s\"", n,
                                l->name.p, pn, parent->name.p);
    if (l->kind == LOCATION_NAMED)
        return config_error_set(e, l->file, l->line,
                                "named location \"%.*s\" can be on the server level only", n,
                                l->name.p);
    if (l->kind != LOCATION_REGEX && !slice_has_prefix(l->name, parent->name))
        return config_error_set(e, l->file, l->line,
                                "location \"%.*s\" is outside location \"%.*s\"", n, l->name.p, pn,
                                parent->name.p);
    return true;
}

static struct slice bare_name(struct slice name)
{
    return name.n > 0 && name.p[0] == '@' ? slice_from(name, 1) : name;
}

static bool add_regex(struct app_conf *conf, struct router *r, const struct location *l,
                      struct config_error *e)
{
    struct location_regex *entry = &r->regexes[r->n_regexes++];
    struct slice error;

    entry->location = l;
    if (captures_bind(&conf->variables, l->regex, &entry->names, &error))
        return true;
    return config_error_set(e, l->file, l->line, SLICE_FMT, SLICE_ARG(error));
}

static bool add_location(struct app_conf *conf, struct router *r, struct location *l,
                         struct config_error *e)
{
    bool is_new = true;

    switch (l->kind) {
    case LOCATION_LEVEL:
    case LOCATION_IF:
        break;
    case LOCATION_REGEX:
        return add_regex(conf, r, l, e);
    case LOCATION_NAMED:
        is_new = !map_get(&r->named, bare_name(l->name));
        if (is_new)
            map_set(&r->named, bare_name(l->name), l);
        break;
    case LOCATION_EXACT:
    case LOCATION_PREFIX:
    case LOCATION_PREFIX_FINAL:
        is_new = location_tree_add(&r->tree, &conf->pool, l);
        break;
    }
    if (!is_new)
        return config_error_set(e, l->file, l->line, "duplicate location \"" SLICE_FMT "\"",
                                SLICE_ARG(l->name));
    return true;
}

/* As nginx does: `location /x/` with proxy_pass or its kin redirects /x to itself, unless /x has a
 * place of its own. */
static void add_redirect(struct app_conf *conf, struct router *r, const struct location *l)
{
    struct slice name = slice_of(l->name.p, l->name.n - 1);
    const struct location *there = location_tree_find(&r->tree, name);
    struct location *redirect;

    if (there && slice_eq(there->name, name))
        return;
    redirect = location_new_child(l, LOCATION_EXACT, name);
    location_add_step(redirect, PHASE_REWRITE, l->without_slash, NULL, l->line);
    (void)location_tree_add(&r->tree, &conf->pool, redirect);
}

static void add_redirects(struct app_conf *conf, struct router *r, const struct location *level)
{
    for (unsigned i = 0; i < level->n_children; i++) {
        const struct location *l = level->children[i];

        if (l->without_slash && l->kind != LOCATION_REGEX && l->kind != LOCATION_NAMED &&
            l->kind != LOCATION_IF && l->name.n > 1 && l->name.p[l->name.n - 1] == '/')
            add_redirect(conf, r, l);
    }
}

static bool build_level(struct app_conf *conf, struct location *level, struct config_error *e)
{
    struct router *r;

    if (level->n_children == 0 || level->router)
        return true;
    r = pool_new(&conf->pool, struct router);
    pool_on_reset(&conf->pool, free_map, &r->named);
    r->regexes = pool_zalloc(&conf->pool, level->n_children * sizeof(*r->regexes));
    level->router = r;
    for (unsigned i = 0; i < level->n_children; i++) {
        struct location *l = level->children[i];

        if (!check_place(level, l, e) || !add_location(conf, r, l, e) || !build_level(conf, l, e))
            return false;
    }
    add_redirects(conf, r, level);
    return true;
}

bool router_build(struct app_conf *conf, struct config_error *e)
{
    for (unsigned i = 0; i < conf->n_vhosts; i++) {
        if (!build_level(conf, conf->vhosts[i]->base, e))
            return false;
    }
    for (unsigned i = 0; i < conf->n_listens; i++) {
        if (!router_hosts_build(conf, conf->listens[i], e))
            return false;
    }
    return variable_table_check(&conf->variables, e) &&
           variable_table_check(&conf->stream_variables, e);
}

const struct vhost *router_find_vhost(const struct listen_conf *l, struct slice host,
                                      struct visit *v)
{
    const struct vhost *vh = router_hosts_find(l->hosts, host, v);

    return vh ? vh : l->default_vhost;
}

/* Sets v->loc to what is found below `level`, if anything. True: the search has ended with it, NULL
 * where an expression failed: what stands behind it may be less strict. */
static bool find_below(struct visit *v, const struct location *level)
{
    const struct router *r = level->router;
    struct slice path = v->x->req.path;
    const struct location *l;

    if (!r)
        return false;
    l = location_tree_find(&r->tree, path);
    if (l) {
        v->loc = l;
        if (l->kind == LOCATION_EXACT || find_below(v, l))
            return true;
        if (l->kind == LOCATION_PREFIX_FINAL)
            return false;
    }
    for (unsigned i = 0; i < r->n_regexes; i++) {
        const struct location_regex *entry = &r->regexes[i];
        enum captures_found found = captures_match(v, entry->location->regex, entry->names, path);

        if (found == CAPTURES_NONE)
            continue;
        v->loc = found == CAPTURES_SET ? entry->location : NULL;
        if (v->loc)
            find_below(v, v->loc);
        return true;
    }
    return false;
}

bool router_find_location(struct visit *v)
{
    bool is_found;

    v->loc = v->vhost->base;
    find_below(v, v->vhost->base);
    is_found = v->loc != NULL;
    if (!is_found)
        v->loc = v->vhost->base;
    v->path_prefix = v->loc->kind == LOCATION_REGEX ? SLICE_EMPTY : v->loc->name;
    return is_found;
}

const struct location *router_find_named(const struct vhost *vh, struct slice name)
{
    const struct router *r = vh->base->router;

    return r ? map_get(&r->named, name) : NULL;
}
