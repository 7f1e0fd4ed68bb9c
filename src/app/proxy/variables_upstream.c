/* Variables that tell about a request, or a session, that was passed on. Those of several attempts
 * are joined by ", ", as nginx does. */
#include "app/variables/variables.h"

#include "app/proxy/fastcgi_path.h"
#include "app/proxy/proxy.h"
#include "app/proxy/proxy_slices.h"
#include "app/stream/relay.h"
#include "proto/url.h"

static const struct upstream_try *history_of(const struct visit *v)
{
    if (v->session)
        return v->session->relay ? v->session->relay->history : NULL;
    return proxy_of(v) ? proxy_of(v)->history : NULL;
}

/* The attempts, oldest first, each as `write` puts it; not found when there were none. */
static struct slice join(struct visit *v,
                         void (*write)(struct buf *b, const struct upstream_try *t))
{
    const struct upstream_try *tries[64];
    struct buf b = BUF_EMPTY;
    struct slice made;
    unsigned n = 0;

    for (const struct upstream_try *t = history_of(v); t && n < ARRAY_LEN(tries); t = t->next)
        tries[n++] = t;
    if (n == 0)
        return VARIABLE_NONE;
    while (n--) {
        write(&b, tries[n]);
        if (n)
            buf_add_lit(&b, ", ");
    }
    made = pool_dup(visit_pool(v), buf_slice(&b));
    buf_free(&b);
    return made;
}

static void write_addr(struct buf *b, const struct upstream_try *t)
{
    buf_add_slice(b, t->addr);
}

static void write_status(struct buf *b, const struct upstream_try *t)
{
    buf_add_int(b, t->status);
}

static void write_ms(struct buf *b, uint64_t ms)
{
    if (ms == UINT64_MAX)
        buf_add_char(b, '-');
    else
        buf_printf(b, "%llu.%03u", (unsigned long long)(ms / 1000), (unsigned)(ms % 1000));
}

static void write_connect(struct buf *b, const struct upstream_try *t)
{
    write_ms(b, t->connect_ms);
}

static void write_first(struct buf *b, const struct upstream_try *t)
{
    write_ms(b, t->first_ms);
}

static void write_over(struct buf *b, const struct upstream_try *t)
{
    write_ms(b, t->over_ms);
}

static void write_length(struct buf *b, const struct upstream_try *t)
{
    buf_add_int(b, (int64_t)t->response_length);
}

static void write_received(struct buf *b, const struct upstream_try *t)
{
    buf_add_int(b, (int64_t)t->bytes_received);
}

static void write_sent(struct buf *b, const struct upstream_try *t)
{
    buf_add_int(b, (int64_t)t->bytes_sent);
}

#define GETTER(name)                                                                               \
    static struct slice get_##name(struct visit *v, const struct variable *var)                    \
    {                                                                                              \
        UNUSED(var);                                                                               \
        return join(v, write_##name);                                                              \
    }

GETTER(addr)
GETTER(status)
GETTER(connect)
GETTER(first)
GETTER(over)
GETTER(length)
GETTER(received)
GETTER(sent)

static struct slice get_proxy_host(struct visit *v, const struct variable *var)
{
    const struct proxy *p = proxy_of(v);

    UNUSED(var);
    return p ? p->authority : VARIABLE_NONE;
}

/* A Unix socket has none. */
static struct slice get_proxy_port(struct visit *v, const struct variable *var)
{
    const struct proxy *p = proxy_of(v);
    struct slice host;
    int port = 0;

    UNUSED(var);
    if (!p)
        return VARIABLE_NONE;
    if (slice_has_prefix(p->pass.authority, SLICE("unix:")))
        return SLICE_EMPTY;
    (void)url_parse_host(p->pass.authority, &host, &port);
    return variables_number(v, port ? port : p->pass.default_port);
}

/* nginx has configurations set it, and asks for it anew all the same. */
static bool set_nothing(struct visit *v, const struct variable *var, struct slice value)
{
    UNUSED(v);
    UNUSED(var);
    UNUSED(value);
    return true;
}

static struct slice get_script_name(struct visit *v, const struct variable *var)
{
    UNUSED(var);
    return fastcgi_path_script(v);
}

static struct slice get_path_info(struct visit *v, const struct variable *var)
{
    UNUSED(var);
    return fastcgi_path_info(v);
}

/* What X-Forwarded-For should be: the client's, if any, and its address. */
static struct slice get_forwarded_for(struct visit *v, const struct variable *var)
{
    struct variables_field field = {HEADER_X_FORWARDED_FOR, SLICE("x_forwarded_for")};
    struct slice before = variables_field_value(v, &v->x->req.headers, &field), made;
    struct buf b = BUF_EMPTY;

    UNUSED(var);
    if (before.n) {
        buf_add_slice(&b, before);
        buf_add_lit(&b, ", ");
    }
    addr_format_host(v->x->peer, &b);
    made = pool_dup(visit_pool(v), buf_slice(&b));
    buf_free(&b);
    return made;
}

static const struct client_response *head_of(const struct visit *v)
{
    return proxy_of(v) ? proxy_response_of(proxy_of(v)) : NULL;
}

static struct slice get_cache_status(struct visit *v, const struct variable *var)
{
    const struct proxy *p = proxy_of(v);

    UNUSED(var);
    return p ? p->cache_status : VARIABLE_NONE;
}

static struct slice get_field(struct visit *v, const struct variable *var)
{
    const struct client_response *up = head_of(v);

    return up ? variables_field_value(v, &up->headers, var->data) : VARIABLE_NONE;
}

static struct slice get_trailer(struct visit *v, const struct variable *var)
{
    const struct proxy *p = proxy_of(v);

    return p && p->up ? variables_field_value(v, &p->up->res.trailers, var->data) : VARIABLE_NONE;
}

/* Of the last Set-Cookie with that name. */
static struct slice get_cookie(struct visit *v, const struct variable *var)
{
    const struct client_response *up = head_of(v);
    const struct header_list *l = up ? &up->headers : NULL;

    for (unsigned i = l ? l->n : 0; i-- > 0;) {
        struct slice value = l->fields[i].value, name;

        if (l->fields[i].id != HEADER_SET_COOKIE)
            continue;
        value = slice_cut(&value, ';');
        name = slice_cut(&value, '=');
        if (value.p && slice_ieq(slice_trim(name), var->suffix))
            return value;
    }
    return VARIABLE_NONE;
}

static struct slice get_slice_range(struct visit *v, const struct variable *var)
{
    struct slice range = proxy_slices_range(v);

    UNUSED(var);
    return range.p ? range : VARIABLE_NONE;
}

const struct variable variables_upstream[] = {
    VARIABLE("slice_range", get_slice_range),
    VARIABLE_SETTABLE("proxy_host", get_proxy_host, set_nothing),
    VARIABLE("fastcgi_script_name", get_script_name),
    VARIABLE("fastcgi_path_info", get_path_info),
    VARIABLE_SETTABLE("proxy_port", get_proxy_port, set_nothing),
    VARIABLE("proxy_add_x_forwarded_for", get_forwarded_for),
    VARIABLE("upstream_cache_status", get_cache_status),
    VARIABLE("upstream_addr", get_addr),
    VARIABLE("upstream_status", get_status),
    VARIABLE("upstream_connect_time", get_connect),
    VARIABLE("upstream_header_time", get_first),
    VARIABLE("upstream_response_time", get_over),
    VARIABLE("upstream_response_length", get_length),
    VARIABLE("upstream_bytes_received", get_received),
    VARIABLE("upstream_bytes_sent", get_sent),
    VARIABLE_END,
};

const struct variable variables_relay[] = {
    VARIABLE("upstream_addr", get_addr),
    VARIABLE("upstream_connect_time", get_connect),
    VARIABLE("upstream_first_byte_time", get_first),
    VARIABLE("upstream_session_time", get_over),
    VARIABLE("upstream_bytes_sent", get_sent),
    VARIABLE("upstream_bytes_received", get_received),
    VARIABLE_END,
};

const struct variables_family variables_upstream_families[] = {
    {{"upstream_http_", 14}, get_field, true},
    {{"upstream_trailer_", 17}, get_trailer, true},
    {{"upstream_cookie_", 16}, get_cookie, false},
    {{NULL, 0}, NULL, false},
};
