/* Server names: those of a name_table, regexes in a list.
 *
 * `.example.com` stands for both the name and everything below it. A name without wildcards costs
 * one look-up, and a listener with one server none. */
#include "app/router_hosts.h"

#include <limits.h>
#include <unistd.h>

#include "app/name_table.h"
#include "app/variables/captures.h"

struct host_regex {
    const struct vhost *vhost;
    const struct regex *regex;
    const struct captures_names *names;
};

struct hosts {
    const struct vhost *only; /* the one server there is, when names cannot make a difference */
    struct name_table names;
    struct host_regex *regexes;
    unsigned n_regexes;
};

static void put(struct map *m, struct slice name, struct vhost *vh, const struct listen_conf *l)
{
    struct buf where = BUF_EMPTY;

    if (!map_get(m, name)) {
        map_set(m, name, vh);
        return;
    }
    addr_format(&l->addr, &where);
    log_write(NULL, LOG_WARN, "conflicting server name \"" SLICE_FMT "\" on " SLICE_FMT ", ignored",
              SLICE_ARG(name), SLICE_ARG(buf_slice(&where)));
    buf_free(&where);
}

static bool has_capital(struct slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] >= 'A' && s.p[i] <= 'Z')
            return true;
    }
    return false;
}

/* The directive that says `name`. */
static const struct config_node *place_of(const struct vhost *vh, struct slice name)
{
    const struct config_node *node = vh->place ? vh->place->children : NULL;

    for (; node; node = node->next) {
        if (!slice_eq(node->name, SLICE("server_name")))
            continue;
        for (size_t i = 0; i < node->n_args; i++) {
            if (slice_ieq(node->args[i], name))
                return node;
        }
    }
    return vh->place;
}

/* Hosts are lower case: a pattern with a capital letter could only be meant without case. */
static bool add_regex(struct app_conf *conf, struct hosts *h, const struct vhost *vh,
                      struct slice name, struct config_error *e)
{
    struct host_regex *r = &h->regexes[h->n_regexes];
    struct slice pattern = slice_from(name, 1), error;

    if (pattern.n == 0)
        return config_node_error(place_of(vh, name), e, "empty regex in server name \"~\"");
    r->vhost = vh;
    r->regex = regex_compile(&conf->pool, pattern, has_capital(pattern), &error);
    if (!r->regex || !captures_bind(vh->base->variables, r->regex, &r->names, &error))
        return config_node_error(place_of(vh, name), e, SLICE_FMT, SLICE_ARG(error));
    h->n_regexes++;
    return true;
}

static struct slice own_host_name(struct pool *pool)
{
    char name[HOST_NAME_MAX + 1] = "";

    if (gethostname(name, sizeof(name) - 1) != 0)
        return SLICE_EMPTY;
    return pool_lower(pool, slice_str(name));
}

/* What nginx says about a name as soon as it reads it. */
static bool check_name(const struct vhost *vh, struct slice name, struct config_error *e)
{
    const struct config_node *place;
    bool is_short = name.n > 0 && name.n < (name.p[0] == '*' ? 3 : name.p[0] == '.' ? 2 : 0);

    if (is_short || (name.n > 1 && name.p[0] == '*' && name.p[1] != '.'))
        return config_node_error(place_of(vh, name), e, "server name \"" SLICE_FMT "\" is invalid",
                                 SLICE_ARG(name));
    if (slice_find(name, '/') < 0)
        return true;
    place = place_of(vh, name);
    log_write(NULL, LOG_WARN, "server name \"" SLICE_FMT "\" has suspicious symbols in %s:%u",
              SLICE_ARG(name), place->file, place->line);
    return true;
}

/* What it says only when names matter. */
static bool fail_wildcard(const struct listen_conf *l, const struct vhost *vh, struct slice name,
                          struct config_error *e)
{
    struct buf where = BUF_EMPTY;

    addr_format(&l->addr, &where);
    config_node_error(place_of(vh, name), e,
                      "invalid server name or wildcard \"" SLICE_FMT "\" on %s", SLICE_ARG(name),
                      buf_cstr(&where));
    buf_free(&where);
    return false;
}

static bool add_plain(struct listen_conf *l, struct vhost *vh, struct slice name,
                      struct config_error *e)
{
    struct hosts *h = l->hosts;
    ssize_t star = slice_find(name, '*');
    bool is_head = name.n > 0 && name.p[0] == '*';
    bool is_tail = star > 1 && (size_t)star == name.n - 1 && name.p[star - 1] == '.' && !is_head &&
                   name.p[0] != '.';

    if (is_head && slice_find(slice_from(name, 1), '*') >= 0)
        return fail_wildcard(l, vh, name, e);
    if ((star >= 0 && !is_head && !is_tail) || memmem(name.p, name.n, "..", 2))
        return fail_wildcard(l, vh, name, e);
    if (is_head) {
        put(&h->names.heads, slice_from(name, 1), vh, l);
    } else if (is_tail) {
        put(&h->names.tails, slice_of(name.p, name.n - 1), vh, l);
    } else if (name.n > 0 && name.p[0] == '.') {
        put(&h->names.exact, slice_from(name, 1), vh, l);
        put(&h->names.heads, name, vh, l);
    } else {
        put(&h->names.exact, name, vh, l);
    }
    return true;
}

static bool add_name(struct app_conf *conf, struct listen_conf *l, struct vhost *vh,
                     struct slice name, struct config_error *e)
{
    if (name.n > 0 && name.p[0] == '~')
        return add_regex(conf, l->hosts, vh, name, e);
    if (!check_name(vh, name, e))
        return false;
    if (l->n_vhosts == 1)
        return true;
    name = slice_eq(name, SLICE("$hostname")) ? own_host_name(&conf->pool)
                                              : pool_lower(&conf->pool, name);
    return add_plain(l, vh, name, e);
}

static unsigned count_names(const struct listen_conf *l)
{
    unsigned n = 0;

    for (unsigned i = 0; i < l->n_vhosts; i++)
        n += l->vhosts[i]->n_names;
    return n;
}

bool router_hosts_build(struct app_conf *conf, struct listen_conf *l, struct config_error *e)
{
    struct hosts *h = pool_new(&conf->pool, struct hosts);

    l->hosts = h;
    name_table_init(&h->names, &conf->pool, false);
    h->regexes = pool_zalloc(&conf->pool, (count_names(l) + 1) * sizeof(*h->regexes));
    for (unsigned i = 0; i < l->n_vhosts; i++) {
        struct vhost *vh = l->vhosts[i];

        if (vh->n_names == 0 && !add_name(conf, l, vh, SLICE_EMPTY, e))
            return false;
        for (unsigned k = 0; k < vh->n_names; k++) {
            if (!add_name(conf, l, vh, vh->names[k], e))
                return false;
        }
    }
    if (l->n_vhosts == 1 && h->n_regexes == 0)
        h->only = l->vhosts[0];
    return true;
}

static bool matches(const struct host_regex *r, struct slice host, struct visit *v)
{
    int at[2 * REGEX_CAPTURES_MOST];

    if (v)
        return captures_match(v, r->regex, r->names, host) == CAPTURES_SET;
    return regex_match(r->regex, host, at) > 0;
}

const struct vhost *router_hosts_find(const struct hosts *h, struct slice host, struct visit *v)
{
    const struct vhost *vh;

    if (h->only)
        return h->only;
    vh = name_table_find(&h->names, host);
    for (unsigned i = 0; i < h->n_regexes && !vh && host.n > 0; i++) {
        if (matches(&h->regexes[i], host, v))
            vh = h->regexes[i].vhost;
    }
    return vh;
}
