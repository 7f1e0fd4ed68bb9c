/* Slices are duplicated, addresses kept beside, everything with a count of references held. */
#include "http/client/client_way.h"

#include "net/dns/resolver.h"
#include "net/tls/tls_ctx.h"
#include "net/tls/tls_resume.h"

static void copy_via(struct client_via *v, struct pool *memory)
{
    v->host = pool_dup(memory, v->host);
    v->server_name = pool_dup(memory, v->server_name);
    v->user = pool_dup(memory, v->user);
    v->password = pool_dup(memory, v->password);
    v->fields = pool_dup(memory, v->fields);
    if (v->tls)
        v->tls = tls_ctx_ref(v->tls);
}

void client_way_copy(struct client_way_copy *to, const struct client_way *from, struct pool *memory)
{
    struct client_way *w = &to->way;

    *w = *from;
    w->host = pool_dup(memory, from->host);
    w->unix_path = pool_dup(memory, from->unix_path);
    w->server_name = pool_dup(memory, from->server_name);
    w->alpn = pool_dup(memory, from->alpn);
    if (from->addr)
        w->addr = memcpy(&to->addr, from->addr, sizeof(to->addr));
    if (from->local)
        w->local = memcpy(&to->local, from->local, sizeof(to->local));
    if (from->tls)
        w->tls = tls_ctx_ref(from->tls);
    w->resume = from->keeps_sessions ? tls_resume_new() : NULL;
    if (from->resolver)
        w->resolver = resolver_ref(from->resolver);
    copy_via(&w->via, memory);
}

void client_way_copy_free(struct client_way_copy *c)
{
    tls_ctx_unref(&c->way.tls);
    tls_ctx_unref(&c->way.via.tls);
    tls_resume_unref(&c->way.resume);
    resolver_unref(&c->way.resolver);
}
