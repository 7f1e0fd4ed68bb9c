/* A slot that has changed carries the number of the change, so that a worker takes over only what
 * it has not seen. One that is empty is filled again when no request uses it, if there is such a
 * one: else the end of that request is counted for the newcomer. */
#include "app/proxy/upstream_slots.h"

#include <stdatomic.h>
#include <stdio.h>

#include "app/proxy/upstream_state.h"
#include "base/check.h"
#include "base/log.h"
#include "base/mem.h"
#include "shm/lock.h"

enum { FIXED = 0 };

struct slot {
    unsigned line; /* FIXED: a server that is no name */
    unsigned weight;
    uint32_t change, since; /* the last one; the one that brought the address */
    bool is_backup;
    bool is_name; /* of the line itself */
    struct addr addr;
};

struct upstream_slots {
    struct lock lock;
    _Atomic uint32_t change; /* the last one */
    struct slot slots[];
};

/* What slices of a peer point to. */
struct upstream_text {
    char name[80], host[64];
};

/* --- the configuration --- */

void upstream_slots_add(struct upstream *u, struct slice service, bool may_go)
{
    struct upstream_peer *p = &u->peers[u->n - 1];
    struct upstream_line *line = pool_new(u->memory, struct upstream_line);

    line->like = *p;
    line->service = service;
    line->may_go = may_go;
    line->number = u->lines ? u->lines->number + 1 : FIXED + 1;
    line->next = u->lines;
    u->lines = line;
    p->line = line->number;
    if (service.n)
        p->weight = 0;
}

static size_t size_of(const struct upstream *u)
{
    return sizeof(*u->slots) + u->size * sizeof(u->slots->slots[0]);
}

static void unmap(void *arg)
{
    struct upstream *u = arg;

    mem_unshare(u->slots, size_of(u));
}

/* Peers are as many as there are slots; those behind the last one that is filled do not count. */
static void count_peers(struct upstream *u)
{
    for (u->n = u->size; u->n > 0 && u->peers[u->n - 1].weight == 0;)
        u->n--;
}

void upstream_slots_share(struct upstream *u)
{
    unsigned n = u->n;

    u->slots = mem_share(size_of(u));
    lock_init(&u->slots->lock);
    pool_on_reset(u->memory, unmap, u);
    for (unsigned i = 0; i < n; i++) {
        const struct upstream_peer *p = &u->peers[i];

        u->slots->slots[i] = (struct slot){.line = p->line,
                                           .weight = p->weight,
                                           .is_backup = p->is_backup,
                                           .is_name = p->line && p->weight};
    }
    count_peers(u);
}

/* --- taking over --- */

static const struct upstream_line *line_of(const struct upstream *u, unsigned number)
{
    const struct upstream_line *line = u->lines;

    while (line && line->number != number)
        line = line->next;
    return line;
}

static struct slice put(char *to, size_t size, const struct addr *a,
                        void (*write)(const struct addr *a, struct buf *out))
{
    struct buf text = BUF_EMPTY;

    write(a, &text);
    snprintf(to, size, "%s", buf_cstr(&text));
    buf_free(&text);
    return slice_str(to);
}

static void name_peer(struct upstream *u, struct upstream_peer *p, const struct addr *a)
{
    struct upstream_text *text = p->text;

    if (!text)
        text = p->text = pool_new(u->memory, struct upstream_text);
    p->name = put(text->name, sizeof(text->name), a, addr_format);
    p->way.host = put(text->host, sizeof(text->host), a, addr_format_host);
    p->way.port = (uint16_t)addr_port(a);
    p->is_address = true;
}

/* The peer is what its slot says. Who uses it still counts as doing so, and may still tell its
 * name. */
static void fill(struct upstream *u, struct upstream_peer *p, const struct slot *s)
{
    const struct upstream_line *line = line_of(u, s->line);
    const struct upstream_peer was = *p;

    CHECK(line);
    if (s->weight == 0) {
        p->weight = 0;
        return;
    }
    *p = line->like;
    p->line = s->line;
    p->text = was.text;
    if (s->since > u->change)
        p->own.active = was.own.active;
    else
        p->own = was.own;
    p->weight = s->weight;
    p->is_backup = s->is_backup;
    if (!s->is_name)
        name_peer(u, p, &s->addr);
}

static void take_over(struct upstream *u)
{
    struct upstream_slots *all = u->slots;

    for (unsigned i = 0; i < u->size; i++)
        if (all->slots[i].change > u->change)
            fill(u, &u->peers[i], &all->slots[i]);
    u->change = atomic_load(&all->change);
    u->n_ring = 0;
    count_peers(u);
}

/* One who died inside has left slots that are each good by themselves, or are set anew soon. */
static void lock(const struct upstream *u)
{
    if (!lock_take(&u->slots->lock))
        log_write(NULL, LOG_WARN, "a worker has died with the addresses of \"" SLICE_FMT "\"",
                  SLICE_ARG(u->name));
}

void upstream_slots_sync(struct upstream *u)
{
    if (!u->slots || atomic_load_explicit(&u->slots->change, memory_order_acquire) == u->change)
        return;
    lock(u);
    take_over(u);
    lock_give(&u->slots->lock);
}

/* --- new addresses --- */

static bool is_same(const struct slot *s, const struct upstream_address *a)
{
    return !s->is_name && s->is_backup == a->is_backup && addr_eq(&s->addr, &a->addr);
}

/* The slot of that line with that address; `a` NULL: with the name itself. */
static struct slot *find(struct upstream *u, const struct upstream_line *line,
                         const struct upstream_address *a)
{
    for (unsigned i = 0; i < u->size; i++) {
        struct slot *s = &u->slots->slots[i];

        if (s->weight && s->line == line->number && (a ? is_same(s, a) : s->is_name))
            return s;
    }
    return NULL;
}

/* An empty one, NULL: there is none. */
static struct slot *find_empty(struct upstream *u)
{
    struct slot *used = NULL;

    for (unsigned i = 0; i < u->size; i++) {
        struct slot *s = &u->slots->slots[i];

        if (s->weight)
            continue;
        if (upstream_state_of(u, &u->peers[i])->active == 0)
            return s;
        used = used ? used : s;
    }
    return used;
}

static void note_change(struct upstream *u, struct slot *s, bool is_new)
{
    s->change = u->change + 1;
    if (!is_new)
        return;
    s->since = s->change;
    upstream_state_renew(u, (unsigned)(s - u->slots->slots));
}

static void empty(struct upstream *u, struct slot *s)
{
    s->weight = 0;
    note_change(u, s, true);
}

static void put_name(struct upstream *u, const struct upstream_line *line)
{
    struct slot *s = find(u, line, NULL) ? NULL : find_empty(u);

    if (!s)
        return;
    *s = (struct slot){.line = line->number,
                       .weight = line->like.weight,
                       .is_backup = line->like.is_backup,
                       .is_name = true};
    note_change(u, s, true);
}

static void put_address(struct upstream *u, const struct upstream_line *line,
                        const struct upstream_address *a)
{
    struct slot *s = find(u, line, a);
    bool is_new = !s;

    if (s && s->weight == a->weight)
        return;
    if (!s)
        s = find_empty(u);
    if (!s)
        return;
    s->line = line->number;
    s->weight = a->weight;
    s->is_backup = a->is_backup;
    s->is_name = false;
    s->addr = a->addr;
    note_change(u, s, is_new);
}

static void empty_others(struct upstream *u, const struct upstream_line *line,
                         const struct upstream_address *addresses, unsigned n)
{
    for (unsigned i = 0; i < u->size; i++) {
        struct slot *s = &u->slots->slots[i];
        bool stays = s->is_name && !n && !line->may_go;

        if (s->line != line->number || !s->weight)
            continue;
        for (unsigned k = 0; k < n; k++)
            stays = stays || is_same(s, &addresses[k]);
        if (!stays)
            empty(u, s);
    }
}

void upstream_slots_set(struct upstream *u, const struct upstream_line *line,
                        const struct upstream_address *addresses, unsigned n, upstream_slots_fn fn)
{
    uint32_t change;

    lock(u);
    take_over(u);
    change = u->change + 1;
    empty_others(u, line, addresses, n);
    for (unsigned i = 0; i < n; i++)
        put_address(u, line, &addresses[i]);
    if (n == 0 && !line->may_go)
        put_name(u, line);
    atomic_store_explicit(&u->slots->change, change, memory_order_release);
    take_over(u);
    lock_give(&u->slots->lock);
    for (unsigned i = 0; fn && i < u->size; i++)
        if (u->slots->slots[i].change == change)
            fn(u, i);
}

/* --- from one configuration to the next --- */

static const struct upstream_line *line_like(const struct upstream *u,
                                             const struct upstream_line *like)
{
    const struct upstream_line *line = u->lines;

    while (line &&
           !(slice_eq(line->like.name, like->like.name) && slice_eq(line->service, like->service)))
        line = line->next;
    return line;
}

static struct upstream_address address_of(const struct slot *s, const struct upstream_line *was,
                                          const struct upstream_line *line)
{
    bool has_own_weight = line->service.n && line->like.weight == 1 && was->like.weight == 1,
         is_second = s->is_backup && !was->like.is_backup;

    return (struct upstream_address){.addr = s->addr,
                                     .weight = has_own_weight ? s->weight : line->like.weight,
                                     .is_backup = line->like.is_backup || is_second};
}

static void inherit_line(struct upstream *u, const struct upstream_line *line, struct upstream *old,
                         const struct upstream_line *was)
{
    struct upstream_address list[ADDR_LIST_MAX];
    unsigned n = 0;

    for (unsigned i = 0; i < old->size && n < ARRAY_LEN(list); i++) {
        const struct slot *s = &old->slots->slots[i];

        if (s->weight && !s->is_name && s->line == was->number)
            list[n++] = address_of(s, was, line);
    }
    if (n)
        upstream_slots_set(u, line, list, n, NULL);
}

void upstream_slots_inherit(struct upstream *u, struct upstream *old)
{
    lock(old);
    take_over(old);
    for (const struct upstream_line *line = u->lines; line; line = line->next) {
        const struct upstream_line *was = line_like(old, line);

        if (was)
            inherit_line(u, line, old, was);
    }
    lock_give(&old->slots->lock);
}
