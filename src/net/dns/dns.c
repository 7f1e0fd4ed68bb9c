/* Lookups of host names.
 *
 * What needs no name server (a literal, "localhost", the hosts file) is known at once and told by a
 * call of the loop. Otherwise a lookup goes through candidates: the name as it stands and the name
 * under each search domain, in the order that ndots asks for. A candidate is asked for IPv6 and
 * IPv4 addresses at the same time; it ends the search when it has any. Name servers that fail end
 * it too, unless the other family had addresses: a name found further down the list could be
 * another one than was meant.
 *
 * Addresses of one family begin at another place each time, so that those who only take the first
 * one spread over all. */
#include "net/dns/dns.h"

#include "base/check.h"
#include "base/log.h"
#include "base/mem.h"
#include "loop/loop.h"
#include "loop/timer.h"
#include "net/dns/dns_name.h"

enum { V6, V4, FAMILIES };

struct dns_query {
    struct resolver *resolver;
    struct resolver_wait *waits[FAMILIES];
    struct addr_list found[FAMILIES];
    const struct err *failure; /* of name servers */
    const struct err *result;  /* told by `tell` */
    uint64_t until_ms;         /* of what has been answered */
    unsigned candidate;
    bool wants[FAMILIES];
    bool is_whole, tells_each, has_told;
    enum dns_family family;
    struct buf name;
    struct timer deadline;
    struct loop_call tell;
    dns_fn fn;
    void *user;
};

static const uint16_t types[FAMILIES] = {DNS_AAAA, DNS_A};

static void free_query(struct dns_query *q)
{
    for (unsigned i = 0; i < FAMILIES; i++) {
        resolver_give_up(&q->waits[i]);
        addr_list_free(&q->found[i]);
    }
    timer_stop(&q->deadline);
    loop_cancel(&q->tell);
    buf_free(&q->name);
    resolver_unref(&q->resolver);
    mem_free(q);
}

static void say_done(const struct err *e)
{
    log_write(NULL, LOG_DEBUG, "resolve name done: %s", e ? e->code : "found");
}

void dns_cancel(struct dns_query **qp)
{
    struct dns_query *q = *qp;

    *qp = NULL;
    if (!q)
        return;
    say_done(&err_cancelled);
    free_query(q);
}

/* Tells what there is and ends the query. */
static void finish(struct dns_query *q, const struct err *e)
{
    struct addr_list all = ADDR_LIST_EMPTY;
    struct dns_result result = {.addrs = &all, .until_ms = q->until_ms, .is_last = true};
    unsigned first = q->family == DNS_PREFER_V4 ? V4 : V6;
    dns_fn fn = q->fn;
    void *user = q->user;

    if (!q->tells_each) {
        addr_list_add_all(&all, &q->found[first], 0);
        addr_list_add_all(&all, &q->found[!first], 0);
    }
    if (!q->has_told && q->found[V6].n + q->found[V4].n == 0)
        result.err = e ? e : &err_name_not_found;
    say_done(result.err);
    free_query(q);
    fn(user, &result);
    addr_list_free(&all);
}

static void on_tell(struct loop_call *call)
{
    struct dns_query *q = CONTAINER_OF(call, struct dns_query, tell);

    if (q->tells_each && q->found[V6].n + q->found[V4].n)
        q->tells_each = false; /* all at once is soon enough */
    finish(q, q->result);
}

static void on_deadline(struct timer *t)
{
    finish(CONTAINER_OF(t, struct dns_query, deadline), &err_timeout);
}

/* The name of candidate number `i` in `out`; false: there is none. */
static bool candidate_name(const struct dns_query *q, unsigned i, struct buf *out)
{
    struct slice name = buf_slice(&q->name), domain;
    int dots = 0;
    bool as_is_first;

    for (size_t at = 0; at < name.n; at++)
        dots += name.p[at] == '.';
    as_is_first = q->is_whole || dots >= resolver_settings(q->resolver)->ndots;
    buf_add_slice(out, name);
    if (as_is_first && i == 0)
        return true;
    domain = resolver_search(q->resolver, as_is_first ? i - 1 : i);
    if (q->is_whole)
        return false;
    if (domain.p) {
        buf_add_char(out, '.');
        buf_add_slice(out, domain);
        return true;
    }
    return !as_is_first && (i == 0 || resolver_search(q->resolver, i - 1).p);
}

static void on_answer_v6(void *user, struct dns_answer *a);
static void on_answer_v4(void *user, struct dns_answer *a);

static void ask_next(struct dns_query *q)
{
    static const resolver_fn callbacks[FAMILIES] = {on_answer_v6, on_answer_v4};
    struct buf name = BUF_EMPTY;

    if (candidate_name(q, q->candidate++, &name)) {
        for (unsigned i = 0; i < FAMILIES; i++) {
            if (q->wants[i])
                q->waits[i] =
                    resolver_ask(q->resolver, buf_slice(&name), types[i], callbacks[i], q);
        }
    } else {
        q->result = &err_name_not_found;
        loop_next(&q->tell);
    }
    buf_free(&name);
}

/* Tells the addresses of one family. The callback may cancel the query: nothing of it is touched
 * afterwards. */
static void tell_family(struct dns_query *q, unsigned i)
{
    struct dns_result result = {.until_ms = q->until_ms, .is_last = !q->waits[!i]};
    struct addr_list found = q->found[i];
    dns_fn fn = q->fn;
    void *user = q->user;

    q->found[i] = ADDR_LIST_EMPTY;
    q->has_told = true;
    result.addrs = &found;
    if (result.is_last)
        free_query(q);
    fn(user, &result);
    addr_list_free(&found);
}

static void keep_addresses(struct dns_query *q, unsigned i, struct dns_answer *a)
{
    struct addr_list list = ADDR_LIST_EMPTY;

    if (a->until_ms)
        q->until_ms = q->until_ms ? MIN(q->until_ms, a->until_ms) : a->until_ms;
    if (a->err && a->err != &err_name_not_found)
        q->failure = a->err;
    else if (!a->err && !dns_answer_addresses(a, types[i], &list)) {
        q->failure = &err_name_server;
        addr_list_free(&list);
    }
    addr_list_add_all(&q->found[i], &list, list.n > 1 ? resolver_turn(q->resolver) : 0);
    addr_list_free(&list);
}

static void on_answer(struct dns_query *q, unsigned i, struct dns_answer *a)
{
    q->waits[i] = NULL;
    keep_addresses(q, i, a);
    if (q->tells_each && q->found[i].n) {
        tell_family(q, i);
        return;
    }
    if (q->waits[!i])
        return;
    if (q->has_told || q->found[V6].n + q->found[V4].n || q->failure)
        finish(q, q->failure);
    else
        ask_next(q);
}

static void on_answer_v6(void *user, struct dns_answer *a)
{
    on_answer(user, V6, a);
}

static void on_answer_v4(void *user, struct dns_answer *a)
{
    on_answer(user, V4, a);
}

static void add_found(struct dns_query *q, const struct addr *a)
{
    unsigned i = a->sa.sa_family == AF_INET6 ? V6 : V4;

    if (q->wants[i])
        addr_list_add(&q->found[i], a);
}

/* Is the name known without asking? */
static bool is_local(struct dns_query *q, struct slice name)
{
    struct addr_list list = ADDR_LIST_EMPTY;
    struct addr literal;
    bool is_known = true;

    if (addr_literal(name, &literal)) {
        addr_list_add(&list, &literal);
    } else if (dns_name_is_localhost(name)) {
        addr_list_add_ip(&list, slice_of("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16));
        addr_list_add_ip(&list, slice_of("\177\0\0\1", 4));
    } else {
        if (resolver_hosts(q->resolver))
            dns_hosts_find(resolver_hosts(q->resolver), buf_slice(&q->name), &list);
        is_known = list.n > 0;
    }
    for (unsigned i = 0; i < list.n; i++)
        add_found(q, &list.items[i]);
    addr_list_free(&list);
    return is_known;
}

static void start(struct dns_query *q, struct slice name)
{
    struct addr literal;
    bool is_possible = addr_literal(name, &literal) || dns_name_to_ascii(name, &q->name);

    if (is_possible && q->name.n && q->name.p[q->name.n - 1] == '.') {
        q->name.n--;
        q->is_whole = true;
    }
    if (!is_possible || is_local(q, name)) {
        q->result = is_possible ? &err_name_not_found : &err_invalid;
        loop_next(&q->tell);
        return;
    }
    if (!resolver_settings(q->resolver)->has_ipv6)
        q->wants[V6] = false;
    if (!q->wants[V6] && !q->wants[V4]) {
        q->result = &err_name_not_found;
        loop_next(&q->tell);
        return;
    }
    timer_start(&q->deadline, resolver_settings(q->resolver)->total_timeout);
    ask_next(q);
}

static struct dns_query *new_query(struct resolver *r, enum dns_family family, dns_fn fn,
                                   void *user)
{
    struct dns_query *q = mem_new(struct dns_query);

    q->resolver = resolver_ref(r ? r : resolver_default());
    q->family = family;
    q->wants[V6] = family != DNS_ONLY_V4;
    q->wants[V4] = family != DNS_ONLY_V6;
    q->fn = fn;
    q->user = user;
    timer_init(&q->deadline, on_deadline);
    loop_call_init(&q->tell, on_tell);
    return q;
}

struct dns_query *dns_lookup(struct resolver *r, struct slice name, enum dns_family family,
                             dns_fn fn, void *user)
{
    struct dns_query *q = new_query(r, family, fn, user);

    start(q, name);
    return q;
}

struct dns_query *dns_lookup_each(struct resolver *r, struct slice name, enum dns_family family,
                                  dns_fn fn, void *user)
{
    struct dns_query *q = new_query(r, family, fn, user);

    q->tells_each = true;
    start(q, name);
    return q;
}
