/* nghttp2 behind our own interface: the only file that knows it.
 *
 * Input is handed on frame by frame: a walk over the frame heads finds where each ends
 * (next_piece), counts the kinds that floods are made of (look) and lets the caller act between two
 * frames, where everything is allowed; inside nghttp2's callbacks `is_busy` is set and most is not.
 * Output comes as control frames and heads by on_output and as data by on_output_data, which
 * fetches the bytes itself, so that they are copied once. In which order streams are served is
 * nghttp2's business: we announce SETTINGS_NO_RFC7540_PRIORITIES, with which it goes by RFC 9218
 * urgencies.
 *
 * What nghttp2 1.52 lacks stands here: limits on all kinds of frames but acknowledgements, on the
 * size of a head, on fragments of heads. A connection that breaks one gets ENHANCE_YOUR_CALM.
 *
 * To handle another event, add it to `struct h2_events` and a callback in make_callbacks; another
 * setting goes to submit_settings. */
#include "proto/h2_session.h"

#include <nghttp2/nghttp2.h>
#include <stdio.h>

#include "base/check.h"
#include "base/mem.h"
#include "base/num.h"

enum { FRAME_HEAD = 9, DEPENDENCY = 4, FIELDS_ON_STACK = 64, BOMB = 4, PAID_BYTES = 256 };
enum { NAME_MOST = 24, RESETS_KEPT = 256 };

struct h2_session {
    nghttp2_session *ng;
    const struct h2_options *options;
    const struct h2_events *events;
    void *user;
    const char *reason; /* why it is over */
    uint64_t now;
    struct h2_flood flood;
    void *last_stream; /* of last_id: spares a look-up for events in a row */
    int32_t last_id;
    uint32_t left;                    /* bytes of the current frame that have not come */
    size_t list;                      /* size of the current head */
    size_t wire;                      /* bytes of the frames that it came in */
    int32_t newest, gap_from, gap_to; /* the peer's streams; the last ids that it left out */
    int32_t *resets;                  /* the last streams that we reset; NULL: none */
    uint32_t n_resets;
    uint8_t magic_left, head_n,
        head_whole; /* of `head`: bytes that have come; all of the last one */
    uint8_t head[FRAME_HEAD + DEPENDENCY];
    bool is_busy; /* inside nghttp2 */
    bool is_flooded;
    bool is_in_block;  /* a head is not complete */
    bool is_too_large; /* the current head */
    bool has_trailers; /* on_pull has submitted some */
    char text[64];     /* of `reason` */
};

/* Names as HTTP/2 spells them, by id; filled when the first session is made. */
static char lower_names[HEADER_ID_COUNT][NAME_MOST]; /* process-wide: a constant table */

static nghttp2_session_callbacks *callbacks; /* process-wide: the same for all sessions */
static nghttp2_option *option;               /* process-wide: likewise */

/* --- the end --- */

static void calm(struct h2_session *s, const char *what)
{
    if (s->reason)
        return;
    (void)snprintf(s->text, sizeof(s->text), "too many %s", what);
    s->reason = s->text;
    s->is_flooded = true;
    (void)nghttp2_session_terminate_session(s->ng, NGHTTP2_ENHANCE_YOUR_CALM);
}

static void blame(struct h2_session *s, uint32_t code, const char *why)
{
    if (s->reason)
        return;
    s->reason = why;
    (void)nghttp2_session_terminate_session(s->ng, code);
}

static void count(struct h2_session *s, enum h2_flood_kind kind)
{
    if (!h2_flood_count(&s->flood, kind, s->now))
        calm(s, h2_flood_name(kind));
}

/* nghttp2 has given up. */
static void fail(struct h2_session *s, ssize_t r)
{
    if (s->reason)
        return;
    if (r == NGHTTP2_ERR_NOMEM)
        PANIC("out of memory");
    if (r <= NGHTTP2_ERR_FLOODED) { /* or one of the later ones, which older headers do not name */
        calm(s, "frames at once");
        return;
    }
    blame(s, NGHTTP2_PROTOCOL_ERROR, nghttp2_strerror((int)r));
}

/* --- events --- */

static void *stream_of(struct h2_session *s, int32_t id)
{
    if (id != s->last_id) {
        s->last_stream = nghttp2_session_get_stream_user_data(s->ng, id);
        s->last_id = s->last_stream ? id : 0;
    }
    return s->last_stream;
}

static int on_begin_headers(nghttp2_session *ng, const nghttp2_frame *frame, void *user)
{
    struct h2_session *s = user;

    s->list = 0;
    s->is_too_large = false;
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
    void *stream = stream_of(s, frame->hd.stream_id);

    UNUSED(ng);
    UNUSED(flags);
    s->list += name.n + value.n + 32;
    if (s->list > s->options->header_list) {
        s->is_too_large = true;
        if (s->list / BOMB <= s->options->header_list)
            return 0;
        calm(s, "header fields");
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
    void *stream = stream_of(s, id);

    UNUSED(flags);
    if (stream)
        s->events->on_data(s->user, stream, slice_of((const char *)p, n));
    else
        (void)nghttp2_session_consume(ng, id, n);
    return 0;
}

static void on_headers(struct h2_session *s, const nghttp2_frame *frame, void *stream)
{
    bool is_trailers = frame->headers.cat != NGHTTP2_HCAT_REQUEST;

    s->events->on_head_end(s->user, stream, is_trailers, s->is_too_large, s->wire);
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
            count(s, H2_FLOOD_EMPTY);
        stream = stream_of(s, frame->hd.stream_id);
        if (stream && frame->hd.type == NGHTTP2_HEADERS)
            on_headers(s, frame, stream);
        if (stream && is_end)
            s->events->on_end(s->user, stream);
        break;
    case NGHTTP2_PING:
        if (frame->hd.flags & NGHTTP2_FLAG_ACK)
            s->events->on_pong(s->user);
        break;
    default:
        break;
    }
    return 0;
}

static int on_close(nghttp2_session *ng, int32_t id, uint32_t code, void *user)
{
    struct h2_session *s = user;
    void *stream = stream_of(s, id);

    UNUSED(ng);
    s->last_id = 0;
    if (stream)
        s->events->on_close(s->user, stream, code);
    return 0;
}

/* Streams that we end because of what the peer did cost as much as those that it resets. */
static bool is_blame(uint32_t code)
{
    return code != NGHTTP2_NO_ERROR && code != NGHTTP2_CANCEL && code != NGHTTP2_INTERNAL_ERROR;
}

static void remember_reset(struct h2_session *s, int32_t id)
{
    if (!s->resets)
        s->resets = mem_alloc(RESETS_KEPT * sizeof(*s->resets));
    s->resets[s->n_resets++ % RESETS_KEPT] = id;
}

/* Did we reset it? Of those that are forgotten it is assumed. */
static bool is_our_reset(const struct h2_session *s, int32_t id)
{
    if (s->n_resets > RESETS_KEPT)
        return true;
    for (uint32_t i = 0; i < s->n_resets; i++)
        if (s->resets[i] == id)
            return true;
    return false;
}

static int on_frame_sent(nghttp2_session *ng, const nghttp2_frame *frame, void *user)
{
    struct h2_session *s = user;
    void *stream;

    UNUSED(ng);
    switch (frame->hd.type) {
    case NGHTTP2_HEADERS:
    case NGHTTP2_DATA:
        stream = stream_of(s, frame->hd.stream_id);
        if (stream && frame->hd.flags & NGHTTP2_FLAG_END_STREAM)
            s->events->on_end_sent(s->user, stream);
        break;
    case NGHTTP2_RST_STREAM:
        remember_reset(s, frame->hd.stream_id);
        if (is_blame(frame->rst_stream.error_code))
            count(s, H2_FLOOD_RESETS);
        break;
    case NGHTTP2_GOAWAY:
        s->events->on_goaway_sent(
            s->user, frame->goaway.error_code,
            slice_of((const char *)frame->goaway.opaque_data, frame->goaway.opaque_data_len));
        break;
    default:
        break;
    }
    return 0;
}

/* signature: nghttp2_data_source_read_callback */
static ssize_t on_read(nghttp2_session *ng, int32_t id, uint8_t *unused, size_t most,
                       uint32_t *flags, nghttp2_data_source *source, void *user)
{
    struct h2_session *s = user;
    size_t n = 0;

    UNUSED(ng);
    UNUSED(id);
    UNUSED(unused);
    s->has_trailers = false;
    switch (s->events->on_pull(s->user, source->ptr, most, &n)) {
    case H2_PULL_AGAIN:
        return NGHTTP2_ERR_DEFERRED;
    case H2_PULL_FULL:
        return NGHTTP2_ERR_PAUSE;
    case H2_PULL_LAST:
        *flags |= NGHTTP2_DATA_FLAG_EOF;
        if (s->has_trailers)
            *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
        break;
    default:
        break;
    }
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    return (ssize_t)n;
}

static int on_send_data(nghttp2_session *ng, nghttp2_frame *frame, const uint8_t *head, size_t n,
                        nghttp2_data_source *source, void *user)
{
    struct h2_session *s = user;

    UNUSED(ng);
    UNUSED(frame);
    h2_flood_pay(&s->flood, H2_FLOOD_WINDOWS, (uint32_t)(n / PAID_BYTES));
    if (s->events->on_output_data(s->user, source->ptr, slice_of((const char *)head, FRAME_HEAD),
                                  n))
        return 0;
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

/* --- life --- */

static void make_tables(void)
{
    for (unsigned id = 1; id < HEADER_ID_COUNT; id++) {
        struct slice name = header_name((enum header_id)id);

        CHECK(name.n < NAME_MOST);
        for (size_t i = 0; i < name.n; i++)
            lower_names[id][i] =
                (char)(name.p[i] | (name.p[i] >= 'A' && name.p[i] <= 'Z' ? 32 : 0));
    }
    if (nghttp2_session_callbacks_new(&callbacks) || nghttp2_option_new(&option))
        PANIC("out of memory");
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback2(callbacks, on_header);
    nghttp2_session_callbacks_set_on_invalid_header_callback2(callbacks, on_invalid_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_sent);
    nghttp2_session_callbacks_set_send_data_callback(callbacks, on_send_data);
    nghttp2_option_set_no_auto_window_update(option, 1);
    nghttp2_option_set_builtin_recv_extension_type(option, NGHTTP2_PRIORITY_UPDATE);
}

static void submit_settings(struct h2_session *s)
{
    const struct h2_options *o = s->options;
    const nghttp2_settings_entry entries[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, o->max_streams},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, o->stream_window},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, o->header_list},
        {NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1},
        {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
    };

    CHECK(nghttp2_submit_settings(s->ng, NGHTTP2_FLAG_NONE, entries, ARRAY_LEN(entries)) == 0);
    CHECK(nghttp2_session_set_local_window_size(s->ng, NGHTTP2_FLAG_NONE, 0,
                                                (int32_t)o->connection_window) == 0);
}

struct h2_session *h2_session_new(const struct h2_options *options, const struct h2_events *events,
                                  void *user, uint64_t now_ms)
{
    struct h2_session *s = mem_new(struct h2_session);

    if (!callbacks)
        make_tables();
    s->options = options;
    s->events = events;
    s->user = user;
    s->now = now_ms;
    s->magic_left = NGHTTP2_CLIENT_MAGIC_LEN;
    h2_flood_init(&s->flood, options->flood, now_ms);
    if (nghttp2_session_server_new2(&s->ng, callbacks, s, option))
        PANIC("out of memory");
    submit_settings(s);
    return s;
}

void h2_session_free(struct h2_session **s)
{
    struct h2_session *dead = *s;

    *s = NULL;
    if (!dead)
        return;
    nghttp2_session_del(dead->ng);
    mem_free(dead->resets);
    mem_free(dead);
}

bool h2_session_upgrade(struct h2_session *s, struct slice settings, bool is_head, void *stream)
{
    if (nghttp2_session_upgrade2(s->ng, (const uint8_t *)settings.p, settings.n, is_head, NULL))
        return false;
    s->newest = 1;
    return nghttp2_session_set_stream_user_data(s->ng, 1, stream) == 0;
}

/* --- input --- */

static int32_t read31(const uint8_t *p)
{
    return (int32_t)((uint32_t)(p[0] & 0x7f) << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 |
                     p[3]);
}

/* DATA or HEADERS on a stream: nghttp2 ignores those on streams that are closed, but only what
 * crosses a reset of ours may come (RFC 9113 section 5.1). */
static void look_at_stream(struct h2_session *s, int32_t id, bool is_head)
{
    if (id > s->newest && is_head) {
        if (id > s->newest + 2) {
            s->gap_from = s->newest + 2;
            s->gap_to = id - 2;
        }
        s->newest = id;
        return;
    }
    if (id > s->newest || id % 2 == 0 || stream_of(s, id))
        return;
    if (id >= s->gap_from && id <= s->gap_to)
        blame(s, NGHTTP2_PROTOCOL_ERROR, "frame on a stream that was left out");
    else if (!is_our_reset(s, id))
        blame(s, NGHTTP2_STREAM_CLOSED, "frame on a closed stream");
}

/* What RFC 9113 section 6.3 leaves of PRIORITY: its form. */
static void look_at_priority(struct h2_session *s)
{
    int32_t id = read31(s->head + 5);

    count(s, H2_FLOOD_PRIORITIES);
    if (id == 0)
        blame(s, NGHTTP2_PROTOCOL_ERROR, "PRIORITY without a stream");
    else if (id == read31(s->head + FRAME_HEAD))
        blame(s, NGHTTP2_PROTOCOL_ERROR, "a stream that depends on itself");
}

/* A frame begins. */
static void look(struct h2_session *s)
{
    uint8_t type = s->head[3], flags = s->head[4];

    switch (type) {
    case NGHTTP2_DATA:
        look_at_stream(s, read31(s->head + 5), false);
        return;
    case NGHTTP2_PRIORITY:
        look_at_priority(s);
        return;
    case NGHTTP2_HEADERS:
        look_at_stream(s, read31(s->head + 5), true);
        s->is_in_block = !(flags & NGHTTP2_FLAG_END_HEADERS);
        s->flood.level[H2_FLOOD_FRAGMENTS] = 0; /* counted by head */
        s->wire = FRAME_HEAD + s->left;
        return;
    case NGHTTP2_CONTINUATION:
        if (flags & NGHTTP2_FLAG_END_HEADERS)
            s->is_in_block = false;
        s->wire += FRAME_HEAD + s->left;
        count(s, H2_FLOOD_FRAGMENTS);
        return;
    case NGHTTP2_RST_STREAM:
        count(s, H2_FLOOD_RESETS);
        return;
    case NGHTTP2_SETTINGS:
    case NGHTTP2_GOAWAY:
        count(s, H2_FLOOD_SETTINGS);
        return;
    case NGHTTP2_PING:
        count(s, H2_FLOOD_PINGS);
        return;
    case NGHTTP2_WINDOW_UPDATE:
        count(s, H2_FLOOD_WINDOWS);
        return;
    default:
        count(s, H2_FLOOD_PRIORITIES);
    }
}

/* Bytes of the frame that are to be seen before it is handed on. */
static size_t head_size(const struct h2_session *s)
{
    bool is_priority = s->head_n >= FRAME_HEAD && s->head[3] == NGHTTP2_PRIORITY &&
                       s->head[0] == 0 && s->head[1] == 0 && s->head[2] >= DEPENDENCY;

    return is_priority ? FRAME_HEAD + DEPENDENCY : FRAME_HEAD;
}

/* Copies bytes of the head out of `in`; how many. */
static size_t gather_head(struct h2_session *s, struct slice in)
{
    size_t n = 0;

    while (n < in.n && s->head_n < head_size(s))
        s->head[s->head_n++] = (uint8_t)in.p[n++];
    return n;
}

/* How much of `in` belongs to the current frame, or to the next when none is. */
static size_t next_piece(struct h2_session *s, struct slice in)
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
        s->left -= s->head_n - FRAME_HEAD;
        s->head_whole = s->head_n;
        s->head_n = 0;
        look(s);
    }
    in.n = MIN(in.n - n, s->left);
    s->left -= (uint32_t)in.n;
    return n + in.n;
}

static void feed(struct h2_session *s, const void *p, size_t n)
{
    ssize_t r;

    if (s->reason || n == 0)
        return;
    s->is_busy = true;
    r = nghttp2_session_mem_recv(s->ng, p, n);
    s->is_busy = false;
    if (r < 0)
        fail(s, r);
}

/* A frame's head that came in parts is handed on whole: nghttp2 takes each part of a CONTINUATION's
 * for one more frame, and then for a flood. */
bool h2_session_receive(struct h2_session *s, struct slice *in, uint64_t now_ms)
{
    size_t early = s->head_n, late = 0, n;

    CHECK(!s->is_busy);
    if (s->reason)
        return false;
    s->now = now_ms;
    n = next_piece(s, *in);
    if (s->head_n) {
        *in = slice_from(*in, n);
        return true;
    }
    if (early) {
        late = s->head_whole - early;
        feed(s, s->head, s->head_whole);
    }
    feed(s, in->p + late, n - late);
    *in = slice_from(*in, n);
    return !s->reason;
}

/* --- output --- */

void h2_session_send(struct h2_session *s)
{
    const uint8_t *p;
    ssize_t n;

    if (s->is_busy)
        return;
    s->is_busy = true;
    while ((n = nghttp2_session_mem_send(s->ng, &p)) > 0)
        s->events->on_output(s->user, slice_of((const char *)p, (size_t)n));
    s->is_busy = false;
    if (n < 0)
        fail(s, n);
}

/* Has HTTP/2 no such field (RFC 9113 section 8.2.2)? */
static bool is_hop_field(enum header_id id)
{
    return id == HEADER_CONNECTION || id == HEADER_KEEP_ALIVE || id == HEADER_PROXY_CONNECTION ||
           id == HEADER_TRANSFER_ENCODING || id == HEADER_UPGRADE;
}

static nghttp2_nv pair(const struct h2_session *s, const struct header *f)
{
    nghttp2_nv nv = {
        .name = (uint8_t *)(uintptr_t)f->name.p,
        .namelen = f->name.n,
        .value = (uint8_t *)(uintptr_t)f->value.p,
        .valuelen = f->value.n,
        .flags = s->is_busy ? NGHTTP2_NV_FLAG_NONE : NGHTTP2_NV_FLAG_NO_COPY_VALUE,
    };

    if (f->id) {
        nv.name = (uint8_t *)lower_names[f->id];
        nv.flags |= NGHTTP2_NV_FLAG_NO_COPY_NAME;
    }
    return nv;
}

struct fields {
    nghttp2_nv *at, room[FIELDS_ON_STACK + 1];
    size_t n;
};

/* `digits`: room for a status. */
static void fields_open(struct fields *out, const struct h2_session *s, int status, char digits[3],
                        const struct header_list *l)
{
    out->at = out->room;
    out->n = 0;
    if (l && l->n > FIELDS_ON_STACK)
        out->at = mem_alloc((l->n + 1) * sizeof(nghttp2_nv));
    if (status) {
        for (unsigned i = 0, rest = (unsigned)status; i < 3; i++, rest /= 10)
            digits[2 - i] = (char)('0' + rest % 10);
        out->at[out->n++] =
            (nghttp2_nv){(uint8_t *)(uintptr_t) ":status", (uint8_t *)digits, 7, 3,
                         NGHTTP2_NV_FLAG_NO_COPY_NAME |
                             (s->is_busy ? NGHTTP2_NV_FLAG_NONE : NGHTTP2_NV_FLAG_NO_COPY_VALUE)};
    }
    for (unsigned i = 0; l && i < l->n; i++)
        if (!is_hop_field(l->fields[i].id))
            out->at[out->n++] = pair(s, &l->fields[i]);
}

static void fields_close(struct fields *f)
{
    if (f->at != f->room)
        mem_free(f->at);
}

void h2_session_respond(struct h2_session *s, int32_t id, int status, const struct header_list *l,
                        bool has_body)
{
    nghttp2_data_provider body = {{.ptr = stream_of(s, id)}, on_read};
    struct fields f;
    char digits[3];

    fields_open(&f, s, status, digits, l);
    (void)nghttp2_submit_response(s->ng, id, f.at, f.n, has_body ? &body : NULL);
    h2_session_send(s);
    fields_close(&f);
}

void h2_session_inform(struct h2_session *s, int32_t id, int status, const struct header_list *l)
{
    struct fields f;
    char digits[3];

    fields_open(&f, s, status, digits, l);
    (void)nghttp2_submit_headers(s->ng, NGHTTP2_FLAG_NONE, id, NULL, f.at, f.n, NULL);
    h2_session_send(s);
    fields_close(&f);
}

void h2_session_trailers(struct h2_session *s, int32_t id, const struct header_list *l)
{
    struct fields f;

    CHECK(s->is_busy);
    fields_open(&f, s, 0, NULL, l);
    s->has_trailers = f.n > 0 && nghttp2_submit_trailer(s->ng, id, f.at, f.n) == 0;
    fields_close(&f);
}

void h2_session_resume(struct h2_session *s, int32_t id)
{
    (void)nghttp2_session_resume_data(s->ng, id);
}

void h2_session_reset(struct h2_session *s, int32_t id, enum h2_code code)
{
    (void)nghttp2_submit_rst_stream(s->ng, NGHTTP2_FLAG_NONE, id, code);
}

void h2_session_consume(struct h2_session *s, int32_t id, size_t n)
{
    (void)nghttp2_session_consume_stream(s->ng, id, n);
}

void h2_session_consume_shared(struct h2_session *s, size_t n)
{
    (void)nghttp2_session_consume_connection(s->ng, n);
}

void h2_session_shutdown_notice(struct h2_session *s)
{
    (void)nghttp2_submit_shutdown_notice(s->ng);
    (void)nghttp2_submit_ping(s->ng, NGHTTP2_FLAG_NONE, NULL);
}

void h2_session_goaway(struct h2_session *s, enum h2_code code)
{
    if (code != H2_NO_ERROR)
        (void)nghttp2_session_terminate_session(s->ng, code);
    else
        (void)nghttp2_submit_goaway(s->ng, NGHTTP2_FLAG_NONE,
                                    nghttp2_session_get_last_proc_stream_id(s->ng),
                                    NGHTTP2_NO_ERROR, NULL, 0);
}

/* --- state --- */

const char *h2_session_reason(const struct h2_session *s)
{
    return s->reason;
}

bool h2_session_is_flooded(const struct h2_session *s)
{
    return s->is_flooded;
}

bool h2_session_has_output(const struct h2_session *s)
{
    return nghttp2_session_want_write(s->ng);
}

bool h2_session_is_over(const struct h2_session *s)
{
    return !nghttp2_session_want_read(s->ng) && !nghttp2_session_want_write(s->ng);
}

bool h2_session_is_mid_head(const struct h2_session *s)
{
    return s->magic_left || s->is_in_block || (s->left && s->head[3] == NGHTTP2_HEADERS);
}

bool h2_session_is_stopped(const struct h2_session *s, int32_t id)
{
    return nghttp2_session_get_stream_remote_window_size(s->ng, id) <= 0 ||
           nghttp2_session_get_remote_window_size(s->ng) <= 0;
}
