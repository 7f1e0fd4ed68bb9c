/* $proxy_protocol_*: what a header of the PROXY protocol says of the client, of requests and of
 * sessions. */
#include "app/variables/variables.h"
#include "proto/proxy_proto.h"

/* NULL: there was no header, or it says nothing of the client. */
static const struct proxy_proto *known(const struct visit *v)
{
    const struct proxy_proto *p = v->x->proxied;

    return p && p->kind != PROXY_PROTO_UNKNOWN ? p : NULL;
}

static struct slice get_proxy_addr(struct visit *v, const struct variable *var)
{
    const struct proxy_proto *p = known(v);

    UNUSED(var);
    return p ? slice_str(p->source) : VARIABLE_NONE;
}

static struct slice get_proxy_port(struct visit *v, const struct variable *var)
{
    const struct proxy_proto *p = known(v);

    UNUSED(var);
    return p ? variables_number(v, p->source_port) : VARIABLE_NONE;
}

static struct slice get_proxy_server_addr(struct visit *v, const struct variable *var)
{
    const struct proxy_proto *p = known(v);

    UNUSED(var);
    return p ? slice_str(p->destination) : VARIABLE_NONE;
}

static struct slice get_proxy_server_port(struct visit *v, const struct variable *var)
{
    const struct proxy_proto *p = known(v);

    UNUSED(var);
    return p ? variables_number(v, p->destination_port) : VARIABLE_NONE;
}

static struct slice get_tlv(struct visit *v, const struct variable *var)
{
    const struct proxy_proto *p = v->x->proxied;
    uint32_t number;

    if (!p)
        return VARIABLE_NONE;
    if (!slice_eq(var->suffix, SLICE("ssl_verify")))
        return proxy_proto_tlv(p, var->suffix);
    return proxy_proto_verify(p, &number) ? variables_number(v, number) : VARIABLE_NONE;
}

const struct variables_family variables_proxied_families[] = {
    {{"proxy_protocol_tlv_", 19}, get_tlv, false},
    {{NULL, 0}, NULL, false},
};

const struct variable variables_proxied[] = {
    VARIABLE("proxy_protocol_addr", get_proxy_addr),
    VARIABLE("proxy_protocol_port", get_proxy_port),
    VARIABLE("proxy_protocol_server_addr", get_proxy_server_addr),
    VARIABLE("proxy_protocol_server_port", get_proxy_server_port),
    VARIABLE_END,
};
