/* From names to the peers of groups.
 *
 *   timer -> SRV records, where a service is asked for
 *         -> addresses of each target -> slots -> timer
 *
 * A name without a service is one target. What cannot be asked leaves the peers as they are; a name
 * that nobody knows has none. Of the targets of a service those of the best priority are servers
 * like the line says, the others are backups. */
#include "app/proxy/upstream_names.h"

#include "app/location_resolver.h"
#include "app/proxy/health.h"
#include "app/proxy/upstream_slots.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "loop/timer.h"
#include "net/dns/dns.h"

enum { TARGETS_MOST = 32, ADDRESSES_MOST = ADDR_LIST_MAX };
enum { LEAST_MS = 1000, UNKNOWN_MS = 10000, FAILED_MS = 2000, HOSTS_MS = 60000 };

struct target {
    struct watch *watch;
    struct dns_query *query; /* NULL: answered */
    uint32_t priority, weight, port;
    char name[DNS_NAME_TEXT];
};

/* One line of a group. */
struct watch {
    struct list node;
    struct upstream *u;
    const struct upstream_line *line;
    struct timer timer;
    struct resolver_wait *srv;
    struct target *targets;
    unsigned n_targets, waiting;
    struct upstream_address addresses[ADDRESSES_MOST];
    unsigned n;
    uint64_t until_ms;         /* of the answers; 0: they do not say */
    const struct err *failure; /* of name servers */
};

static struct list watches = LIST_INIT(watches); /* process-wide: of the worker that asks */

static struct resolver *resolver_of(const struct watch *w)
{
    return location_resolver_of(w->u->level);
}

/* --- what was answered --- */

static void forget(struct watch *w)
{
    resolver_give_up(&w->srv);
    for (unsigned i = 0; i < w->n_targets; i++)
        dns_cancel(&w->targets[i].query);
    mem_free(w->targets);
    w->targets = NULL;
    w->n_targets = w->waiting = w->n = 0;
    w->until_ms = 0;
    w->failure = NULL;
}

static uint64_t pause_of(const struct watch *w)
{
    uint64_t now = clock_ms();

    if (w->failure)
        return FAILED_MS;
    if (w->until_ms)
        return w->until_ms > now + LEAST_MS ? w->until_ms - now : LEAST_MS;
    return w->n ? HOSTS_MS : UNKNOWN_MS;
}

static void settle(struct watch *w)
{
    uint64_t ms = pause_of(w);

    if (w->failure && w->n == 0)
        log_write(NULL, LOG_ERROR,
                  "%s while resolving \"" SLICE_FMT "\" of upstream \"" SLICE_FMT "\"",
                  w->failure->message, SLICE_ARG(w->line->like.way.host), SLICE_ARG(w->u->name));
    else
        upstream_slots_set(w->u, w->line, w->addresses, w->n, health_renew);
    forget(w);
    timer_start(&w->timer, ms);
}

static void note_until(struct watch *w, uint64_t until_ms)
{
    if (until_ms)
        w->until_ms = w->until_ms ? MIN(w->until_ms, until_ms) : until_ms;
}

static void note_failure(struct watch *w, const struct err *e)
{
    if (e && e != &err_name_not_found)
        w->failure = e;
}

/* --- addresses --- */

/* Is it one of those that only others have? */
static bool is_second(const struct watch *w, const struct target *t)
{
    for (unsigned i = 0; i < w->n_targets; i++)
        if (w->targets[i].priority < t->priority)
            return true;
    return false;
}

static void add_addresses(struct watch *w, const struct target *t, const struct addr_list *list)
{
    const struct upstream_peer *like = &w->line->like;
    bool is_backup = like->is_backup || is_second(w, t);

    for (unsigned i = 0; i < list->n && w->n < ADDRESSES_MOST; i++) {
        struct upstream_address *a = &w->addresses[w->n++];

        a->addr = list->items[i];
        addr_set_port(&a->addr, (int)t->port);
        a->weight = like->weight > 1 || !t->weight ? like->weight : t->weight;
        a->is_backup = is_backup;
    }
}

static void on_addresses(void *user, const struct dns_result *result)
{
    struct target *t = user;
    struct watch *w = t->watch;

    t->query = NULL;
    note_until(w, result->until_ms);
    note_failure(w, result->err);
    if (!result->err)
        add_addresses(w, t, result->addrs);
    if (--w->waiting == 0)
        settle(w);
}

static void ask_targets(struct watch *w)
{
    w->waiting = w->n_targets;
    for (unsigned i = 0; i < w->n_targets; i++) {
        struct target *t = &w->targets[i];

        t->watch = w;
        t->query = dns_lookup(resolver_of(w), slice_str(t->name), DNS_PREFER_V4, on_addresses, t);
    }
}

/* --- services --- */

static void take_field(void *user, const struct dns_field *f)
{
    struct target *t = user;

    if (strcmp(f->name, "priority") == 0)
        t->priority = f->number;
    else if (strcmp(f->name, "weight") == 0)
        t->weight = f->number;
    else if (strcmp(f->name, "port") == 0)
        t->port = f->number;
    else if (strcmp(f->name, "target") == 0 && f->text.n < sizeof(t->name))
        memcpy(t->name, f->text.p, f->text.n);
}

static void read_targets(struct watch *w, const struct dns_answer *a)
{
    struct dns_message m;
    struct dns_record r;
    int more = -1;

    w->targets = mem_zalloc(TARGETS_MOST * sizeof(*w->targets));
    if (dns_message_open(&m, slice_of(a->bytes, a->n)))
        more = dns_message_next(&m, &r);
    for (; w->n_targets < TARGETS_MOST && more > 0; more = dns_message_next(&m, &r)) {
        struct target *t = &w->targets[w->n_targets];

        if (r.section != DNS_ANSWER || r.type != DNS_SRV)
            continue;
        if (dns_message_fields(&m, &r, take_field, t) && t->name[0] && strcmp(t->name, ".") != 0)
            w->n_targets++;
        else
            memset(t, 0, sizeof(*t));
    }
    if (more < 0) {
        w->failure = &err_name_server;
        w->n_targets = 0;
    }
}

/* Targets of other priorities than the best one would be backups of a backup: they are left out. */
static void drop_second(struct watch *w)
{
    unsigned n = 0;

    for (unsigned i = 0; i < w->n_targets; i++)
        w->targets[i].watch = is_second(w, &w->targets[i]) ? NULL : w;
    for (unsigned i = 0; i < w->n_targets; i++)
        if (w->targets[i].watch)
            w->targets[n++] = w->targets[i];
    w->n_targets = n;
}

static void on_services(void *user, struct dns_answer *a)
{
    struct watch *w = user;

    w->srv = NULL;
    note_until(w, a->until_ms);
    note_failure(w, a->err);
    if (!a->err)
        read_targets(w, a);
    if (w->line->like.is_backup)
        drop_second(w);
    if (w->n_targets)
        ask_targets(w);
    else
        settle(w);
}

/* "http" is _http._tcp of the name; what has dots stands before the name as it is. */
static void ask_services(struct watch *w)
{
    struct slice service = w->line->service;
    bool is_plain = slice_find(service, '.') < 0;
    struct buf name = BUF_EMPTY;

    buf_printf(&name, is_plain ? "_" SLICE_FMT "._tcp." SLICE_FMT : SLICE_FMT "." SLICE_FMT,
               SLICE_ARG(service), SLICE_ARG(w->line->like.way.host));
    w->srv = resolver_ask(resolver_of(w), buf_slice(&name), DNS_SRV, on_services, w);
    buf_free(&name);
}

/* --- the course --- */

static void ask(struct timer *timer)
{
    struct watch *w = CONTAINER_OF(timer, struct watch, timer);
    struct slice host = w->line->like.way.host;

    if (w->line->service.n) {
        ask_services(w);
        return;
    }
    w->targets = mem_zalloc(sizeof(*w->targets));
    w->targets->port = w->line->like.way.port;
    memcpy(w->targets->name, host.p, MIN(host.n, sizeof(w->targets->name) - 1));
    w->n_targets = 1;
    ask_targets(w);
}

static void begin(struct upstream *u, const struct upstream_line *line)
{
    struct watch *w = mem_zalloc(sizeof(*w));

    w->u = u;
    w->line = line;
    timer_init(&w->timer, ask);
    timer_set_background(&w->timer);
    list_append(&watches, &w->node);
    timer_start(&w->timer, 0);
}

/* Those of one kind: of http, of stream. */
static void inherit(struct upstream *first, const struct map *old)
{
    for (struct upstream *u = first; u; u = u->next) {
        struct upstream *was = u->slots ? map_get(old, u->name) : NULL;

        if (was && was->slots)
            upstream_slots_inherit(u, was);
    }
}

void upstream_names_inherit(const struct app_conf *conf, const struct app_conf *old)
{
    if (!old)
        return;
    inherit(conf->first_upstream[CONF_HTTP], &old->upstreams);
    inherit(conf->first_upstream[CONF_STREAM], &old->stream_upstreams);
}

void upstream_names_start(const struct app_conf *conf)
{
    for (unsigned side = 0; side < CONF_SIDES; side++)
        for (struct upstream *u = conf->first_upstream[side]; u; u = u->next)
            for (const struct upstream_line *l = u->slots ? u->lines : NULL; l; l = l->next)
                begin(u, l);
}

void upstream_names_stop(void)
{
    struct list *node;

    while ((node = list_pop(&watches)) != NULL) {
        struct watch *w = CONTAINER_OF(node, struct watch, node);

        timer_stop(&w->timer);
        forget(w);
        mem_free(w);
    }
}
