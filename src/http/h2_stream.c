/* A read gives bytes back to both windows at once. Once the session has closed the stream only the
 * shared one is left; once the connection is gone, neither. */
#include "http/h2_stream.h"

void h2_stream_init(struct h2_stream *st, struct h2_link *link, int32_t id)
{
    st->link = link;
    st->id = id;
    list_init(&st->news);
    outq_init(&st->out);
    st->body = BUF_EMPTY;
}

void h2_stream_deinit(struct h2_stream *st)
{
    list_remove(&st->news);
    h2_stream_clear(st);
    st->link = NULL;
}

void h2_stream_note(struct h2_stream *st)
{
    if (st->link && list_is_empty(&st->news))
        list_append(&st->link->news, &st->news);
}

static void give_back(struct h2_stream *st, size_t n)
{
    struct h2_link *l = st->link;
    size_t shared;

    if (!l)
        return;
    shared = MIN(n, l->withheld);
    l->held -= n;
    l->withheld -= shared;
    if (shared)
        h2_session_consume_shared(l->session, shared);
    if (!st->is_closed)
        h2_session_consume(l->session, st->id, n);
    l->schedule(l);
}

/* Bytes that were read already go. */
static void drop_read(struct h2_stream *st)
{
    if (st->body_at == st->body.n)
        st->body.n = 0;
    else
        buf_drop(&st->body, st->body_at);
    st->body_at = 0;
}

void h2_stream_leave(struct h2_stream *st)
{
    if (h2_stream_has_data(st))
        give_back(st, st->body.n - st->body_at);
    list_remove(&st->news);
    st->link = NULL;
}

void h2_stream_receive(struct h2_stream *st, struct slice data)
{
    struct h2_link *l = st->link;

    drop_read(st);
    buf_add_slice(&st->body, data);
    l->held += data.n;
    if (l->held <= l->window)
        h2_session_consume_shared(l->session, data.n);
    else
        l->withheld += data.n;
}

void h2_stream_drop(struct h2_stream *st, size_t n)
{
    h2_session_consume(st->link->session, st->id, n);
    h2_session_consume_shared(st->link->session, n);
}

struct slice h2_stream_read(struct h2_stream *st)
{
    drop_read(st);
    st->body_at = st->body.n;
    if (st->body.n)
        give_back(st, st->body.n);
    return buf_slice(&st->body);
}

void h2_stream_take(struct h2_stream *st, struct buf *to)
{
    size_t n = st->body.n - st->body_at;

    buf_add(to, st->body.p + st->body_at, n);
    st->body.n = st->body_at = 0;
    if (n)
        give_back(st, n);
}

const struct err *h2_stream_send(struct h2_stream *st, struct outq *q, struct slice head, size_t n)
{
    char *to = outq_reserve(q, H2_FRAME_HEAD + n), *body = to + H2_FRAME_HEAD;
    size_t queued = MIN(n, st->out.bytes);
    const struct err *e = queued ? outq_take(&st->out, body, queued) : NULL;

    if (UNLIKELY(e != NULL)) {
        outq_commit(q, 0);
        return e;
    }
    memcpy(to, head.p, H2_FRAME_HEAD);
    if (n > queued) {
        memcpy(body + queued, st->direct.p, n - queued);
        st->direct = slice_from(st->direct, n - queued);
    }
    outq_commit(q, H2_FRAME_HEAD + n);
    return NULL;
}

void h2_stream_clear(struct h2_stream *st)
{
    outq_clear(&st->out);
    if (st->body.n > st->body_at)
        give_back(st, st->body.n - st->body_at);
    buf_free(&st->body);
    st->body_at = 0;
}

void h2_stream_wake(struct h2_stream *st)
{
    struct h2_link *l = st->link;

    if (!l)
        return;
    if (st->is_asleep)
        h2_session_resume(l->session, st->id);
    st->is_asleep = false;
    l->schedule(l);
}
