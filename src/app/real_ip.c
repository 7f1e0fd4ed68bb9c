/* Two places ask: the phases when a request begins, with the settings of its server, before
 * anything is done with an address; and the location that was found, which may trust others. */
#include "app/real_ip.h"

#include "app/variables/variables.h"
#include "proto/proxy_proto.h"

const struct real_ip_conf real_ip_defaults = {.field = SLICE("X-Real-IP")};

static bool ask_proxy_protocol(const struct visit *v, const struct real_ip_conf *c, struct addr *a)
{
    const struct proxy_proto *p = v->x->proxied;

    if (!p || !forwarded_client(&c->trust, slice_str(p->source), 1, a))
        return false;
    addr_set_port(a, p->source_port);
    return true;
}

static bool ask_field(const struct visit *v, const struct real_ip_conf *c, struct addr *a)
{
    const struct header *h = header_find(&v->x->req.headers, c->field);

    return h && forwarded_client(&c->trust, h->value, c->is_recursive ? FORWARDED_HOPS_ALL : 1, a);
}

/* Proxies append, so of several fields the last one is the nearest. */
bool real_ip_forwarded_for(const struct visit *v, const struct forwarded_trust *trust,
                           bool is_recursive, struct addr *a)
{
    const struct header_list *l = &v->x->req.headers;
    bool is_found = false;

    for (unsigned i = l->n; i > 0; i--) {
        const struct header *h = &l->fields[i - 1];

        if (h->id != HEADER_X_FORWARDED_FOR)
            continue;
        if (!is_recursive)
            return forwarded_client(trust, h->value, 1, a);
        if (!forwarded_client(trust, h->value, FORWARDED_HOPS_ALL, a))
            break;
        is_found = true;
    }
    return is_found;
}

static bool ask(const struct visit *v, const struct real_ip_conf *c, struct addr *a)
{
    switch (c->source) {
    case REAL_IP_PROXY_PROTOCOL:
        return ask_proxy_protocol(v, c, a);
    case REAL_IP_FORWARDED_FOR:
        return real_ip_forwarded_for(v, &c->trust, c->is_recursive, a);
    case REAL_IP_FIELD:
        break;
    }
    return ask_field(v, c, a);
}

void real_ip_learn(struct visit *v, const struct real_ip_conf *c)
{
    struct addr *a;

    if (v->connected || !v->x->peer || c->trust.n == 0)
        return;
    a = pool_new(visit_pool(v), struct addr);
    *a = *v->x->peer;
    if (!ask(v, c, a))
        return;
    v->connected = v->x->peer;
    v->x->peer = a;
    v->slots[SLOT_REMOTE_ADDR] = VARIABLE_NONE;
}

enum step_result real_ip_step(struct visit *v, const struct step *s)
{
    UNUSED(s);
    real_ip_learn(v, v->loc->real_ip);
    return STEP_NEXT;
}
