/* What the session tells of a client's streams behind their heads (client_h2_head). It may not be
 * entered from within, so these only note what happened; client_h2_stream_settle draws the
 * consequences. */
#include "http/client/client_h2_stream.h"

enum { DRAIN_MOST = 262144 };

/* The session ends a stream whose length is not what the head has said; this is for the reason. */
void client_h2_in_on_data_head(void *user, void *stream, size_t n, bool is_last)
{
    struct client_h2_stream *st = stream;
    uint64_t all = st->received + n;

    UNUSED(user);
    if (!st->x || st->x->res.content_length < 0)
        return;
    if (all > (uint64_t)st->x->res.content_length)
        st->length_err = &err_protocol;
    else if (is_last && all < (uint64_t)st->x->res.content_length)
        st->length_err = &err_truncated;
}

void client_h2_in_on_data(void *user, void *stream, struct slice data)
{
    struct client_h2 *h2 = user;
    struct client_h2_stream *st = stream;

    if (!st->x && !st->s.owner) {
        h2_stream_drop(&st->s, data.n);
        st->dropped += (unsigned)data.n;
        if (st->dropped > DRAIN_MOST)
            h2_session_reset(h2->link.session, st->s.id, H2_CANCEL);
        return;
    }
    st->received += data.n;
    h2_stream_receive(&st->s, data);
    if (st->x) {
        st->x->bytes_received += data.n;
        client_exchange_progress(st->x);
    }
    if (st->s.owner || (st->x && st->x->is_waiting_body))
        h2_stream_note(&st->s);
}

void client_h2_in_on_end(void *user, void *stream)
{
    struct client_h2_stream *st = stream;

    UNUSED(user);
    st->s.in = H2_IN_ENDED;
    h2_stream_note(&st->s);
}

void client_h2_in_on_close(void *user, void *stream, uint32_t code, bool is_by_peer)
{
    struct client_h2 *h2 = user;
    struct client_h2_stream *st = stream;

    st->s.is_closed = true;
    st->s.code = code;
    st->is_by_peer = is_by_peer || code == H2_REFUSED_STREAM; /* or beyond the last of a GOAWAY */
    h2->n_open--;
    h2->has_room_news = true;
    h2_stream_note(&st->s);
}
