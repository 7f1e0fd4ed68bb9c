/* A question over HTTP: a GET over a connection of its own, with those fields of proxy_set_header
 * that hold no variables, and the location's TLS and timeouts. */
#include "app/proxy/health_probe.h"

#include <stdio.h>

#include "app/proxy/proxy.h"
#include "app/variables/script.h"
#include "http/client/client_reach.h"

static const struct proxy_conf *conf_of(const struct health_probe *p)
{
    return proxy_conf_of(p->check->loc, p->check->kind);
}

void health_http_stop(struct health_probe *p)
{
    if (p->up)
        client_exchange_cancel(p->up, &err_closed);
    client_exchange_release(&p->up);
    if (p->pool)
        client_pool_close(&p->pool);
}

static void finish(struct health_probe *p, const char *why)
{
    client_exchange_forget(p->up);
    client_exchange_release(&p->up);
    buf_free(&p->in);
    p->on_done(p, why);
}

static void look(struct health_probe *p)
{
    struct health_answer a = {p->up->res.status, &p->up->res.headers, buf_slice(&p->in)};
    const char *what = health_match_http(p->check->match, &a);
    char why[64];

    if (what)
        snprintf(why, sizeof(why), "checking %s", what);
    finish(p, what ? why : NULL);
}

static void on_body(struct client_exchange *up)
{
    struct health_probe *p = up->app;
    struct slice piece;

    for (;;) {
        switch (client_exchange_read(up, &piece)) {
        case BODY_DATA:
            buf_add_slice(&p->in, piece);
            if (p->in.n < HEALTH_MATCH_BYTES)
                break;
            look(p);
            return;
        case BODY_WAIT:
            client_exchange_wait(up);
            return;
        case BODY_END:
            look(p);
            return;
        case BODY_FAILED:
            finish(p, up->err->message);
            return;
        }
    }
}

static void on_head(struct client_exchange *up)
{
    struct health_probe *p = up->app;

    if (p->check->match && p->check->match->needs_body)
        on_body(up);
    else
        look(p);
}

static void on_failed(struct client_exchange *up)
{
    struct health_probe *p = up->app;
    char why[256];

    snprintf(why, sizeof(why), "connecting or waiting for an answer: %s%s" SLICE_FMT,
             up->err->message, up->detail.n ? ": " : "", SLICE_ARG(up->detail));
    finish(p, why);
}

static const struct client_user user = {
    .on_head = on_head,
    .on_body = on_body,
    .on_failed = on_failed,
};

static void fill_fields(const struct health_probe *p, const struct proxy_conf *conf,
                        struct client_request *req)
{
    for (const struct proxy_field *f = conf->set; f; f = f->next) {
        enum header_id id = header_id(f->name);

        if (!f->value || !script_is_constant(f->value) || id == HEADER_CONNECTION ||
            id == HEADER_CONTENT_LENGTH || id == HEADER_TRANSFER_ENCODING || id == HEADER_UPGRADE)
            continue;
        if (id == HEADER_HOST)
            req->authority = script_constant(f->value);
        else
            header_add(&req->headers, &p->up->pool, f->name, script_constant(f->value));
    }
}

static void fill(struct health_probe *p, const struct proxy_conf *conf)
{
    struct client_request *req = &p->up->req;

    req->method = METHOD_GET;
    req->method_token = SLICE("GET");
    req->target = p->check->uri;
    req->scheme = p->check->has_tls ? SLICE("https") : SLICE("http");
    req->authority = p->check->authority;
    req->minor = 1;
    fill_fields(p, conf, req);
    p->up->timeouts = (struct client_timeouts){
        .connect = conf->connect_timeout,
        .request = conf->read_timeout,
        .read = conf->read_timeout,
        .send = conf->send_timeout,
    };
}

static bool fill_way(struct health_probe *p, const struct proxy_conf *conf)
{
    struct proxy_tls *tls = (struct proxy_tls *)(uintptr_t)&conf->tls;

    p->way.knows_h2 = conf->is_h2;
    p->way.alpn = conf->is_h2 ? SLICE("h2") : SLICE_EMPTY;
    return !p->check->has_tls ||
           proxy_tls_way_of(p->check->loc->conf, tls, p->check->authority, &p->way);
}

void health_http_ask(struct health_probe *p)
{
    struct client_pool_options o = {
        .max_queue_size = 1,
        .max_requests = 1,
        .http2 = client_pool_defaults.http2,
    };
    const struct proxy_conf *conf = conf_of(p);

    if (!fill_way(p, conf)) {
        p->on_done(p, "preparing TLS");
        return;
    }
    if (!p->pool)
        p->pool = client_pool_new(&o, &client_reach);
    p->up = client_exchange_new(&user, p);
    fill(p, conf);
    client_pool_submit(client_pool_origin(p->pool, p->peer->name, &p->way), p->up);
}
