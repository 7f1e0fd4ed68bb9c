/* The walk goes from frame head to frame head. Heads may come in parts; PRIORITY and
 * PRIORITY_UPDATE are looked at with the number behind them. To count another kind of frame: a case
 * in look(). */
#include "proto/h2_look.h"

#include <nghttp2/nghttp2.h>

static int32_t read31(const uint8_t *p)
{
    return (int32_t)((uint32_t)(p[0] & 0x7f) << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 |
                     p[3]);
}

/* Of a client all streams are its own; nghttp2 blames the server for those that it has not begun.
 */
static void look_at_own_stream(struct h2_session *s, int32_t id)
{
    if (!h2_state_stream(s, id))
        h2_state_count(s, H2_FLOOD_CLOSED);
}

/* DATA or HEADERS on a stream: nghttp2 ignores those on streams that are closed, but only what
 * crosses a reset of ours may come (RFC 9113 section 5.1). */
static void look_at_stream(struct h2_session *s, int32_t id, bool is_head)
{
    if (h2_state_has(s, H2_IS_CLIENT)) {
        look_at_own_stream(s, id);
        return;
    }
    if (id > s->newest && is_head) {
        if (id > s->newest + 2) {
            s->gap_from = s->newest + 2;
            s->gap_to = id - 2;
        }
        s->newest = id;
        return;
    }
    if (id > s->newest || id % 2 == 0 || h2_state_stream(s, id))
        return;
    if (id >= s->gap_from && id <= s->gap_to)
        h2_state_blame(s, NGHTTP2_PROTOCOL_ERROR, "frame on a stream that was left out");
    else if (!h2_state_is_our_reset(s, id))
        h2_state_blame(s, NGHTTP2_STREAM_CLOSED, "frame on a closed stream");
    else
        h2_state_count(s, H2_FLOOD_CLOSED);
}

/* What RFC 9113 section 6.3 leaves of PRIORITY: its form. */
static void look_at_priority(struct h2_session *s)
{
    int32_t id = read31(s->head + 5);

    h2_state_count(s, H2_FLOOD_PRIORITIES);
    if (id == 0)
        h2_state_blame(s, NGHTTP2_PROTOCOL_ERROR, "PRIORITY without a stream");
    else if (id == read31(s->head + H2_FRAME_HEAD))
        h2_state_blame(s, NGHTTP2_PROTOCOL_ERROR, "a stream that depends on itself");
}

/* nghttp2 takes one about no stream for one about a stream that is over; it is an error (RFC 9218
 * section 7.1). */
static void look_at_priority_update(struct h2_session *s)
{
    h2_state_count(s, H2_FLOOD_PRIORITIES);
    if (s->head_whole > H2_FRAME_HEAD && read31(s->head + H2_FRAME_HEAD) == 0)
        h2_state_blame(s, NGHTTP2_PROTOCOL_ERROR, "PRIORITY_UPDATE of no stream");
}

static void tell_data(struct h2_session *s, int32_t id, uint8_t flags)
{
    void *stream;

    if (!s->events->on_data_head || (flags & NGHTTP2_FLAG_PADDED))
        return;
    stream = h2_state_stream(s, id);
    if (stream)
        s->events->on_data_head(s->user, stream, s->left, flags & NGHTTP2_FLAG_END_STREAM);
}

/* A frame begins. */
static void look(struct h2_session *s)
{
    uint8_t type = s->head[3], flags = s->head[4];

    switch (type) {
    case NGHTTP2_DATA:
        look_at_stream(s, read31(s->head + 5), false);
        tell_data(s, read31(s->head + 5), flags);
        return;
    case NGHTTP2_PRIORITY:
        look_at_priority(s);
        return;
    case NGHTTP2_PRIORITY_UPDATE:
        look_at_priority_update(s);
        return;
    case NGHTTP2_PUSH_PROMISE:
        h2_state_blame(s, NGHTTP2_PROTOCOL_ERROR, "PUSH_PROMISE, which was not asked for");
        return;
    case NGHTTP2_HEADERS:
        look_at_stream(s, read31(s->head + 5), true);
        h2_state_set(s, H2_IS_IN_BLOCK, !(flags & NGHTTP2_FLAG_END_HEADERS));
        s->flood.level[H2_FLOOD_FRAGMENTS] = 0; /* counted by head */
        s->wire = H2_FRAME_HEAD + s->left;
        return;
    case NGHTTP2_CONTINUATION:
        if (flags & NGHTTP2_FLAG_END_HEADERS)
            h2_state_set(s, H2_IS_IN_BLOCK, false);
        s->wire += H2_FRAME_HEAD + s->left;
        h2_state_count(s, H2_FLOOD_FRAGMENTS);
        return;
    case NGHTTP2_RST_STREAM:
        h2_state_count(s, H2_FLOOD_RESETS);
        if (h2_state_has(s, H2_IS_CLIENT))
            look_at_own_stream(s, read31(s->head + 5));
        return;
    case NGHTTP2_SETTINGS:
    case NGHTTP2_GOAWAY:
        h2_state_count(s, H2_FLOOD_SETTINGS);
        return;
    case NGHTTP2_PING:
        h2_state_count(s, H2_FLOOD_PINGS);
        return;
    case NGHTTP2_WINDOW_UPDATE:
        h2_state_count(s, H2_FLOOD_WINDOWS);
        return;
    default:
        h2_state_count(s, H2_FLOOD_PRIORITIES);
    }
}

/* Bytes of the frame that are to be seen before it is handed on. */
static size_t head_size(const struct h2_session *s)
{
    bool has_number = s->head_n >= H2_FRAME_HEAD &&
                      (s->head[3] == NGHTTP2_PRIORITY || s->head[3] == NGHTTP2_PRIORITY_UPDATE);
    bool is_priority = has_number && (s->head[0] || s->head[1] || s->head[2] >= H2_DEPENDENCY);

    return is_priority ? H2_FRAME_HEAD + H2_DEPENDENCY : H2_FRAME_HEAD;
}

/* Copies bytes of the head out of `in`; how many. */
static size_t gather_head(struct h2_session *s, struct slice in)
{
    size_t n = 0;

    while (n < in.n && s->head_n < head_size(s))
        s->head[s->head_n++] = (uint8_t)in.p[n++];
    return n;
}

size_t h2_look_next_piece(struct h2_session *s, struct slice in)
{
    size_t n = 0;

    if (s->magic_left) {
        n = MIN(in.n, s->magic_left);
        s->magic_left = (uint8_t)(s->magic_left - n);
        return n;
    }
    if (s->left == 0) {
        n = gather_head(s, in);
        if (s->head_n < head_size(s))
            return n;
        s->left = ((uint32_t)s->head[0] << 16 | (uint32_t)s->head[1] << 8 | s->head[2]);
        s->left -= s->head_n - H2_FRAME_HEAD;
        s->head_whole = s->head_n;
        s->head_n = 0;
        look(s);
    }
    in.n = MIN(in.n - n, s->left);
    s->left -= (uint32_t)in.n;
    return n + in.n;
}
