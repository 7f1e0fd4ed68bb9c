/* Frames of an HTTP/2 client. Whatever comes: what the engine writes is whole frames, an event is
 * never about a stream that is not open, a stream gets no data beyond its window, and input that is
 * cut differently gives the same events (but for data before a fault in the same frame). */
#include "proto/h2_session.h"

#include "base/buf.h"
#include "base/check.h"

enum { STREAMS = 8, WINDOW = 1000 };

struct peer {
    struct h2_session *s;
    struct {
        int32_t id;
        size_t received, offered;
        bool is_open, has_head;
    } streams[STREAMS];
    struct buf out;
    uint64_t events; /* a sum over what happened */
};

static const struct h2_options options = {.max_streams = STREAMS,
                                          .stream_window = WINDOW,
                                          .connection_window = 65535,
                                          .header_list = 512,
                                          .flood = {20, 20, 20, 20, 20, 20, 4}};

static void mix(struct peer *p, uint64_t v)
{
    p->events = (p->events ^ v) * 1099511628211u;
}

static int index_of(struct peer *p, void *stream)
{
    int i = (int)((char *)stream - (char *)p->streams) / (int)sizeof(p->streams[0]);

    CHECK(i >= 0 && i < STREAMS && p->streams[i].is_open);
    return i;
}

static void *on_head(void *user, int32_t id)
{
    struct peer *p = user;

    for (int i = 0; i < STREAMS; i++) {
        if (p->streams[i].is_open)
            continue;
        memset(&p->streams[i], 0, sizeof(p->streams[i]));
        p->streams[i].id = id;
        p->streams[i].is_open = true;
        mix(p, (uint64_t)id);
        return &p->streams[i];
    }
    PANIC("more streams than allowed");
}

static bool on_field(void *user, void *stream, struct slice name, struct slice value)
{
    (void)index_of(user, stream);
    CHECK(name.n > 0 && header_is_value(value));
    for (size_t i = 0; i < name.n; i++)
        CHECK(!(name.p[i] >= 'A' && name.p[i] <= 'Z'));
    mix(user, name.n * 31 + value.n);
    return true;
}

static void on_head_end(void *user, void *stream, bool is_trailers, bool is_too_large, size_t wire)
{
    struct peer *p = user;
    int i = index_of(p, stream);

    CHECK(is_trailers == p->streams[i].has_head && wire >= 9);
    p->streams[i].has_head = true;
    mix(p, 7 + is_too_large);
}

static void on_data(void *user, void *stream, struct slice data)
{
    struct peer *p = user;
    int i = index_of(p, stream);

    p->streams[i].received += data.n;
    h2_session_consume_shared(p->s, data.n);
}

static void on_end(void *user, void *stream)
{
    mix(user, 100 + (uint64_t)index_of(user, stream));
}

static void on_close(void *user, void *stream, uint32_t code, bool is_by_peer)
{
    struct peer *p = user;

    p->streams[index_of(p, stream)].is_open = false;
    mix(p, code + 100u * is_by_peer);
}

static void on_end_sent(void *user, void *stream)
{
    (void)index_of(user, stream);
}

static void on_pong(void *user)
{
    mix(user, 5);
}

static void on_goaway_sent(void *user, uint32_t code, struct slice text)
{
    (void)text;
    mix(user, code + 3);
}

static enum h2_pull on_pull(void *user, void *stream, size_t most, size_t *n)
{
    struct peer *p = user;
    int i = index_of(p, stream);

    *n = MIN(most, (size_t)50);
    p->streams[i].offered += *n;
    return p->streams[i].offered > 400 ? H2_PULL_LAST : H2_PULL_SOME;
}

static void on_output(void *user, struct slice bytes)
{
    buf_add_slice(&((struct peer *)user)->out, bytes);
}

static bool on_output_data(void *user, void *stream, struct slice head, size_t n)
{
    struct peer *p = user;

    (void)index_of(p, stream);
    buf_add_slice(&p->out, head);
    memset(buf_reserve(&p->out, n), 'd', n);
    p->out.n += n;
    return true;
}

static const struct h2_events events = {
    .on_head = on_head,
    .on_field = on_field,
    .on_head_end = on_head_end,
    .on_data = on_data,
    .on_end = on_end,
    .on_close = on_close,
    .on_end_sent = on_end_sent,
    .on_pong = on_pong,
    .on_goaway_sent = on_goaway_sent,
    .on_pull = on_pull,
    .on_output = on_output,
    .on_output_data = on_output_data,
};

static void answer(struct peer *p)
{
    for (int i = 0; i < STREAMS; i++) {
        static const struct header_list none = {NULL, 0, 0};

        if (!p->streams[i].is_open || !p->streams[i].has_head || p->streams[i].offered)
            continue;
        p->streams[i].offered = 1;
        h2_session_respond(p->s, p->streams[i].id, 200, &none, true);
        break;
    }
}

static void check_frames(const struct buf *out)
{
    size_t at = 0;

    while (at < out->n) {
        const uint8_t *h = (const uint8_t *)out->p + at;

        CHECK(out->n - at >= 9);
        at += 9 + ((size_t)h[0] << 16 | (size_t)h[1] << 8 | h[2]);
    }
    CHECK(at == out->n);
}

/* The sum of what happened to input handed over `cut` bytes at a time. */
static uint64_t run(const uint8_t *data, size_t size, size_t cut, bool answers)
{
    static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0";
    struct slice first = slice_of(preface, sizeof(preface) - 1);
    struct peer p = {.out = BUF_EMPTY};
    bool goes_on = true;

    p.s = h2_session_new(&options, &events, &p, 0);
    while (first.n)
        (void)h2_session_receive(p.s, &first, 0);
    for (size_t at = 0; at < size && goes_on; at += cut) {
        struct slice in = slice_of((const char *)data + at, MIN(cut, size - at));

        while (in.n && goes_on) {
            goes_on = h2_session_receive(p.s, &in, at);
            if (answers)
                answer(&p);
        }
    }
    h2_session_send(p.s);
    check_frames(&p.out);
    for (int i = 0; i < STREAMS; i++)
        CHECK(p.streams[i].received <= 65535);
    h2_session_free(&p.s);
    buf_free(&p.out);
    return p.events;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t whole = run(data, size, SIZE_MAX / 2, false);

    if (size < 2000)
        CHECK(run(data, size, 1, false) == whole);
    (void)run(data, size, 100, true);
    return 0;
}
