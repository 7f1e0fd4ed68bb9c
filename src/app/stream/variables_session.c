/* Variables of sessions alone: what has gone through, how it ended, what was read at the start. */
#include "app/variables/variables.h"

#include "app/stream/session.h"
#include "base/clock.h"
#include "proto/client_hello.h"

static struct slice get_status(struct visit *v, const struct variable *var)
{
    char *p = pool_alloc(visit_pool(v), 4);
    int status = v->x->res.status;

    UNUSED(var);
    for (int i = 2; i >= 0; i--, status /= 10)
        p[i] = (char)('0' + status % 10);
    return slice_of(p, 3);
}

static struct slice get_bytes_received(struct visit *v, const struct variable *var)
{
    UNUSED(var);
    return variables_number(v, (int64_t)session_received(v->session));
}

static struct slice get_bytes_sent(struct visit *v, const struct variable *var)
{
    UNUSED(var);
    return variables_number(v, (int64_t)session_sent(v->session));
}

static struct slice get_session_time(struct visit *v, const struct variable *var)
{
    uint64_t end = v->session->ended_ms ? v->session->ended_ms : clock_ms();

    UNUSED(var);
    return variables_seconds(v, (int64_t)(end - v->x->start_ms));
}

static struct slice get_protocol(struct visit *v, const struct variable *var)
{
    UNUSED(var);
    return v->session->is_udp ? SLICE("UDP") : SLICE("TCP");
}

static struct slice get_preread_name(struct visit *v, const struct variable *var)
{
    const struct client_hello *h = v->session->hello;

    UNUSED(var);
    return h ? slice_of(h->name, h->name_n) : VARIABLE_NONE;
}

static struct slice get_preread_alpn(struct visit *v, const struct variable *var)
{
    const struct client_hello *h = v->session->hello;

    UNUSED(var);
    return h ? slice_of(h->alpn, h->alpn_n) : VARIABLE_NONE;
}

static struct slice get_preread_protocol(struct visit *v, const struct variable *var)
{
    const struct client_hello *h = v->session->hello;

    UNUSED(var);
    return h ? client_hello_version_name(h->version) : VARIABLE_NONE;
}

const struct variable variables_session[] = {
    VARIABLE("status", get_status),
    VARIABLE("bytes_received", get_bytes_received),
    VARIABLE("bytes_sent", get_bytes_sent),
    VARIABLE("session_time", get_session_time),
    VARIABLE("protocol", get_protocol),
    VARIABLE("ssl_preread_server_name", get_preread_name),
    VARIABLE("ssl_preread_alpn_protocols", get_preread_alpn),
    VARIABLE("ssl_preread_protocol", get_preread_protocol),
    VARIABLE_END,
};
