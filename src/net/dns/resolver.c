/* The resolver.
 *
 * A question is a name and a type. Whoever asks becomes a wait: behind the answer of the cache, or
 * in the list of the question that is in flight, which is sent when there is none. When an answer
 * is there, its waits move to `ready` and a call of the loop delivers them; so no callback comes
 * before resolver_ask returns, and none from inside c-ares. A wait that is given up leaves whatever
 * list it is in. When nobody waits any more, the channel is told to forget its questions. */
#include "net/dns/resolver.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/list.h"
#include "base/map.h"
#include "base/mem.h"
#include "loop/loop.h"
#include "net/dns/dns_cache.h"
#include "net/dns/dns_channel.h"

enum { TIMEOUT_MS = 2000, TRIES = 3, TOTAL_MS = 30000 };
enum { MAX_TTL = 86400, NEGATIVE_TTL = 60, CACHE_SIZE = 1 << 20, SEARCH_MAX = 8 };
enum { KEY_MAX = 300, BUCKETS = 64 };

struct resolver {
    unsigned refs, turn, waiting;
    struct resolver_options options;
    char *servers, *search, *hosts_path, *resolv_conf; /* what the options point to */
    struct slice domains[SEARCH_MAX];
    unsigned n_domains;
    struct dns_channel *channel;
    struct dns_hosts *hosts;
    struct dns_cache cache;
    struct resolver_stats stats;
    struct list questions[BUCKETS]; /* in flight */
    unsigned in_flight;
    struct list ready;
    struct loop_call deliver;
};

struct question {
    struct list node;
    struct resolver *resolver;
    struct list waits;
    struct slice key;
    char key_bytes[KEY_MAX];
};

struct resolver_wait {
    struct list node;
    struct resolver *resolver;
    struct dns_answer *answer; /* once it is known */
    resolver_fn fn;
    void *user;
};

static struct resolver *standard; /* process-wide: the default resolver */

struct resolver_options resolver_defaults(void)
{
    return (struct resolver_options){
        .ndots = -1,
        .timeout = TIMEOUT_MS,
        .tries = TRIES,
        .total_timeout = TOTAL_MS,
        .max_ttl = MAX_TTL,
        .negative_ttl = NEGATIVE_TTL,
        .cache_size = CACHE_SIZE,
        .has_ipv6 = true,
    };
}

static void on_deliver(struct loop_call *call);

static const char *keep_text(char **slot, const char *text)
{
    *slot = text ? mem_strdup(slice_str(text)) : NULL;
    return *slot;
}

static void set_options(struct resolver *r, const struct resolver_options *o)
{
    struct resolver_options *own = &r->options;

    *own = *o;
    own->servers = keep_text(&r->servers, o->servers);
    own->search = keep_text(&r->search, o->search);
    own->hosts = keep_text(&r->hosts_path, o->hosts ? o->hosts : "/etc/hosts");
    own->resolv_conf = keep_text(&r->resolv_conf, o->resolv_conf);
    own->timeout = o->timeout ? o->timeout : TIMEOUT_MS;
    own->tries = o->tries ? o->tries : TRIES;
    own->total_timeout = o->total_timeout ? o->total_timeout : TOTAL_MS;
    if (own->hosts[0])
        r->hosts = dns_hosts_new(own->hosts);
}

static void add_domain(struct resolver *r, struct slice domain)
{
    while (domain.n && domain.p[domain.n - 1] == '.')
        domain.n--;
    if (domain.n && r->n_domains < SEARCH_MAX)
        r->domains[r->n_domains++] = domain;
}

static void set_search(struct resolver *r)
{
    struct slice rest, word;
    const char *domain;

    if (!r->options.search) {
        for (unsigned i = 0; (domain = dns_channel_search(r->channel, i)) != NULL; i++)
            add_domain(r, slice_str(domain));
        return;
    }
    rest = slice_str(r->options.search);
    while ((word = slice_cut(&rest, ' ')).p)
        add_domain(r, word);
}

const struct err *resolver_new(const struct resolver_options *o, struct resolver **out)
{
    struct resolver *r = mem_new(struct resolver);
    struct dns_channel_options channel;
    const struct err *e;

    r->refs = 1;
    set_options(r, o);
    dns_cache_init(&r->cache, o->cache_size);
    for (unsigned i = 0; i < BUCKETS; i++)
        list_init(&r->questions[i]);
    list_init(&r->ready);
    loop_call_init(&r->deliver, on_deliver);
    channel = (struct dns_channel_options){.servers = r->options.servers,
                                           .resolv_conf = r->options.resolv_conf,
                                           .timeout = (int)r->options.timeout,
                                           .tries = (int)r->options.tries,
                                           .rotate = r->options.rotate};
    e = dns_channel_new(&channel, &r->channel);
    if (e) {
        resolver_unref(&r);
    } else {
        set_search(r);
        if (r->options.ndots < 0)
            r->options.ndots = dns_channel_ndots(r->channel);
    }
    *out = r;
    return e;
}

struct resolver *resolver_ref(struct resolver *r)
{
    r->refs++;
    return r;
}

void resolver_unref(struct resolver **rp)
{
    struct resolver *r = *rp;

    *rp = NULL;
    if (!r || --r->refs)
        return;
    dns_channel_free(&r->channel);
    CHECK(!r->in_flight && list_is_empty(&r->ready));
    dns_cache_clear(&r->cache);
    dns_hosts_free(&r->hosts);
    mem_free(r->servers);
    mem_free(r->search);
    mem_free(r->hosts_path);
    mem_free(r->resolv_conf);
    mem_free(r);
}

struct resolver *resolver_default(void)
{
    struct resolver_options o = resolver_defaults();

    if (!standard && resolver_new(&o, &standard))
        PANIC("no default resolver");
    return standard;
}

static void make_ready(struct resolver_wait *w, struct dns_answer *a)
{
    struct resolver *r = w->resolver;

    w->answer = dns_answer_ref(a);
    list_remove(&w->node);
    list_append(&r->ready, &w->node);
    loop_next(&r->deliver);
}

/* Nobody waits any more: questions that were given up need no answer. */
static void forget_questions(struct resolver *r)
{
    if (r->waiting == 0 && r->in_flight)
        dns_channel_abort(r->channel);
}

static void on_deliver(struct loop_call *call)
{
    struct resolver *r = CONTAINER_OF(call, struct resolver, deliver);
    struct list now, *node;

    list_init(&now);
    list_splice(&now, &r->ready);
    resolver_ref(r); /* the last wait may go with its callback */
    while ((node = list_pop(&now)) != NULL) {
        struct resolver_wait w = *CONTAINER_OF(node, struct resolver_wait, node);
        struct resolver *own = w.resolver;

        mem_free(CONTAINER_OF(node, struct resolver_wait, node));
        r->waiting--;
        w.fn(w.user, w.answer);
        dns_answer_unref(&w.answer);
        resolver_unref(&own);
    }
    forget_questions(r);
    resolver_unref(&r);
}

/* How long an answer is kept, in ms. */
static uint64_t time_to_keep(const struct resolver *r, const struct dns_answer *a)
{
    const struct resolver_options *o = &r->options;
    uint32_t ttl;

    if ((a->err && a->err != &err_name_not_found) || !dns_answer_ttl(a, &ttl))
        return 0;
    ttl = a->err ? MIN(ttl, o->negative_ttl) : MIN(MAX(ttl, o->min_ttl), o->max_ttl);
    return (uint64_t)ttl * 1000;
}

static void keep(struct resolver *r, struct slice key, struct dns_answer *a)
{
    uint64_t ms = time_to_keep(r, a);

    a->until_ms = ms ? clock_ms() + ms : 0;
    dns_cache_put(&r->cache, key, a, ms);
}

static void on_answer(void *user, const struct err *e, struct slice message)
{
    struct question *q = user;
    struct resolver *r = q->resolver;
    struct dns_answer *a = dns_answer_new(e, message);

    if (e && e != &err_name_not_found)
        r->stats.failed += e != &err_cancelled;
    else
        keep(r, q->key, a);
    while (!list_is_empty(&q->waits))
        make_ready(CONTAINER_OF(q->waits.next, struct resolver_wait, node), a);
    dns_answer_unref(&a);
    list_remove(&q->node);
    r->in_flight--;
    mem_free(q);
}

static struct question *find_question(struct list *bucket, struct slice key)
{
    LIST_FOR (n, bucket) {
        struct question *q = CONTAINER_OF(n, struct question, node);

        if (slice_ieq(q->key, key))
            return q;
    }
    return NULL;
}

static struct question *new_question(struct resolver *r, struct list *bucket, struct slice key)
{
    struct question *q = mem_new(struct question);

    q->resolver = r;
    list_init(&q->waits);
    memcpy(q->key_bytes, key.p, key.n);
    q->key = slice_of(q->key_bytes, key.n);
    list_append(bucket, &q->node);
    r->in_flight++;
    return q;
}

static void join(struct resolver_wait *w, const char *name, uint16_t type, struct slice key)
{
    struct resolver *r = w->resolver;
    struct list *bucket = &r->questions[map_hash(key, true) % BUCKETS];
    struct question *q = find_question(bucket, key);

    if (q) {
        r->stats.merged++;
        list_append(&q->waits, &w->node);
        return;
    }
    q = new_question(r, bucket, key);
    list_append(&q->waits, &w->node);
    r->stats.sent++;
    dns_channel_ask(r->channel, name, type, on_answer, q);
}

struct resolver_wait *resolver_ask(struct resolver *r, struct slice name, uint16_t type,
                                   resolver_fn fn, void *user)
{
    struct resolver_wait *w = mem_new(struct resolver_wait);
    struct dns_answer *a;
    char key[KEY_MAX];
    int n = snprintf(key, sizeof(key), "%u/" SLICE_FMT, type, SLICE_ARG(name));

    *w = (struct resolver_wait){.resolver = resolver_ref(r), .fn = fn, .user = user};
    list_init(&w->node);
    r->waiting++;
    r->stats.questions++;
    if (n >= (int)sizeof(key)) {
        a = dns_answer_new(&err_invalid, SLICE_EMPTY);
        make_ready(w, a);
        dns_answer_unref(&a);
        return w;
    }
    a = dns_cache_get(&r->cache, slice_of(key, (size_t)n));
    if (a) {
        r->stats.hits++;
        make_ready(w, a);
    } else {
        join(w, strchr(key, '/') + 1, type, slice_of(key, (size_t)n));
    }
    return w;
}

void resolver_give_up(struct resolver_wait **wp)
{
    struct resolver_wait *w = *wp;
    struct resolver *r;

    *wp = NULL;
    if (!w)
        return;
    r = w->resolver;
    list_remove(&w->node);
    dns_answer_unref(&w->answer);
    mem_free(w);
    if (list_is_empty(&r->ready))
        loop_cancel(&r->deliver);
    r->waiting--;
    forget_questions(r);
    resolver_unref(&r);
}

const struct resolver_options *resolver_settings(const struct resolver *r)
{
    return &r->options;
}

struct slice resolver_search(const struct resolver *r, unsigned i)
{
    return i < r->n_domains ? r->domains[i] : (struct slice){NULL, 0};
}

struct dns_hosts *resolver_hosts(struct resolver *r)
{
    return r->hosts;
}

unsigned resolver_turn(struct resolver *r)
{
    return r->turn++;
}

void resolver_flush(struct resolver *r)
{
    dns_cache_clear(&r->cache);
}

void resolver_count(const struct resolver *r, struct resolver_stats *out)
{
    *out = r->stats;
    out->entries = r->cache.entries;
    out->evicted = r->cache.evicted;
    out->bytes = r->cache.bytes;
}
