/* Two things leave a server out: its own failures, for fail_timeout (upstream_state_is_resting),
 * and what others say of it until they say otherwise: the configuration, Lua, health checks. */
#include "app/proxy/upstream_state.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "shm/lock.h"

struct upstream_shared {
    struct lock lock;
    struct upstream_state states[];
};

static size_t shared_size(const struct upstream *u)
{
    return sizeof(*u->shared) + u->size * sizeof(u->shared->states[0]);
}

static void unmap(void *arg)
{
    struct upstream *u = arg;

    mem_unshare(u->shared, shared_size(u));
}

void upstream_state_share(struct upstream *u)
{
    u->shared = mem_share(shared_size(u));
    lock_init(&u->shared->lock);
    pool_on_reset(u->memory, unmap, u);
}

struct upstream_state *upstream_state_of(const struct upstream *u, const struct upstream_peer *p)
{
    bool is_shared = u->shared && p >= u->peers && p < u->peers + u->size;

    return is_shared ? &u->shared->states[p - u->peers] : (struct upstream_state *)&p->own;
}

/* A worker that died inside has left counts that are each good by themselves. */
void upstream_state_enter(const struct upstream *u)
{
    if (u->shared && !lock_take(&u->shared->lock))
        log_write(NULL, LOG_WARN, "a worker has died while it chose a server of \"" SLICE_FMT "\"",
                  SLICE_ARG(u->name));
}

void upstream_state_leave(const struct upstream *u)
{
    if (u->shared)
        lock_give(&u->shared->lock);
}

void upstream_state_renew(struct upstream *u, unsigned i)
{
    struct upstream_state *st;

    if (!u->shared)
        return;
    upstream_state_enter(u);
    st = &u->shared->states[i];
    *st = (struct upstream_state){
        .active = st->active, .unhealthy = u->mandatory, .checking = u->mandatory};
    upstream_state_leave(u);
}

static bool has_been_tried(const struct upstream *u, const struct upstream_peer *p,
                           upstream_tried tried)
{
    return (tried & upstream_state_bit(u, p)) != 0;
}

bool upstream_state_is_resting(const struct upstream *u, const struct upstream_peer *p,
                               const struct upstream_state *st)
{
    return u->n > 1 && p->max_fails && st->fails >= p->max_fails &&
           clock_ms() - st->checked_ms <= p->fail_timeout;
}

bool upstream_state_is_open(const struct upstream *u, const struct upstream_peer *p,
                            upstream_tried tried)
{
    const struct upstream_state *st = upstream_state_of(u, p);

    return p->weight && !p->is_down && !st->is_down && !st->unhealthy &&
           !has_been_tried(u, p, tried) && !upstream_state_is_resting(u, p, st) &&
           !(p->max_conns && st->active >= p->max_conns);
}

bool upstream_state_is_usable(const struct upstream *u, const struct upstream_peer *p,
                              upstream_tried tried, bool backups)
{
    return p->is_backup == backups && !p->is_draining && upstream_state_is_open(u, p, tried);
}

void upstream_state_begin(const struct upstream_peer *p, struct upstream_state *st)
{
    st->active++;
    if (clock_ms() - st->checked_ms > p->fail_timeout)
        st->checked_ms = clock_ms();
}

static void note_failure(const struct upstream_peer *p, struct upstream_state *st)
{
    st->fails++;
    st->failed_ms = st->checked_ms = clock_ms();
    if (p->max_fails)
        st->effective -= (int)p->weight / (int)p->max_fails;
    st->effective = MAX(st->effective, 0);
}

void upstream_state_end(const struct upstream_peer *p, struct upstream_state *st, bool has_failed)
{
    st->active--;
    if (has_failed)
        note_failure(p, st);
    else if (st->failed_ms < st->checked_ms)
        st->fails = 0;
}
