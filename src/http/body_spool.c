/* A whole body, in memory first and in a temporary file once it is larger than body_buffer_size.
 *
 * The spool takes x->user.on_body over until the body is complete, then gives it back. What it
 * holds ends with the exchange's pool. */
#include "http/body_spool.h"

#include <unistd.h>

#include "base/file.h"

/* What is needed only while reading; the spool stands first, so that one is the other. */
struct reading {
    struct body_spool spool;
    void (*saved_on_body)(struct exchange *x);
};

static void remove_file(struct body_spool *s)
{
    if (s->path && !s->keeps_file)
        (void)unlink(s->path);
    s->keeps_file = true;
}

static void discard(void *arg)
{
    struct body_spool *s = arg;

    buf_free(&s->memory);
    if (s->fd >= 0)
        (void)close(s->fd);
    remove_file(s);
}

const struct err *body_spool_to_file(struct exchange *x, struct body_spool *s)
{
    struct buf path = BUF_EMPTY;
    const struct err *e = file_temp(x->settings->temp_path, &path, &s->fd);

    if (!e) {
        s->path = pool_strdup(&x->pool, slice_str(buf_cstr(&path)));
        log_write(&x->log, LOG_WARN, "a client request body is buffered to a temporary file %s",
                  s->path);
        e = file_write_all(s->fd, s->memory.p, s->memory.n);
        buf_free(&s->memory);
    }
    buf_free(&path);
    return e;
}

static const struct err *store(struct exchange *x, struct body_spool *s, struct slice piece)
{
    const struct err *e = NULL;

    s->size += (int64_t)piece.n;
    if (s->fd < 0 && ((uint64_t)s->size > x->settings->body_buffer_size ||
                      x->settings->body_file != BODY_FILE_LARGE))
        e = body_spool_to_file(x, s);
    if (e)
        return e;
    if (s->fd >= 0)
        return file_write_all(s->fd, piece.p, piece.n);
    if (!s->memory.p && x->req.content_length > 0)
        (void)buf_reserve(&s->memory, (size_t)x->req.content_length + 1);
    buf_add_slice(&s->memory, piece);
    return NULL;
}

/* Takes what is there; the state tells whether that was all. */
static void take(struct exchange *x, struct body_spool *s)
{
    const struct err *e = NULL;
    struct slice piece;

    do {
        s->state = exchange_read_body(x, &piece);
        if (s->state == BODY_DATA)
            e = store(x, s, piece);
    } while (s->state == BODY_DATA && !e);
    if (!e)
        return;
    log_write(&x->log, LOG_CRIT, "a client request body could not be stored: %s", e->message);
    x->body_err = e;
    s->state = BODY_FAILED;
}

static void on_body(struct exchange *x)
{
    struct reading *r = CONTAINER_OF(x->spool, struct reading, spool);

    take(x, &r->spool);
    if (r->spool.state == BODY_WAIT) {
        exchange_wait_body(x);
        return;
    }
    x->user.on_body = r->saved_on_body;
    if (r->spool.on_complete)
        r->spool.on_complete(x, &r->spool);
}

static struct reading *attach(struct exchange *x)
{
    struct reading *r = pool_new(&x->pool, struct reading);

    r->spool.fd = -1;
    pool_on_reset(&x->pool, discard, &r->spool);
    x->spool = &r->spool;
    return r;
}

struct body_spool *body_spool_empty(struct exchange *x)
{
    if (x->spool)
        remove_file(x->spool);
    attach(x)->spool.state = BODY_END;
    return x->spool;
}

struct body_spool *body_spool_start(struct exchange *x,
                                    void (*fn)(struct exchange *x, struct body_spool *s),
                                    void *user)
{
    struct reading *r;

    if (x->spool) {
        x->spool->on_complete = fn;
        x->spool->user = user;
        return x->spool;
    }
    if (x->req.method == METHOD_CONNECT)
        return body_spool_empty(x); /* RFC 9110 section 9.3.6: what comes is the tunnel's */
    r = attach(x);
    r->spool.keeps_file = x->settings->body_file == BODY_FILE_KEPT;
    r->spool.on_complete = fn;
    r->spool.user = user;
    take(x, &r->spool);
    if (r->spool.state == BODY_WAIT) {
        r->saved_on_body = x->user.on_body;
        x->user.on_body = on_body;
        exchange_wait_body(x);
    }
    return x->spool;
}
