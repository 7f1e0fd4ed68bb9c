/* A subrequest is a full exchange with a visit of its own that begins at the server's rewrite
 * phase, is internal, skips the access phase and is not logged (phases.c asks visit->parent). Its
 * transport keeps the body in memory; its request's fields are those of the parent, in whose pool
 * they lie: so the parent's exchange is held until the subrequest is gone.
 *
 * The struct lives in the exchange's pool. The exchange has three holds: that of the transport,
 * given up with the last piece of the response; the visit's; and the maker's. */
#include "app/subrequest.h"

#include <unistd.h>

#include "app/conf.h"
#include "app/phases.h"
#include "base/num.h"
#include "http/body_spool.h"
#include "http/exchange_transport.h"
#include "loop/loop.h"
#include "net/tls/tls.h"

enum { PIECE = 65536 };

static char piece[PIECE]; /* process-wide: a part of a body that is read from a file */

static void finish(struct subrequest *s)
{
    if (s->is_done)
        return;
    s->is_done = true;
    if (s->on_done)
        s->on_done(s);
    if (s->on_end)
        loop_next(&s->ended);
}

static void on_ended(struct loop_call *call)
{
    struct subrequest *s = CONTAINER_OF(call, struct subrequest, ended);
    struct exchange *x = s->parent->x;

    exchange_hold(x); /* that of `s` may be the last one: the client may have left */
    s->on_end(s);
    exchange_release(x);
}

/* --- the transport --- */

static void send_head(struct exchange *x, bool has_body)
{
    UNUSED(x);
    UNUSED(has_body);
}

/* Reads a file section into the body. False: it ended early. */
static bool add_file(struct buf *body, const struct chunk *c)
{
    size_t left = c->size;
    off_t at = c->offset;

    while (left) {
        ssize_t n = pread(c->fd, piece, MIN(left, sizeof(piece)), at);

        if (n <= 0)
            break;
        buf_add(body, piece, (size_t)n);
        at += n;
        left -= (size_t)n;
    }
    return left == 0;
}

static void keep(struct subrequest *s, const struct chunk *c)
{
    if (s->body.n + (c->fd >= 0 ? c->size : c->bytes.n) > SUBREQUEST_BODY_MOST)
        s->is_truncated = true;
    else if (c->fd >= 0)
        s->is_truncated |= !add_file(&s->body, c);
    else
        buf_add_slice(&s->body, c->bytes);
}

static void send_body(struct exchange *x, const struct chunk *c)
{
    struct subrequest *s = x->conn;
    bool is_last = c->is_last;

    if (!s->drops_body)
        keep(s, c);
    chunk_drop(c);
    if (!is_last)
        return;
    finish(s);
    exchange_finished(x);
}

static void send_informational(struct exchange *x, int status, const struct header_list *headers)
{
    UNUSED(x);
    UNUSED(status);
    UNUSED(headers);
}

static size_t queued(const struct exchange *x)
{
    UNUSED(x);
    return 0;
}

/* A piece of the parent's body that lies in a file. */
static enum body_result read_file(struct subrequest *s, struct slice *data)
{
    ssize_t n = pread(s->request_fd, piece, sizeof(piece), (off_t)s->request_at);

    if (n < 0)
        return BODY_FAILED;
    if (n == 0)
        return BODY_END;
    s->request_at += n;
    *data = slice_of(piece, (size_t)n);
    return BODY_DATA;
}

static enum body_result read_body(struct exchange *x, struct slice *data)
{
    struct subrequest *s = x->conn;

    if (s->request_fd >= 0)
        return read_file(s, data);
    *data = s->request_body;
    s->request_body = SLICE_EMPTY;
    return data->n ? BODY_DATA : BODY_END;
}

static void wait_body(struct exchange *x)
{
    UNUSED(x); /* a body is there, or is not */
}

static void on_drained(struct loop_call *call)
{
    exchange_notify_drained(CONTAINER_OF(call, struct subrequest, call)->x);
}

static void wait_drained(struct exchange *x)
{
    struct subrequest *s = x->conn;

    s->call.fn = on_drained;
    loop_next(&s->call);
}

static void give_up(struct exchange *x, const struct err *why)
{
    struct subrequest *s = x->conn;

    UNUSED(why);
    s->is_truncated = true;
    finish(s);
}

static const struct exchange_transport transport = {
    .send_head = send_head,
    .send_body = send_body,
    .send_informational = send_informational,
    .queued = queued,
    .read_body = read_body,
    .wait_body = wait_body,
    .wait_drained = wait_drained,
    .abort = give_up,
};

/* --- making one --- */

/* What was set in variables that the parent shares must outlive the pool in which it lies. */
static void hand_variables_back(struct subrequest *s)
{
    struct visit *parent = s->parent;

    for (unsigned i = 0; s->shared && i < parent->variables->slots; i++)
        if (parent->slots[i].p && parent->slots[i].p != s->shared[i].p)
            parent->slots[i] = pool_dup(visit_pool(parent), parent->slots[i]);
}

static void forget(void *arg)
{
    struct subrequest *s = arg;

    hand_variables_back(s);
    loop_cancel(&s->call);
    buf_free(&s->body);
    exchange_release(s->parent->x);
}

static void take_body(struct subrequest *s, const struct subrequest_options *o)
{
    const struct body_spool *spool = s->parent->x->spool;
    struct request *r = &s->x->req;
    int64_t size = -1;

    if (o->has_body) {
        s->request_body = o->body;
        size = (int64_t)o->body.n;
    } else if (o->forwards_body && spool && spool->state == BODY_END) {
        s->request_fd = spool->fd;
        s->request_body = buf_slice(&spool->memory);
        size = spool->size;
    }
    header_remove_id(&r->headers, HEADER_TRANSFER_ENCODING);
    header_remove_id(&r->headers, HEADER_CONTENT_LENGTH);
    r->content_length = size;
    if (size >= 0) {
        char *p = pool_alloc(&s->x->pool, 21);

        header_add_id(&r->headers, &s->x->pool, HEADER_CONTENT_LENGTH,
                      slice_of(p, num_format(p, size)));
    }
}

static void copy_request(struct subrequest *s, const struct subrequest_options *o)
{
    const struct request *from = &s->parent->x->req;
    struct request *to = &s->x->req;

    *to = *from;
    to->headers.fields = pool_alloc(&s->x->pool, (from->headers.n + 1) * sizeof(struct header));
    to->headers.size = from->headers.n + 1;
    if (from->headers.n)
        memcpy(to->headers.fields, from->headers.fields, from->headers.n * sizeof(struct header));
    if (to->tls)
        to->tls = tls_hold(from->tls);
    to->trailers = (struct header_list){0};
    to->method = o->method;
    to->method_token = method_name(o->method);
    to->path = o->path;
    to->query = o->query;
    to->has_unsized_body = to->expects_continue = false;
    take_body(s, o);
}

static void copy_exchange(struct exchange *x, const struct exchange *from)
{
    x->peer = from->peer;
    x->proxied = from->proxied;
    x->local = from->local;
    x->server_name = from->server_name;
    x->log.parent = from->log.parent;
    x->log.id = from->log.id;
    x->log.sink = from->log.sink;
    x->connection_id = from->connection_id;
    x->connection_requests = from->connection_requests;
    x->connected_ms = from->connected_ms;
    x->start_ms = from->start_ms;
    x->start_wall_ms = from->start_wall_ms;
}

static void make_visit(struct subrequest *s, enum subrequest_vars vars)
{
    struct visit *v = pool_new(&s->x->pool, struct visit), *parent = s->parent;
    size_t size = parent->variables->slots * sizeof(struct slice);

    v->x = s->x;
    v->conf = parent->conf;
    v->variables = parent->variables;
    v->connected = parent->connected;
    v->listen = parent->listen;
    v->vhost = parent->vhost;
    v->parent = parent;
    v->depth = parent->depth + 1;
    v->is_internal = true;
    v->user = parent->user;
    s->x->app = v;
    v->slots = pool_zalloc(&s->x->pool, size);
    if (vars != SUBREQUEST_OWN_VARS)
        memcpy(v->slots, parent->slots, size);
    if (vars != SUBREQUEST_SHARED_VARS)
        return;
    s->shared = v->slots;
    v->slots = parent->slots;
}

static void on_start(struct loop_call *call)
{
    struct subrequest *s = CONTAINER_OF(call, struct subrequest, call);

    if (s->is_content)
        phases_begin_content(subrequest_visit(s));
    else
        phases_begin(subrequest_visit(s));
}

struct subrequest *subrequest_new(struct visit *parent, const struct subrequest_options *o)
{
    struct exchange *x;
    struct subrequest *s;

    if (parent->depth >= SUBREQUEST_DEPTH_MOST) {
        log_write(&parent->x->log, LOG_ERROR,
                  "lua subrequests cycle while processing \"" SLICE_FMT "\"", SLICE_ARG(o->path));
        return NULL;
    }
    x = exchange_new(&transport, NULL, parent->x->settings);
    s = pool_new(&x->pool, struct subrequest);
    x->conn = s;
    s->x = x;
    s->parent = parent;
    s->request_fd = -1;
    s->drops_body = o->drops_body;
    s->is_content = o->is_content;
    loop_call_init(&s->call, on_start);
    loop_call_init(&s->ended, on_ended);
    exchange_hold(x);
    exchange_hold(parent->x);
    pool_on_reset(&x->pool, forget, s);
    copy_exchange(x, parent->x);
    copy_request(s, o);
    make_visit(s, o->vars);
    exchange_set_state(x, EXCHANGE_HEAD_IN);
    exchange_set_state(x, EXCHANGE_HANDLING);
    return s;
}

void subrequest_start(struct subrequest *s)
{
    loop_next(&s->call);
}

void subrequest_release(struct subrequest **s)
{
    struct subrequest *gone = *s;

    *s = NULL;
    gone->on_done = gone->on_end = NULL;
    loop_cancel(&gone->ended);
    exchange_release(gone->x);
}
