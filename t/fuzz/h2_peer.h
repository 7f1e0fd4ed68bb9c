/* The other side of a session under fuzzing, for targets of both roles: its streams, what it
 * writes, and a sum over what happened. */
#ifndef T_FUZZ_H2_PEER_H
#define T_FUZZ_H2_PEER_H

#include "base/buf.h"
#include "base/check.h"
#include "proto/h2_session.h"

enum { PEER_STREAMS = 8 };

struct peer {
    struct h2_session *s;
    struct peer_stream {
        int32_t id;
        size_t received, offered;
        bool is_open, has_head, has_end;
    } streams[PEER_STREAMS];
    struct buf out;
    uint64_t events; /* a sum over what happened */
};

static void mix(struct peer *p, uint64_t v)
{
    p->events = (p->events ^ v) * 1099511628211u;
}

static int index_of(struct peer *p, void *stream)
{
    int i = (int)((char *)stream - (char *)p->streams) / (int)sizeof(p->streams[0]);

    CHECK(i >= 0 && i < PEER_STREAMS && p->streams[i].is_open);
    return i;
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

static void on_close(void *user, void *stream, uint32_t code, bool is_by_peer)
{
    struct peer *p = user;

    p->streams[index_of(p, stream)].is_open = false;
    mix(p, code + 100u * is_by_peer);
}

/* What was written from `at` on is whole frames. */
static void check_frames(const struct buf *out, size_t at)
{
    while (at < out->n) {
        const uint8_t *h = (const uint8_t *)out->p + at;

        CHECK(out->n - at >= 9);
        at += 9 + ((size_t)h[0] << 16 | (size_t)h[1] << 8 | h[2]);
    }
    CHECK(at == out->n);
}

#endif
