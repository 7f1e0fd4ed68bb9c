/* Groups of the configuration that this process serves, by name. */
#include "app/proxy/ffi_upstream.h"

#include <time.h>

#include "app/app.h"
#include "app/lua/lua_step.h"
#include "app/proxy/proxy.h"
#include "app/proxy/upstream_slots.h"
#include "app/proxy/upstream_state.h"
#include "app/stream/relay.h"
#include "base/clock.h"

static int put(struct ffi_str *out, struct slice s)
{
    out->p = s.p;
    out->n = s.n;
    return FFI_UPSTREAM_OK;
}

int ffi_upstream_name(int is_stream, int i, struct ffi_str *out)
{
    const struct app_conf *conf = app_conf_current();
    const struct upstream *u =
        conf ? conf->first_upstream[is_stream ? CONF_STREAM : CONF_HTTP] : NULL;

    while (u && i-- > 0)
        u = u->next;
    return u ? put(out, u->name) : FFI_UPSTREAM_NONE;
}

static int find(int is_stream, struct slice name, int i, struct upstream **u)
{
    const struct app_conf *conf = app_conf_current();

    *u = conf ? conf->first_upstream[is_stream ? CONF_STREAM : CONF_HTTP] : NULL;
    while (*u && !slice_eq((*u)->name, name))
        *u = (*u)->next;
    if (!*u)
        return FFI_UPSTREAM_NONE;
    upstream_slots_sync(*u);
    if (i >= 0 && (unsigned)i < (*u)->n && !(*u)->peers[i].weight)
        return FFI_UPSTREAM_EMPTY;
    return i >= 0 && (unsigned)i < (*u)->n ? FFI_UPSTREAM_OK : FFI_UPSTREAM_NO_PEER;
}

/* What the process's clock said, as seconds since 1970. */
static double since_1970(uint64_t ms)
{
    time_t ago = (time_t)((clock_ms() - ms) / 1000);

    return ms ? (double)(time(NULL) - ago) : 0;
}

static int health_of(const struct upstream *u, const struct upstream_state *st)
{
    enum { NONE, UP, CHECKING, UNHEALTHY };

    if (!u->n_checks)
        return NONE;
    if (!st->unhealthy)
        return UP;
    return st->unhealthy == st->checking ? CHECKING : UNHEALTHY;
}

static void fill(const struct upstream *u, const struct upstream_peer *p,
                 const struct upstream_state *st, struct ffi_upstream_peer *out)
{
    *out = (struct ffi_upstream_peer){
        .name = p->name.p,
        .name_n = p->name.n,
        .written = p->written.p,
        .written_n = p->written.n,
        .is_backup = p->is_backup,
        .is_down = p->is_down || st->is_down,
        .weight = (int)p->weight,
        .current_weight = st->current,
        .effective_weight = st->effective || st->fails ? st->effective : (int)p->weight,
        .conns = (int)st->active,
        .max_conns = (int)p->max_conns,
        .fails = (int)st->fails,
        .max_fails = (int)p->max_fails,
        .fail_timeout = (double)p->fail_timeout / 1000,
        .failed = since_1970(st->failed_ms),
        .checked = since_1970(st->checked_ms),
        .health = health_of(u, st),
        .checks = (double)st->checks,
        .checks_failed = (double)st->checks_failed,
        .check_at = (double)st->checked_at,
    };
}

int ffi_upstream_peer(int is_stream, const char *name, size_t n, int i,
                      struct ffi_upstream_peer *out)
{
    struct upstream *u;
    int rc = find(is_stream, slice_of(name, n), i, &u);

    if (rc)
        return rc;
    upstream_state_enter(u);
    fill(u, &u->peers[i], upstream_state_of(u, &u->peers[i]), out);
    upstream_state_leave(u);
    return FFI_UPSTREAM_OK;
}

int ffi_upstream_set_down(int is_stream, const char *name, size_t n, int i, int is_down)
{
    struct upstream *u;
    int rc = find(is_stream, slice_of(name, n), i, &u);

    if (rc)
        return rc;
    upstream_state_enter(u);
    upstream_state_of(u, &u->peers[i])->is_down = is_down;
    if (!is_down)
        upstream_state_of(u, &u->peers[i])->fails = 0;
    upstream_state_leave(u);
    return FFI_UPSTREAM_OK;
}

int ffi_upstream_current(struct ffi_str *out)
{
    const struct visit *v = lua_current_visit();
    const struct proxy *p = v ? proxy_of(v) : NULL;
    const struct relay *r = v && v->session ? v->session->relay : NULL;

    if (p)
        return put(out, p->pass.authority);
    return r && r->upstream ? put(out, r->upstream->name) : FFI_UPSTREAM_NONE;
}
