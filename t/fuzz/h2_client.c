/* Frames of an HTTP/2 server, for a client with three requests on. Whatever comes: what the engine
 * writes is whole frames, an event is never about a stream that is closed, a stream gets no data
 * before its head nor beyond its window, and input that is cut differently gives the same events
 * (but for data before a fault in the same frame). */
#include "h2_peer.h"

enum { STREAMS = 3, WINDOW = 70000 };

static const struct h2_options options = {.stream_window = WINDOW,
                                          .connection_window = 1 << 20,
                                          .header_list = 512,
                                          .flood = {20, 20, 20, 20, 20, 20, 4}};

static void on_head_end(void *user, void *stream, bool is_trailers, bool is_too_large, size_t wire)
{
    struct peer *p = user;
    int i = index_of(p, stream);

    CHECK(wire >= 9 && (!is_trailers || p->streams[i].has_head || is_too_large));
    p->streams[i].has_head = true;
    mix(p, 7 + is_too_large);
}

static void on_data_head(void *user, void *stream, size_t n, bool is_last)
{
    struct peer *p = user;

    (void)index_of(p, stream);
    mix(p, n * 2 + is_last);
}

static void on_data(void *user, void *stream, struct slice data)
{
    struct peer *p = user;
    int i = index_of(p, stream);

    CHECK(p->streams[i].has_head && !p->streams[i].has_end);
    p->streams[i].received += data.n;
    h2_session_consume_shared(p->s, data.n);
}

static void on_end(void *user, void *stream)
{
    struct peer *p = user;
    int i = index_of(p, stream);

    CHECK(p->streams[i].has_head && !p->streams[i].has_end);
    p->streams[i].has_end = true;
    mix(p, 100 + (uint64_t)i);
}

static void on_settings(void *user)
{
    mix(user, 6);
}

static void on_goaway(void *user, uint32_t code, struct slice text)
{
    mix(user, code + text.n);
}

static const struct h2_events events = {
    .on_field = on_field,
    .on_head_end = on_head_end,
    .on_data_head = on_data_head,
    .on_data = on_data,
    .on_end = on_end,
    .on_close = on_close,
    .on_end_sent = on_end_sent,
    .on_pong = on_pong,
    .on_settings = on_settings,
    .on_goaway = on_goaway,
    .on_goaway_sent = on_goaway_sent,
    .on_pull = on_pull,
    .on_output = on_output,
    .on_output_data = on_output_data,
};

static void ask(struct peer *p)
{
    static const struct slice methods[STREAMS] = {SLICE("GET"), SLICE("HEAD"), SLICE("POST")};
    static const struct header_list none = {NULL, 0, 0};

    for (int i = 0; i < STREAMS; i++) {
        struct h2_request r = {.method = methods[i],
                               .scheme = SLICE("http"),
                               .authority = SLICE("a"),
                               .path = SLICE("/"),
                               .headers = &none};

        p->streams[i].is_open = true;
        CHECK(h2_session_request(p->s, &r, i == 2, &p->streams[i]) == 1 + 2 * i);
    }
}

/* The sum of what happened to input handed over `cut` bytes at a time. */
static uint64_t run(const uint8_t *data, size_t size, size_t cut)
{
    struct peer p = {.out = BUF_EMPTY};
    bool goes_on = true;

    p.s = h2_session_new_client(&options, &events, &p, 0);
    ask(&p);
    for (size_t at = 0; at < size && goes_on; at += cut) {
        struct slice in = slice_of((const char *)data + at, MIN(cut, size - at));

        while (in.n && goes_on)
            goes_on = h2_session_receive(p.s, &in, 0);
    }
    h2_session_send(p.s);
    check_frames(&p.out, 24); /* behind the preface */
    for (int i = 0; i < STREAMS; i++)
        CHECK(p.streams[i].received <= WINDOW);
    h2_session_free(&p.s);
    buf_free(&p.out);
    return p.events;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t whole = run(data, size, SIZE_MAX / 2);

    if (size < 2000)
        CHECK(run(data, size, 1) == whole);
    return 0;
}
