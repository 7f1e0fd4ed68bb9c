/* A group: its servers, and the course of a choice. How one is chosen stands in upstream_choose.c,
 * what is known of servers in upstream_state.c, those that are names in upstream_slots.c and
 * upstream_names.c, connections to them in upstream_origin.c, groups that no configuration names in
 * upstream_find.c. */
#include "app/proxy/upstream.h"

#include <netinet/in.h>
#include <stdio.h>

#include "app/conf.h"
#include "app/proxy/upstream_choose.h"
#include "app/proxy/upstream_slots.h"
#include "app/proxy/upstream_state.h"
#include "app/variables/script.h"
#include "base/encode.h"
#include "net/dns/dns_name.h"
#include "net/tls/tls_digest.h"
#include "proto/url.h"

/* --- making --- */

struct upstream *upstream_new(struct pool *memory, struct slice name)
{
    struct upstream *u = pool_new(memory, struct upstream);

    u->name = pool_dup(memory, name);
    u->memory = memory;
    u->balancer_keepalive = 30;
    u->keepalive_requests = 1000;
    u->keepalive_timeout = 60000;
    u->keepalive_time = 3600000;
    return u;
}

static void reserve(struct upstream *u, unsigned n)
{
    struct upstream_peer *more = pool_zalloc(u->memory, n * sizeof(*more));

    if (u->n)
        memcpy(more, u->peers, u->n * sizeof(*more));
    u->peers = more;
    u->size = n;
}

struct upstream_peer *upstream_add(struct upstream *u, struct slice name, uint16_t default_port)
{
    struct upstream_peer *p;
    struct slice host;
    struct addr a;
    int port;

    if (u->n == u->size)
        reserve(u, u->size ? u->size * 2 : 4);
    p = &u->peers[u->n];
    *p = (struct upstream_peer){.weight = 1, .max_fails = 1, .fail_timeout = 10000};
    p->written = p->name = pool_dup(u->memory, name);
    if (slice_has_prefix(name, SLICE("unix:"))) {
        p->way.unix_path = slice_cut(&(struct slice){p->name.p + 5, p->name.n - 5}, ':');
        p->way.host = SLICE("localhost");
        p->is_address = true;
    } else {
        if (!url_parse_host(p->name, &host, &port) || host.n == 0)
            return NULL;
        p->way.host = host;
        p->is_address = addr_literal(host, &a);
        p->way.port = port ? (uint16_t)port : default_port;
        if (!port)
            p->name =
                pool_printf(u->memory, SLICE_FMT ":%u", SLICE_ARG(p->name), (unsigned)default_port);
    }
    if (!p->way.unix_path.n && !p->way.port)
        return NULL;
    u->n++;
    return p;
}

void upstream_list(struct app_conf *conf, struct upstream *u, bool is_stream)
{
    struct upstream **at = &conf->first_upstream[is_stream ? CONF_STREAM : CONF_HTTP];

    while (*at && *at != u)
        at = &(*at)->next;
    *at = u;
}

struct upstream *upstream_of_one(struct pool *memory, struct slice name, uint16_t default_port)
{
    struct upstream *u = upstream_new(memory, name);

    return upstream_add(u, name, default_port) ? u : NULL;
}

void upstream_settle(struct app_conf *conf, struct upstream *u, struct location *level,
                     bool is_stream)
{
    upstream_list(conf, u, is_stream);
    if (u->level)
        return;
    u->level = level;
    upstream_look_up(u, SLICE_EMPTY, false);
    upstream_share(u);
}

void upstream_look_up(struct upstream *u, struct slice service, bool may_go)
{
    const struct upstream_peer *p = &u->peers[u->n - 1];

    if (!p->is_address && !dns_name_is_localhost(p->way.host))
        upstream_slots_add(u, service, may_go);
}

void upstream_share(struct upstream *u)
{
    if (u->lines) {
        reserve(u, u->n + UPSTREAM_SLOTS_MORE);
        upstream_slots_share(u);
    }
    if (u->has_zone)
        upstream_state_share(u);
}

/* --- choosing --- */

/* The first three octets of an IPv4 address, a whole IPv6 address; three zeros for what has none.
 */
static struct slice client_key(const struct visit *v)
{
    const struct addr *a = v->x->peer;

    if (a->sa.sa_family == AF_INET)
        return slice_of((const char *)&((const struct sockaddr_in *)&a->storage)->sin_addr, 3);
    if (a->sa.sa_family == AF_INET6)
        return slice_of((const char *)&((const struct sockaddr_in6 *)&a->storage)->sin6_addr, 16);
    return slice_of("\0\0", 3);
}

/* What hashes are made of, in the visit's pool. */
static struct slice key_of(const struct upstream *u, struct visit *v)
{
    if (u->balance == UPSTREAM_IP_HASH)
        return client_key(v);
    return u->key ? script_eval(u->key, v) : SLICE_EMPTY;
}

struct slice upstream_id(struct upstream_peer *p)
{
    unsigned char digest[TLS_DIGEST_MD5];
    struct buf hex = BUF_EMPTY;

    if (p->route.n)
        return p->route;
    if (!p->id[0]) {
        tls_digest_md5(p->name.p, p->name.n, digest);
        encode_hex(&hex, slice_of((const char *)digest, sizeof(digest)));
        snprintf(p->id, sizeof(p->id), "%s", buf_cstr(&hex));
        buf_free(&hex);
    }
    return slice_str(p->id);
}

/* The server that the request wants, if it may have it. */
static struct upstream_peer *choose_bound(struct upstream *u, struct slice id, upstream_tried tried)
{
    for (unsigned i = 0; id.n && i < u->n; i++)
        if (u->peers[i].weight && slice_eq(upstream_id(&u->peers[i]), id))
            return upstream_choose_bound(u, &u->peers[i], tried);
    return NULL;
}

struct upstream_peer *upstream_next(struct upstream *u, struct visit *v, upstream_tried *tried)
{
    struct slice key = key_of(u, v), id = SLICE_EMPTY;
    struct upstream_peer *p;

    if (u->sticky)
        id = sticky_wanted(u->sticky, v);
    upstream_slots_sync(u);
    upstream_state_enter(u);
    p = choose_bound(u, id, *tried);
    if (!p)
        p = upstream_choose(u, key, *tried);
    if (p) {
        *tried |= upstream_state_bit(u, p);
        upstream_state_begin(p, upstream_state_of(u, p));
    }
    upstream_state_leave(u);
    return p;
}

unsigned upstream_tries(const struct upstream *u)
{
    unsigned tries = 0;

    for (unsigned i = 0; i < u->n; i++)
        tries += u->peers[i].weight && !u->peers[i].is_down && !u->peers[i].is_draining;
    return tries;
}

bool upstream_done(struct upstream *u, struct upstream_peer *p, bool has_failed)
{
    bool is_resting;

    upstream_state_enter(u);
    upstream_state_end(p, upstream_state_of(u, p), has_failed);
    is_resting = has_failed && upstream_state_is_resting(u, p, upstream_state_of(u, p));
    upstream_state_leave(u);
    return is_resting;
}
