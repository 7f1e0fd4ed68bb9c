/* nghttp2 behind our own interface: sessions of either side.
 *
 * Input is handed on frame by frame: a walk over the frame heads finds where each ends, counts the
 * kinds that floods are made of (h2_look) and lets the caller act between two frames, where
 * everything is allowed; inside nghttp2's callbacks (h2_events) H2_IS_BUSY is set and most is not.
 * Output comes as control frames and heads by on_output and as data by on_output_data, which
 * fetches the bytes itself, so that they are copied once (h2_submit). In which order streams are
 * served is nghttp2's business: we announce SETTINGS_NO_RFC7540_PRIORITIES, with which it goes by
 * RFC 9218 urgencies.
 *
 * What nghttp2 1.52 lacks stands here: limits on all kinds of frames but acknowledgements, on the
 * size of a head, on fragments of heads. A connection that breaks one gets ENHANCE_YOUR_CALM.
 *
 * To handle another event, add it to `struct h2_events` and a callback in h2_events.c; another
 * setting goes to server_settings or client_settings. */
#include "proto/h2_session.h"

#include <nghttp2/nghttp2.h>

#include "base/check.h"
#include "base/mem.h"
#include "proto/h2_events.h"
#include "proto/h2_look.h"
#include "proto/h2_memory.h"
#include "proto/h2_submit.h"

/* The longest head that is sent, before it is packed; nghttp2 itself would drop one beyond 64 KiB
 * without a word, and its stream would wait for ever. */
enum { HEAD_OUT_MOST = 16 << 20 };

static nghttp2_option *option; /* process-wide: the same for all sessions */

/* --- life --- */

static void submit_settings(struct h2_session *s, const nghttp2_settings_entry *entries, size_t n)
{
    CHECK(nghttp2_submit_settings(s->ng, NGHTTP2_FLAG_NONE, entries, n) == 0);
    CHECK(nghttp2_session_set_local_window_size(s->ng, NGHTTP2_FLAG_NONE, 0,
                                                (int32_t)s->options->connection_window) == 0);
}

static void server_settings(struct h2_session *s)
{
    const struct h2_options *o = s->options;
    const nghttp2_settings_entry entries[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, o->max_streams},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, o->stream_window},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, o->header_list},
        {NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1},
        {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
    };

    submit_settings(s, entries, ARRAY_LEN(entries));
}

static void client_settings(struct h2_session *s)
{
    const struct h2_options *o = s->options;
    const nghttp2_settings_entry entries[] = {
        {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, o->stream_window},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, o->header_list},
        {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
    };

    submit_settings(s, entries, ARRAY_LEN(entries));
}

static void make_option(void)
{
    if (nghttp2_option_new(&option))
        PANIC("out of memory");
    nghttp2_option_set_no_auto_window_update(option, 1);
    nghttp2_option_set_max_send_header_block_length(option, HEAD_OUT_MOST);
    nghttp2_option_set_builtin_recv_extension_type(option, NGHTTP2_PRIORITY_UPDATE);
}

static struct h2_session *new_session(const struct h2_options *options,
                                      const struct h2_events *events, void *user, uint64_t now_ms)
{
    struct h2_session *s = mem_new(struct h2_session);

    if (!option)
        make_option();
    s->options = options;
    s->events = events;
    s->user = user;
    s->now = now_ms;
    h2_flood_init(&s->flood, options->flood, now_ms);
    return s;
}

struct h2_session *h2_session_new(const struct h2_options *options, const struct h2_events *events,
                                  void *user, uint64_t now_ms)
{
    struct h2_session *s = new_session(options, events, user, now_ms);

    s->magic_left = NGHTTP2_CLIENT_MAGIC_LEN;
    s->ng = h2_memory_new_server(h2_events_callbacks(), option, s);
    server_settings(s);
    return s;
}

struct h2_session *h2_session_new_client(const struct h2_options *options,
                                         const struct h2_events *events, void *user,
                                         uint64_t now_ms)
{
    struct h2_session *s = new_session(options, events, user, now_ms);

    h2_state_set(s, H2_IS_CLIENT, true);
    if (nghttp2_session_client_new2(&s->ng, h2_events_callbacks(), s, option))
        PANIC("out of memory");
    client_settings(s);
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
    s->queued = nghttp2_session_get_outbound_queue_size(s->ng);
    if (nghttp2_session_upgrade2(s->ng, (const uint8_t *)settings.p, settings.n, is_head, NULL))
        return false;
    s->newest = 1;
    return nghttp2_session_set_stream_user_data(s->ng, 1, stream) == 0;
}

/* --- input --- */

static void feed(struct h2_session *s, const void *p, size_t n)
{
    ssize_t r;

    if (s->reason || n == 0)
        return;
    if (s->head[3] == NGHTTP2_SETTINGS)
        s->queued = nghttp2_session_get_outbound_queue_size(s->ng);
    h2_state_set(s, H2_IS_BUSY, true);
    r = nghttp2_session_mem_recv(s->ng, p, n);
    h2_state_set(s, H2_IS_BUSY, false);
    if (r < 0)
        h2_state_fail(s, r);
}

/* A frame's head that came in parts is handed on whole: nghttp2 takes each part of a CONTINUATION's
 * for one more frame, and then for a flood. */
bool h2_session_receive(struct h2_session *s, struct slice *in, uint64_t now_ms)
{
    size_t early = s->head_n, late = 0, n;

    CHECK(!h2_state_has(s, H2_IS_BUSY));
    if (s->reason)
        return false;
    s->now = now_ms;
    n = h2_look_next_piece(s, *in);
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
    h2_submit_flush(s);
}

void h2_session_respond(struct h2_session *s, int32_t id, int status, const struct header_list *l,
                        bool has_body)
{
    h2_submit_response(s, id, status, l, has_body);
}

void h2_session_inform(struct h2_session *s, int32_t id, int status, const struct header_list *l)
{
    h2_submit_inform(s, id, status, l);
}

void h2_session_trailers(struct h2_session *s, const struct header_list *l)
{
    h2_submit_trailers(s, l);
}

int32_t h2_session_request(struct h2_session *s, const struct h2_request *r, bool has_body,
                           void *stream)
{
    CHECK(!h2_state_has(s, H2_IS_BUSY));
    return h2_session_takes_requests(s) ? h2_submit_request(s, r, has_body, stream) : 0;
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

void h2_session_ping(struct h2_session *s)
{
    (void)nghttp2_submit_ping(s->ng, NGHTTP2_FLAG_NONE, NULL);
}

/* --- state --- */

const char *h2_session_code_name(uint32_t code)
{
    return nghttp2_http2_strerror(code);
}

const char *h2_session_reason(const struct h2_session *s)
{
    return s->reason;
}

bool h2_session_is_flooded(const struct h2_session *s)
{
    return h2_state_has(s, H2_IS_FLOODED);
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
    return s->magic_left || h2_state_has(s, H2_IS_IN_BLOCK) ||
           (s->left && s->head[3] == NGHTTP2_HEADERS);
}

bool h2_session_is_stopped(const struct h2_session *s, int32_t id)
{
    return nghttp2_session_get_stream_remote_window_size(s->ng, id) <= 0 ||
           nghttp2_session_get_remote_window_size(s->ng) <= 0;
}

bool h2_session_takes_requests(const struct h2_session *s)
{
    return !s->reason && nghttp2_session_check_request_allowed(s->ng) != 0;
}

bool h2_session_has_settings(const struct h2_session *s)
{
    return h2_state_has(s, H2_HAS_SETTINGS);
}

uint32_t h2_session_max_streams(const struct h2_session *s)
{
    return nghttp2_session_get_remote_settings(s->ng, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

bool h2_session_allows_protocols(const struct h2_session *s)
{
    return nghttp2_session_get_remote_settings(s->ng, NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL) ==
           1;
}
