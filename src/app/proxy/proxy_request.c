/* What is sent to the server: the client's request without what belongs to its connection, and with
 * what proxy_set_header says. */
#include "app/proxy/proxy_request.h"

#include "app/proxy/balancer.h"
#include "app/proxy/proxy_cache.h"
#include "app/proxy/proxy_fields.h"
#include "app/proxy/proxy_params.h"
#include "app/proxy/proxy_switch.h"
#include "app/variables/script.h"
#include "base/num.h"
#include "http/body_spool.h"
#include "net/tls/tls.h"
#include "proto/grammar.h"

enum { STATUS_ERROR = 500, STATUS_NOT_IMPLEMENTED = 501 };

/* Fields that are never passed on as they are: of the connection, or written by ourselves. */
static bool is_ours(enum header_id id)
{
    return id == HEADER_HOST || id == HEADER_CONNECTION || id == HEADER_CONTENT_LENGTH ||
           id == HEADER_TRANSFER_ENCODING || id == HEADER_TE || id == HEADER_KEEP_ALIVE ||
           id == HEADER_EXPECT || id == HEADER_UPGRADE || id == HEADER_TRAILER ||
           id == HEADER_HTTP2_SETTINGS || id == HEADER_PROXY_CONNECTION;
}

static const struct proxy_field *find_set(const struct proxy *p, struct slice name)
{
    for (const struct proxy_field *f = p->conf->set; f; f = f->next)
        if (slice_ieq(f->name, name))
            return f;
    return NULL;
}

/* The one value that is not of the connection (RFC 9113 section 8.2.2). */
static bool takes_trailers(const struct proxy *p, const struct header *h)
{
    return h->id == HEADER_TE && p->conf->is_h2 && header_has_token(h->value, SLICE("trailers"));
}

/* How many more servers may pass it on (RFC 9110 section 7.6.2; TRACE is never passed on); -1: as
 * many as there are. */
static int64_t forwards_left(const struct proxy *p, const struct header *h)
{
    int64_t left;
    bool says_it = p->v->x->req.method == METHOD_OPTIONS && h->id == HEADER_OTHER &&
                   slice_ieq(h->name, SLICE("Max-Forwards"));

    return says_it && num_parse_u63(h->value, &left) ? left : -1;
}

bool proxy_request_is_for_us(const struct proxy *p)
{
    const struct header_list *l = &p->v->x->req.headers;

    if (p->v->x->req.method != METHOD_OPTIONS)
        return false;
    for (unsigned i = 0; i < l->n; i++)
        if (forwards_left(p, &l->fields[i]) == 0)
            return true;
    return false;
}

static struct slice passed_value(struct proxy *p, const struct header *h)
{
    int64_t left = forwards_left(p, h);

    return left > 0 ? pool_printf(&p->up->pool, "%lld", (long long)left - 1) : h->value;
}

static void copy_fields(struct proxy *p, struct client_request *out)
{
    const struct header_list *l = &p->v->x->req.headers;
    bool has_connection = header_find_id(l, HEADER_CONNECTION) != NULL;

    for (unsigned i = 0; i < l->n; i++) {
        const struct header *h = &l->fields[i];

        if (takes_trailers(p, h) && !find_set(p, h->name))
            header_add_id(&out->headers, &p->up->pool, HEADER_TE, SLICE("trailers"));
        if (is_ours(h->id) || find_set(p, h->name) || proxy_fields_drops(p->v, h, has_connection) ||
            (p->cache && proxy_cache_asks_itself(h->id)))
            continue;
        header_add(&out->headers, &p->up->pool, h->name, passed_value(p, h));
    }
}

static void set_field(struct proxy *p, struct client_request *out, struct slice name,
                      struct slice value)
{
    enum header_id id = header_id(name);

    if (!header_is_value(value))
        return;
    if (id == HEADER_CONNECTION)
        out->connection = value;
    else if (id == HEADER_HOST && grammar_span_visible(value) == value.n)
        out->authority = value;
    else if (id != HEADER_HOST && id != HEADER_CONTENT_LENGTH && id != HEADER_TRANSFER_ENCODING &&
             value.n)
        header_add(&out->headers, &p->up->pool, name, value);
}

static void set_fields(struct proxy *p, struct client_request *out)
{
    for (const struct proxy_field *f = p->conf->set; f; f = f->next)
        set_field(p, out, f->name, script_eval(f->value, p->v));
}

/* The server must know that somebody may have sent this again (RFC 8470 section 5.1). */
static void say_early(struct proxy *p, struct client_request *out)
{
    const struct stream *tls = p->v->x->req.tls;
    struct slice name = SLICE("Early-Data");

    if (tls && tls_is_early(tls) && !find_set(p, name) && !header_find(&out->headers, name))
        header_add(&out->headers, &p->up->pool, name, SLICE("1"));
}

static void set_method(struct proxy *p, struct client_request *out)
{
    const struct request *r = &p->v->x->req;
    struct slice method = p->conf->method ? script_eval(p->conf->method, p->v) : r->method_token;

    if (p->cache)
        method = proxy_cache_method(p->cache, method);
    if (!header_is_name(method))
        method = r->method_token;
    out->method_token = method;
    out->method = method_parse(method);
}

/* The connection may be kept when the group keeps any and nothing said "close". */
static void set_connection(struct proxy *p, struct client_request *out)
{
    bool says_close, is_set;
    bool is_kept = p->upstream->keepalive > 0 || (p->balancer && p->balancer->is_kept);

    if (p->conf->is_h2) {
        out->keeps = true;
        return;
    }
    says_close = header_has_token(out->connection, SLICE("close"));
    is_set = find_set(p, SLICE("Connection")) != NULL;
    out->keeps = is_kept && is_set && !says_close &&
                 (out->minor || header_has_token(out->connection, SLICE("keep-alive")));
    if (!is_set)
        out->connection = SLICE("close");
    else if (!out->connection.n && !out->keeps)
        out->omits_connection = true;
}

/* Where there was no body, balancer_by_lua may have made one. */
static void take_made_body(struct proxy *p)
{
    struct body_spool *s = p->v->x->spool;

    if (p->balancer && !p->is_streaming_body && s && s->state == BODY_END &&
        p->conf->flags & PROXY_PASS_BODY)
        p->spool = s;
}

static void set_body(struct proxy *p, struct client_request *out)
{
    const struct request *r = &p->v->x->req;

    take_made_body(p);
    if (p->conf->body) {
        p->own_body = script_eval(p->conf->body, p->v);
        out->source = CLIENT_BYTES;
        out->bytes = p->own_body;
    } else if (p->spool && p->spool->fd >= 0) {
        out->source = CLIENT_FILE;
        out->fd = p->spool->fd;
        out->length = p->spool->size;
    } else if (p->spool) {
        out->source = CLIENT_BYTES;
        out->bytes = buf_slice(&p->spool->memory);
    } else if (p->is_streaming_body) {
        out->source = CLIENT_PUSHED;
        out->length = r->content_length;
    }
}

void proxy_request_add_trailers(struct proxy *p)
{
    const struct header_list *l = &p->v->x->req.trailers;

    for (unsigned i = 0; p->conf->is_h2 && i < l->n; i++)
        header_add(&p->up->req.trailers, &p->up->pool, l->fields[i].name, l->fields[i].value);
}

/* What there is in place of the fields. */
static int make_params(struct proxy *p, struct client_request *out)
{
    out->keeps = p->upstream->keepalive > 0 && (p->conf->flags & PROXY_KEEPS);
    if (p->v->x->req.method == METHOD_CONNECT)
        return STATUS_NOT_IMPLEMENTED;
    return proxy_params_make(p, &out->params) ? 0 : STATUS_ERROR;
}

static void make_fields(struct proxy *p, struct client_request *out)
{
    set_fields(p, out);
    if (p->conf->flags & PROXY_PASS_HEADERS)
        copy_fields(p, out);
    say_early(p, out);
}

int proxy_request_make(struct proxy *p)
{
    struct client_request *out = &p->up->req;
    bool has_params = proxy_conf_has_params(p->conf->kind);

    out->minor = (uint8_t)p->conf->minor;
    out->target = proxy_uri(p);
    out->authority = p->authority;
    set_method(p, out);
    if (!has_params)
        make_fields(p, out);
    if (p->cache)
        proxy_cache_add_fields(p);
    set_connection(p, out);
    set_body(p, out);
    if (p->spool)
        proxy_request_add_trailers(p);
    p->up->timeouts = (struct client_timeouts){
        .connect = p->conf->connect_timeout,
        .request = p->conf->read_timeout,
        .read = p->conf->read_timeout,
        .send = p->conf->send_timeout,
    };
    if (has_params)
        return make_params(p, out);
    return proxy_switch_request(p) ? 0 : STATUS_NOT_IMPLEMENTED;
}

bool proxy_request_push_body(struct proxy *p)
{
    struct exchange *x = p->v->x;

    while (!p->has_left && !p->up->is_out_done && x->state < EXCHANGE_DONE) {
        struct chunk c = CHUNK_BYTES(SLICE_EMPTY);

        if (client_exchange_is_congested(p->up)) {
            client_exchange_wait_drained(p->up);
            return true;
        }
        switch (exchange_read_body(x, &c.bytes)) {
        case BODY_DATA:
            client_exchange_write(p->up, &c);
            break;
        case BODY_WAIT:
            exchange_wait_body(x);
            return true;
        case BODY_END:
            c.is_last = true;
            proxy_request_add_trailers(p);
            client_exchange_write(p->up, &c);
            return true;
        case BODY_FAILED:
            return false;
        }
    }
    return true;
}

static void on_spool(struct exchange *x, struct body_spool *s)
{
    struct proxy *p = proxy_of(visit_of(x));

    p->on_request(p, s->state == BODY_END ? 0 : exchange_body_status(x));
}

/* A little one that has come with the head may as well go to several servers, one after another. */
static bool is_body_here(const struct exchange *x)
{
    return x->req.content_length >= 0 &&
           (uint64_t)x->req.content_length <= x->settings->body_buffer_size &&
           exchange_has_whole_body(x);
}

void proxy_request_read_body(struct proxy *p, void (*fn)(struct proxy *p, int status))
{
    struct exchange *x = p->v->x;
    bool has_body = x->req.content_length > 0 || x->req.has_unsized_body;

    p->on_request = fn;
    if (!has_body || p->conf->body || !(p->conf->flags & PROXY_PASS_BODY)) {
        fn(p, 0);
        return;
    }
    if (!(p->conf->flags & PROXY_REQUEST_BUFFERING) && !x->spool && !p->cache_zone &&
        (p->conf->minor > 0 || x->req.content_length >= 0) && !is_body_here(x)) {
        p->is_streaming_body = true;
        fn(p, 0);
        return;
    }
    p->spool = body_spool_start(x, on_spool, NULL);
    if (p->spool->state != BODY_WAIT)
        on_spool(x, p->spool);
}

void proxy_request_submit(struct proxy *p)
{
    static const struct upstream_keep once = {.requests = 1, .most = 1};
    const struct upstream_keep *keep = p->how.tls_user                       ? &once
                                       : p->balancer && p->balancer->is_kept ? &p->balancer->keep
                                                                             : NULL;

    client_pool_submit(upstream_origin(p->upstream, p->peer, &p->how, keep), p->up);
}
