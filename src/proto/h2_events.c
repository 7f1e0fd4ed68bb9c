/* The callbacks of nghttp2, one for each thing it tells; `H2_IS_BUSY` is set while they run. */
#include "proto/h2_events.h"

#include <nghttp2/nghttp2.h>

#include "base/check.h"

enum { BOMB = 4, PAID_BYTES = 256 };

static nghttp2_session_callbacks *callbacks; /* process-wide: the same for all sessions */

static int on_begin_headers(nghttp2_session *ng, const nghttp2_frame *frame, void *user)
{
    struct h2_session *s = user;

    s->list = 0;
    h2_state_set(s, H2_IS_TOO_LARGE, false);
    h2_state_set(s, H2_HAS_PSEUDO, false);
    if (frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0;
    s->last_id = frame->hd.stream_id;
    s->last_stream = s->events->on_head(s->user, s->last_id);
    (void)nghttp2_session_set_stream_user_data(ng, s->last_id, s->last_stream);
    return 0;
}

static int malformed(struct h2_session *s, int32_t id)
{
    (void)nghttp2_submit_rst_stream(s->ng, NGHTTP2_FLAG_NONE, id, NGHTTP2_PROTOCOL_ERROR);
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

static struct slice slice_of_buf(nghttp2_rcbuf *b)
{
    nghttp2_vec v = nghttp2_rcbuf_get_buf(b);

    return slice_of((const char *)v.base, v.len);
}

static int on_header(nghttp2_session *ng, const nghttp2_frame *frame, nghttp2_rcbuf *name_buf,
                     nghttp2_rcbuf *value_buf, uint8_t flags, void *user)
{
    struct h2_session *s = user;
    struct slice name = slice_of_buf(name_buf), value = slice_of_buf(value_buf);
    void *stream = h2_state_stream(s, frame->hd.stream_id);

    UNUSED(ng);
    UNUSED(flags);
    if (name.p[0] == ':')
        h2_state_set(s, H2_HAS_PSEUDO, true);
    s->list += name.n + value.n + 32;
    if (s->list > s->options->header_list) {
        h2_state_set(s, H2_IS_TOO_LARGE, true);
        if (s->list / BOMB <= s->options->header_list)
            return 0;
        h2_state_calm(s, "header fields");
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    if (!stream || s->events->on_field(s->user, stream, name, value))
        return 0;
    return malformed(s, frame->hd.stream_id);
}

static int on_invalid_header(nghttp2_session *ng, const nghttp2_frame *frame, nghttp2_rcbuf *name,
                             nghttp2_rcbuf *value, uint8_t flags, void *user)
{
    UNUSED(ng);
    UNUSED(name);
    UNUSED(value);
    UNUSED(flags);
    return malformed(user, frame->hd.stream_id);
}

static int on_data(nghttp2_session *ng, uint8_t flags, int32_t id, const uint8_t *p, size_t n,
                   void *user)
{
    struct h2_session *s = user;
    void *stream = h2_state_stream(s, id);

    UNUSED(flags);
    if (stream)
        s->events->on_data(s->user, stream, slice_of((const char *)p, n));
    else
        (void)nghttp2_session_consume(ng, id, n);
    return 0;
}

static void on_headers(struct h2_session *s, const nghttp2_frame *frame, void *stream)
{
    bool is_trailers = h2_state_has(s, H2_IS_CLIENT) ? !h2_state_has(s, H2_HAS_PSEUDO)
                                                     : frame->headers.cat != NGHTTP2_HCAT_REQUEST;

    s->events->on_head_end(s->user, stream, is_trailers, h2_state_has(s, H2_IS_TOO_LARGE), s->wire);
}

/* nghttp2 has acknowledged them. What else it has queued are resets of streams whose window they
 * made too large, which is an error of the connection (RFC 9113 section 6.9.2). */
static void on_settings(struct h2_session *s)
{
    if (nghttp2_session_get_outbound_queue_size(s->ng) > s->queued + 1)
        h2_state_blame(s, NGHTTP2_FLOW_CONTROL_ERROR, "SETTINGS that make a window too large");
    h2_state_set(s, H2_HAS_SETTINGS, true);
    if (s->events->on_settings)
        s->events->on_settings(s->user);
}

/* What a GOAWAY says to people. */
static struct slice opaque_data(const nghttp2_frame *frame)
{
    return slice_of((const char *)frame->goaway.opaque_data, frame->goaway.opaque_data_len);
}

static int on_frame(nghttp2_session *ng, const nghttp2_frame *frame, void *user)
{
    struct h2_session *s = user;
    bool is_end = frame->hd.flags & NGHTTP2_FLAG_END_STREAM;
    void *stream;

    UNUSED(ng);
    switch (frame->hd.type) {
    case NGHTTP2_HEADERS:
    case NGHTTP2_DATA:
        if (frame->hd.type == NGHTTP2_DATA && !is_end && frame->hd.length == frame->data.padlen)
            h2_state_count(s, H2_FLOOD_EMPTY);
        stream = h2_state_stream(s, frame->hd.stream_id);
        if (stream && frame->hd.type == NGHTTP2_HEADERS)
            on_headers(s, frame, stream);
        if (stream && is_end)
            s->events->on_end(s->user, stream);
        break;
    case NGHTTP2_PING:
        if (frame->hd.flags & NGHTTP2_FLAG_ACK)
            s->events->on_pong(s->user);
        break;
    case NGHTTP2_RST_STREAM:
        s->reset_id = frame->hd.stream_id;
        break;
    case NGHTTP2_SETTINGS:
        if (!(frame->hd.flags & NGHTTP2_FLAG_ACK))
            on_settings(s);
        break;
    case NGHTTP2_GOAWAY:
        if (s->events->on_goaway)
            s->events->on_goaway(s->user, frame->goaway.error_code, opaque_data(frame));
        break;
    default:
        break;
    }
    return 0;
}

static int on_close(nghttp2_session *ng, int32_t id, uint32_t code, void *user)
{
    struct h2_session *s = user;
    void *stream = h2_state_stream(s, id);

    UNUSED(ng);
    s->last_id = 0;
    s->last_stream = NULL;
    if (stream)
        s->events->on_close(s->user, stream, code, s->reset_id == id);
    return 0;
}

/* Streams that we end because of what the peer did cost as much as those that it resets. */
static bool is_blame(uint32_t code)
{
    return code != NGHTTP2_NO_ERROR && code != NGHTTP2_CANCEL && code != NGHTTP2_INTERNAL_ERROR;
}

static int on_frame_sent(nghttp2_session *ng, const nghttp2_frame *frame, void *user)
{
    struct h2_session *s = user;
    void *stream;

    UNUSED(ng);
    switch (frame->hd.type) {
    case NGHTTP2_HEADERS:
    case NGHTTP2_DATA:
        stream = h2_state_stream(s, frame->hd.stream_id);
        if (stream && frame->hd.flags & NGHTTP2_FLAG_END_STREAM)
            s->events->on_end_sent(s->user, stream);
        break;
    case NGHTTP2_RST_STREAM:
        h2_state_remember_reset(s, frame->hd.stream_id);
        if (is_blame(frame->rst_stream.error_code))
            h2_state_count(s, H2_FLOOD_RESETS);
        break;
    case NGHTTP2_GOAWAY:
        s->events->on_goaway_sent(s->user, frame->goaway.error_code, opaque_data(frame));
        break;
    default:
        break;
    }
    return 0;
}

/* A head that is too long to be sent ends its stream; nghttp2 sees to that of a request itself. */
static int on_frame_not_sent(nghttp2_session *ng, const nghttp2_frame *frame, int why, void *user)
{
    struct h2_session *s = user;
    void *stream;

    if (why != NGHTTP2_ERR_FRAME_SIZE_ERROR || frame->hd.type != NGHTTP2_HEADERS ||
        frame->headers.cat == NGHTTP2_HCAT_REQUEST)
        return 0;
    stream = h2_state_stream(s, frame->hd.stream_id);
    if (stream && s->events->on_head_unsent)
        s->events->on_head_unsent(s->user, stream);
    (void)nghttp2_submit_rst_stream(ng, NGHTTP2_FLAG_NONE, frame->hd.stream_id,
                                    NGHTTP2_INTERNAL_ERROR);
    return 0;
}

/* A server may give back what a frame took at once, for the stream and for the connection. Of a
 * client's windows we are as wary as RFC 9113 section 10.5 asks: small ones make many frames. */
static uint32_t paid_frames(const struct h2_session *s)
{
    return h2_state_has(s, H2_IS_CLIENT) ? 2 : 0;
}

static int on_send_data(nghttp2_session *ng, nghttp2_frame *frame, const uint8_t *head, size_t n,
                        nghttp2_data_source *source, void *user)
{
    struct h2_session *s = user;

    UNUSED(ng);
    UNUSED(frame);
    h2_flood_pay(&s->flood, H2_FLOOD_WINDOWS, (uint32_t)(n / PAID_BYTES) + paid_frames(s));
    if (s->events->on_output_data(s->user, source->ptr, slice_of((const char *)head, H2_FRAME_HEAD),
                                  n))
        return 0;
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

static void make_callbacks(void)
{
    if (nghttp2_session_callbacks_new(&callbacks))
        PANIC("out of memory");
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback2(callbacks, on_header);
    nghttp2_session_callbacks_set_on_invalid_header_callback2(callbacks, on_invalid_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_sent);
    nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks, on_frame_not_sent);
    nghttp2_session_callbacks_set_send_data_callback(callbacks, on_send_data);
}

struct nghttp2_session_callbacks *h2_events_callbacks(void)
{
    if (!callbacks)
        make_callbacks();
    return callbacks;
}
