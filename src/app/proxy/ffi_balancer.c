/* Each function finds the request whose balancer runs now; in any other phase it refuses. */
#include "app/proxy/ffi_balancer.h"

#include "app/proxy/balancer.h"
#include "app/lua/lua_step.h"
#include "proto/url.h"

static int find(struct proxy **out)
{
    const struct visit *v = lua_current_visit();

    if (!v)
        return FFI_NGX_NO_REQUEST;
    *out = proxy_of(v);
    if (!*out)
        return FFI_BALANCER_NO_UPSTREAM;
    return lua_current_context() == LUA_CONTEXT_BALANCER ? FFI_BALANCER_OK : FFI_NGX_BAD_CONTEXT;
}

/* A name would have to be looked up, which takes its time. */
static bool read_address(struct proxy *p, struct slice text, int port)
{
    struct upstream_peer *peer = &p->balancer->peer;
    struct pool *pool = visit_pool(p->v);
    struct slice host;
    struct addr a;
    int own = 0;

    if (slice_has_prefix(text, SLICE("unix:"))) {
        peer->name = pool_dup(pool, text);
        peer->way.unix_path = slice_from(peer->name, 5);
        peer->way.host = SLICE("localhost");
        return peer->way.unix_path.n > 0;
    }
    if (!url_parse_host(text, &host, &own) || port < 0 || port > 65535)
        return false;
    port = port ? port : own ? own : 80;
    if (addr_parse(host, port, &a))
        return false;
    peer->way.host = pool_dup(pool, host);
    peer->way.port = (uint16_t)port;
    peer->name = pool_printf(pool, SLICE_FMT ":%d", SLICE_ARG(host), port);
    return true;
}

int ffi_balancer_set_peer(const char *text, size_t n, int port, const char *name, size_t name_n)
{
    struct proxy *p;
    int rc = find(&p);

    if (rc)
        return rc;
    p->balancer->is_set = read_address(p, slice_of(text, n), port);
    if (!p->balancer->is_set)
        return FFI_BALANCER_BAD_ADDRESS;
    p->balancer->server_name =
        name_n ? pool_dup(visit_pool(p->v), slice_of(name, name_n)) : SLICE_EMPTY;
    return FFI_BALANCER_OK;
}

int ffi_balancer_keep(double idle, double requests)
{
    struct proxy *p;
    int rc = find(&p);

    if (rc)
        return rc;
    if (!p->balancer->is_set)
        return FFI_BALANCER_NO_PEER;
    p->balancer->is_kept = true;
    p->balancer->keep.idle_timeout = (uint64_t)idle;
    p->balancer->keep.requests = (unsigned)MIN(requests, 1e9);
    return FFI_BALANCER_OK;
}

int ffi_balancer_more_tries(int n)
{
    struct proxy *p;
    int rc = find(&p);
    unsigned most, more = n > 0 ? (unsigned)n : 0;

    if (rc)
        return rc;
    p->balancer->allowed = MAX(p->balancer->allowed, p->tries + 1);
    most = p->conf->next_tries;
    if (most && p->balancer->allowed + more > most) {
        p->balancer->allowed = MAX(most, p->balancer->allowed);
        return FFI_BALANCER_REDUCED;
    }
    p->balancer->allowed += more;
    return FFI_BALANCER_OK;
}

int ffi_balancer_last_failure(int *status)
{
    enum { NEXT = 2, FAILED = 4 };
    struct proxy *p;
    int rc = find(&p);

    if (rc)
        return rc;
    if (!p->history)
        return 0;
    *status = p->history->status;
    return *status == 403 || *status == 404 ? NEXT : FAILED;
}

int ffi_balancer_timeouts(double connect, double send, double read)
{
    struct proxy *p;
    int rc = find(&p);

    if (rc)
        return rc;
    p->balancer->connect = (uint64_t)connect;
    p->balancer->send = (uint64_t)send;
    p->balancer->read = (uint64_t)read;
    return FFI_BALANCER_OK;
}

int ffi_balancer_set_tls(int is_on)
{
    struct proxy *p;
    int rc = find(&p);

    if (rc)
        return rc;
    if (is_on && !p->balancer->is_tls)
        return FFI_BALANCER_NO_TLS;
    p->pass.is_tls = is_on;
    return FFI_BALANCER_OK;
}

int ffi_balancer_bind(const char *text, size_t n)
{
    struct proxy *p;
    int rc = find(&p);

    if (rc)
        return rc;
    if (addr_parse(slice_of(text, n), 0, &p->balancer->local))
        return FFI_BALANCER_BAD_ADDRESS;
    p->balancer->peer.way.local = &p->balancer->local;
    return FFI_BALANCER_OK;
}

int ffi_balancer_recreate(void)
{
    struct proxy *p;

    return find(&p);
}
