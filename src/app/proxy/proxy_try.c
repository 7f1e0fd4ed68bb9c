/* Attempts: what is told of each, and whether another one follows. */
#include "app/proxy/proxy_try.h"

#include "app/proxy/balancer.h"
#include "app/proxy/proxy_log.h"
#include "base/clock.h"

void proxy_try_note(struct proxy *p, int status)
{
    struct client_exchange *up = p->up;
    struct upstream_try *t = pool_new(visit_pool(p->v), struct upstream_try);
    uint64_t now = clock_ms();

    t->addr = p->peer ? p->peer->name : p->upstream->name;
    if (p->peer && p->peer->line) /* others may take its place */
        t->addr = pool_dup(visit_pool(p->v), t->addr);
    t->status = status;
    t->connect_ms = up && up->connected_ms ? up->connected_ms - p->attempt_ms : UINT64_MAX;
    t->first_ms = up && up->head_ms ? up->head_ms - p->attempt_ms : UINT64_MAX;
    t->over_ms = now - p->attempt_ms;
    t->next = p->history;
    p->history = t;
}

void proxy_try_finish(struct proxy *p)
{
    struct upstream_try *t = p->history;

    if (!t || !p->up)
        return;
    t->over_ms = clock_ms() - p->attempt_ms;
    t->bytes_received = p->up->bytes_received;
    t->bytes_sent = p->up->bytes_sent;
    t->response_length = p->up->body_received;
}

unsigned proxy_try_bit(const struct err *why)
{
    if (proxy_log_is_timeout(why))
        return PROXY_NEXT_TIMEOUT;
    return why == &err_protocol ? PROXY_NEXT_INVALID_HEADER | PROXY_NEXT_ERROR : PROXY_NEXT_ERROR;
}

/* May what was sent be sent again to another server? */
static bool is_repeatable(const struct proxy *p)
{
    enum method m = p->up ? p->up->req.method : METHOD_GET;
    bool is_idempotent = m != METHOD_POST && m != METHOD_LOCK && m != METHOD_PATCH;

    if (p->is_streaming_body && p->v->x->body_received)
        return false;
    return is_idempotent || !p->up || !p->up->bytes_sent ||
           (p->conf->next & PROXY_NEXT_NON_IDEMPOTENT);
}

bool proxy_try_goes_on(const struct proxy *p, unsigned bits)
{
    const struct proxy_conf *c = p->conf;

    if (!(c->next & bits) || !is_repeatable(p) || p->has_begun)
        return false;
    if (p->balancer ? !balancer_goes_on(p->balancer, p->tries)
                    : p->tries >= upstream_tries(p->upstream) ||
                          (c->next_tries && p->tries >= c->next_tries))
        return false;
    return !c->next_timeout || clock_ms() - p->started_ms < c->next_timeout;
}

unsigned proxy_try_bit_of_status(int status)
{
    static const struct {
        int status;
        unsigned bit;
    } rows[] = {{500, PROXY_NEXT_500}, {502, PROXY_NEXT_502}, {503, PROXY_NEXT_503},
                {504, PROXY_NEXT_504}, {403, PROXY_NEXT_403}, {404, PROXY_NEXT_404},
                {429, PROXY_NEXT_429}};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (rows[i].status == status)
            return rows[i].bit;
    return 0;
}
