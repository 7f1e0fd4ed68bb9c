/* Each function finds the request whose balancer runs now; in any other phase it refuses. */
#include "app/proxy/ffi_balancer.h"

#include "app/lua/lua_step.h"
#include "app/proxy/balancer.h"
#include "app/stream/session.h"
#include "proto/url.h"

static int find(struct balancer **out)
{
    const struct visit *v = lua_current_visit();

    if (!v) /* workers run nothing without a request, were it one that is made up */
        return ffi_ngx_context() <= LUA_CONTEXT_INIT ? FFI_NGX_NO_REQUEST
                                                     : FFI_BALANCER_NO_UPSTREAM;
    if (!v->proxy && !(v->session && v->session->relay))
        return v->session ? FFI_NGX_BAD_CONTEXT : FFI_BALANCER_NO_UPSTREAM;
    *out = balancer_of(v);
    return lua_current_context() == LUA_CONTEXT_BALANCER ? FFI_BALANCER_OK : FFI_NGX_BAD_CONTEXT;
}

/* A name would have to be looked up, which takes its time. */
static bool read_address(struct balancer *b, struct slice text, int port)
{
    struct upstream_peer *peer = &b->peer;
    struct pool *pool = visit_pool(b->v);
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
    struct balancer *b;
    int rc = find(&b);

    if (rc)
        return rc;
    b->is_set = read_address(b, slice_of(text, n), port);
    if (!b->is_set)
        return FFI_BALANCER_BAD_ADDRESS;
    b->server_name = name_n ? pool_dup(visit_pool(b->v), slice_of(name, name_n)) : SLICE_EMPTY;
    return FFI_BALANCER_OK;
}

int ffi_balancer_keep(double idle, double requests)
{
    struct balancer *b;
    int rc = find(&b);

    if (rc)
        return rc;
    if (!b->is_set)
        return FFI_BALANCER_NO_PEER;
    b->is_kept = true;
    b->keep.idle_timeout = (uint64_t)idle;
    b->keep.requests = (unsigned)MIN(requests, 1e9);
    return FFI_BALANCER_OK;
}

int ffi_balancer_more_tries(int n)
{
    struct balancer *b;
    int rc = find(&b);
    unsigned more = n > 0 ? (unsigned)n : 0;

    if (rc)
        return rc;
    b->allowed = MAX(b->allowed, b->tries + 1);
    if (b->most && b->allowed + more > b->most) {
        b->allowed = MAX(b->most, b->allowed);
        return FFI_BALANCER_REDUCED;
    }
    b->allowed += more;
    return FFI_BALANCER_OK;
}

int ffi_balancer_last_failure(int *status)
{
    enum { NEXT = 2, FAILED = 4 };
    struct balancer *b;
    int rc = find(&b);

    if (rc)
        return rc;
    if (!b->last_status)
        return 0;
    *status = b->v->session ? 0 : b->last_status; /* no protocol, no status */
    return *status == 403 || *status == 404 ? NEXT : FAILED;
}

int ffi_balancer_timeouts(double connect, double send, double read)
{
    struct balancer *b;
    int rc = find(&b);

    if (rc)
        return rc;
    b->connect = (uint64_t)connect;
    b->send = (uint64_t)send;
    b->read = (uint64_t)read;
    return FFI_BALANCER_OK;
}

int ffi_balancer_set_tls(int is_on)
{
    struct balancer *b;
    int rc = find(&b);

    if (rc)
        return rc;
    if (is_on && !b->has_tls)
        return FFI_BALANCER_NO_TLS;
    b->is_tls = is_on;
    return FFI_BALANCER_OK;
}

int ffi_balancer_bind(const char *text, size_t n)
{
    struct balancer *b;
    int rc = find(&b);

    if (rc)
        return rc;
    if (addr_parse(slice_of(text, n), 0, &b->local))
        return FFI_BALANCER_BAD_ADDRESS;
    b->peer.way.local = &b->local;
    return FFI_BALANCER_OK;
}

int ffi_balancer_recreate(void)
{
    struct balancer *b;

    return find(&b);
}

/* --- the names in C that lua-resty-core calls --- */

static int answer(int rc, const char **err)
{
    if (rc >= 0)
        return rc;
    *err = rc == FFI_NGX_NO_REQUEST         ? "no request found"
           : rc == FFI_BALANCER_NO_UPSTREAM ? "no upstream found"
           : rc == FFI_BALANCER_NO_TLS      ? "no https upstream"
                                            : "API disabled in the current context";
    return -1;
}

int ngx_http_lua_ffi_balancer_set_upstream_tls(const void *r, int is_on, const char **err)
{
    UNUSED(r);
    return answer(ffi_balancer_set_tls(is_on), err);
}

int ngx_http_lua_ffi_balancer_recreate_request(const void *r, const char **err)
{
    UNUSED(r);
    return answer(ffi_balancer_recreate(), err);
}
