/* Frames of an HTTP/2 client. Whatever comes: what the engine writes is whole frames, an event is
 * never about a stream that is not open, a stream gets no data beyond its window, and input that is
 * cut differently gives the same events (but for data before a fault in the same frame). */
#include "h2_peer.h"

enum { WINDOW = 1000 };

static const struct h2_options options = {.max_streams = PEER_STREAMS,
                                          .stream_window = WINDOW,
                                          .connection_window = 65535,
                                          .header_list = 512,
                                          .flood = {20, 20, 20, 20, 20, 20, 4}};

static void *on_head(void *user, int32_t id)
{
    struct peer *p = user;

    for (int i = 0; i < PEER_STREAMS; i++) {
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
    for (int i = 0; i < PEER_STREAMS; i++) {
        static const struct header_list none = {NULL, 0, 0};

        if (!p->streams[i].is_open || !p->streams[i].has_head || p->streams[i].offered)
            continue;
        p->streams[i].offered = 1;
        h2_session_respond(p->s, p->streams[i].id, 200, &none, true);
        break;
    }
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
    check_frames(&p.out, 0);
    for (int i = 0; i < PEER_STREAMS; i++)
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
