/* The HTTP/2 engine: events of frames in any cut, answers in frames, what breaks a rule or floods.
 */
#include "proto/h2_session.h"

#include "h2_world.h"

static const struct h2_options defaults = {
    .max_streams = 10,
    .stream_window = 65536,
    .connection_window = 1 << 20,
    .header_list = 4096,
    .flood = {5, 5, 5, 5, 5, 5, 3, 5},
};

static void *on_head(void *user, int32_t id)
{
    struct world *w = user;

    w->id = id;
    buf_printf(&w->log, "head %d;", id);
    return w;
}

static bool on_field(void *user, void *stream, struct slice name, struct slice value)
{
    struct world *w = user;

    assert_ptr_equal(stream, w);
    buf_printf(&w->log, SLICE_FMT "=" SLICE_FMT ";", SLICE_ARG(name), SLICE_ARG(value));
    return !slice_eq(name, SLICE("x-bad"));
}

static void on_head_end(void *user, void *stream, bool is_trailers, bool is_too_large, size_t wire)
{
    struct world *w = user;

    (void)stream;
    assert_true(wire > 9);
    buf_printf(&w->log, "%s%s;", is_trailers ? "trailers" : "ready", is_too_large ? " large" : "");
}

static void on_close(void *user, void *stream, uint32_t code, bool is_by_peer)
{
    (void)stream;
    (void)is_by_peer;
    buf_printf(&((struct world *)user)->log, "close %u;", code);
}

static void on_goaway_sent(void *user, uint32_t code, struct slice text)
{
    (void)text;
    ((struct world *)user)->goaway = code;
    buf_printf(&((struct world *)user)->log, "goaway %u;", code);
}

static enum h2_pull on_pull(void *user, void *stream, size_t most, size_t *n)
{
    static struct header trailer = {{"x-sum", 5}, {"1", 1}, HEADER_OTHER, false};
    const struct header_list l = {&trailer, 1, 1};
    struct world *w = user;

    (void)stream;
    if (w->is_full)
        return H2_PULL_FULL;
    if (!w->body.n && w->piece)
        return H2_PULL_AGAIN;
    *n = w->body.n < most ? w->body.n : most;
    if (w->piece && *n > w->piece)
        *n = w->piece;
    if (*n < w->body.n || w->piece)
        return H2_PULL_SOME;
    if (w->has_trailers)
        h2_session_trailers(w->s, &l);
    return H2_PULL_LAST;
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

static void open_world(struct world *w, const struct h2_options *o)
{
    *w = (struct world){.log = BUF_EMPTY};
    w->s = h2_session_new(o, &events, w, 1000);
}

static void expect_log(struct world *w, const char *expected)
{
    assert_string_equal(buf_cstr(&w->log), expected);
    w->log.n = 0;
}

/* The first frame of a type in the output. */
static bool find(struct world *w, unsigned type, struct frame *out)
{
    struct slice rest = buf_slice(&w->out);

    while (frame_next(&rest, out))
        if (out->type == type)
            return true;
    return false;
}

static void respond(struct world *w, bool has_body)
{
    struct header fields[] = {{{"Server", 6}, {"s", 1}, HEADER_SERVER, false},
                              {{"Connection", 10}, {"close", 5}, HEADER_CONNECTION, false},
                              {{"X-Own", 5}, {"v", 1}, HEADER_OTHER, false}};
    const struct header_list l = {fields, 3, 3};

    h2_session_respond(w->s, w->id, 200, &l, has_body);
}

static void test_request(void **state)
{
    (void)state;
    for (size_t cut = 1; cut < 60; cut += cut < 20 ? 1 : 13) {
        struct buf in = BUF_EMPTY;
        struct world w;

        open_world(&w, &defaults);
        preface_add(&in);
        request_add(&in, 1, "POST", "/x", 0, "x-a", "b");
        assert_true(feed(&w, &in, cut));
        expect_log(&w, "head 1;:method=POST;:scheme=http;:path=/x;:authority=a;x-a=b;ready;");
        in.n = 0;
        frame_add(&in, DATA, 0, 1, SLICE("hel"));
        frame_add(&in, DATA, END_STREAM, 1, SLICE("lo"));
        assert_true(feed(&w, &in, in.n));
        expect_log(&w, "data hel;data lo;end;");
        buf_add_lit(&w.body, "answer");
        respond(&w, true);
        expect_log(&w, "sent;close 0;");
        close_world(&w);
        buf_free(&in);
    }
}

static void test_response(void **state)
{
    struct buf in = BUF_EMPTY;
    struct frame f;
    struct world w;

    (void)state;
    open_world(&w, &defaults);
    preface_add(&in);
    request_add(&in, 1, "GET", "/", END_STREAM, NULL, NULL);
    assert_true(feed(&w, &in, in.n));
    assert_true(find(&w, SETTINGS, &f));
    assert_int_equal(f.payload.n % 6, 0);
    w.has_trailers = true;
    buf_add_lit(&w.body, "answer");
    w.is_full = true;
    respond(&w, true); /* the head goes all the same */
    assert_true(find(&w, HEADERS, &f) && f.id == 1 && f.flags == END_HEADERS);
    assert_null(memmem(f.payload.p, f.payload.n, "onnection", 9));
    assert_false(find(&w, DATA, &f));
    assert_true(h2_session_has_output(w.s));
    w.is_full = false;
    w.out.n = 0;
    h2_session_send(w.s);
    assert_true(find(&w, DATA, &f) && slice_eq(f.payload, SLICE("answer")) && f.flags == 0);
    assert_true(find(&w, HEADERS, &f) && f.flags == (END_HEADERS | END_STREAM)); /* trailers */
    close_world(&w);
    buf_free(&in);
}

/* The window stops the data, WINDOW_UPDATE lets it go on. */
static void test_windows(void **state)
{
    struct buf in = BUF_EMPTY;
    struct world w;
    size_t sent;

    (void)state;
    open_world(&w, &defaults);
    preface_add(&in);
    request_add(&in, 1, "GET", "/", END_STREAM, NULL, NULL);
    assert_true(feed(&w, &in, in.n));
    memset(buf_reserve(&w.body, 100000), 'x', 100000);
    w.body.n = 100000;
    respond(&w, true);
    assert_int_equal(w.body.n, 100000 - 65535);
    assert_true(h2_session_is_stopped(w.s, 1));
    in.n = 0;
    frame_add_number(&in, WINDOW_UPDATE, 1, 10);
    frame_add_number(&in, WINDOW_UPDATE, 0, 5);
    sent = w.body.n;
    assert_true(feed(&w, &in, in.n));
    assert_int_equal(sent - w.body.n, 5);
    close_world(&w);
    buf_free(&in);
}

/* A stream's window opens by what was consumed, and not before. */
static void test_consume(void **state)
{
    char bytes[16000] = {0};
    struct buf in = BUF_EMPTY;
    struct frame f;
    struct world w;

    (void)state;
    open_world(&w, &defaults);
    preface_add(&in);
    frame_add(&in, SETTINGS, ACK, 0, SLICE_EMPTY);
    request_add(&in, 1, "POST", "/", 0, NULL, NULL);
    for (unsigned i = 0; i < 3; i++)
        frame_add(&in, DATA, 0, 1, slice_of(bytes, sizeof(bytes)));
    assert_true(feed(&w, &in, in.n));
    w.out.n = 0;
    h2_session_send(w.s);
    assert_false(find(&w, WINDOW_UPDATE, &f));
    h2_session_consume(w.s, 1, 48000);
    h2_session_send(w.s);
    assert_true(find(&w, WINDOW_UPDATE, &f) && f.id == 1);
    assert_int_equal(frame_number(&f, 0), 48000);
    in.n = 0;
    for (unsigned i = 0; i < 5; i++) /* 80000 > 65536 */
        frame_add(&in, DATA, 0, 1, slice_of(bytes, sizeof(bytes)));
    (void)feed(&w, &in, in.n);
    assert_non_null(strstr(buf_cstr(&w.log), "close 3;")); /* FLOW_CONTROL_ERROR */
    close_world(&w);
    buf_free(&in);
}

static void test_malformed(void **state)
{
    static const struct {
        const char *name, *value;
    } fields[] = {{"X-Upper", "a"}, {"connection", "close"}, {"te", "gzip"}, {":path", "/"},
                  {"x-bad", "1"},   {"x-ctl", "a\x01"},      {"", "x"}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        struct buf in = BUF_EMPTY;
        struct frame f;
        struct world w;

        open_world(&w, &defaults);
        preface_add(&in);
        request_add(&in, 1, "GET", "/", END_STREAM, fields[i].name, fields[i].value);
        assert_true(feed(&w, &in, in.n));
        assert_true(find(&w, RST_STREAM, &f) && frame_number(&f, 0) == H2_PROTOCOL_ERROR);
        assert_non_null(strstr(buf_cstr(&w.log), "close 1;"));
        close_world(&w);
        buf_free(&in);
    }
}

/* Frames of a kind beyond its limit, and what else ends with ENHANCE_YOUR_CALM. */
static void flood(struct buf *in, unsigned kind)
{
    static const struct slice priority = {"\0\0\0\0\0", 5}, ping = {"12345678", 8};

    request_add(in, 1, "POST", "/", 0, NULL, NULL);
    for (unsigned i = 0; i < 12; i++) {
        if (kind == H2_FLOOD_RESETS) {
            request_add(in, 3 + 2 * i, "GET", "/", END_STREAM, NULL, NULL);
            frame_add_number(in, RST_STREAM, 3 + 2 * i, H2_CANCEL);
        } else if (kind == H2_FLOOD_SETTINGS) {
            frame_add(in, SETTINGS, 0, 0, SLICE_EMPTY);
        } else if (kind == H2_FLOOD_PINGS) {
            frame_add(in, PING, 0, 0, ping);
        } else if (kind == H2_FLOOD_EMPTY) {
            frame_add(in, DATA, 0, 1, SLICE_EMPTY);
        } else if (kind == H2_FLOOD_PRIORITIES) {
            frame_add(in, i % 2 ? PRIORITY : 77, 0, 1, priority);
        } else if (kind == H2_FLOOD_WINDOWS) {
            frame_add_number(in, WINDOW_UPDATE, 1, 1);
        } else {
            frame_add(in, i ? CONTINUATION : HEADERS, 0, 3, SLICE_EMPTY);
        }
    }
}

static void test_floods(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < H2_FLOOD_CLOSED; kind++) {
        struct buf in = BUF_EMPTY;
        struct world w;

        open_world(&w, &defaults);
        preface_add(&in);
        flood(&in, kind);
        assert_false(feed(&w, &in, in.n));
        assert_true(h2_session_is_flooded(w.s));
        assert_non_null(strstr(h2_session_reason(w.s), h2_flood_name((enum h2_flood_kind)kind)));
        assert_int_equal(w.goaway, H2_ENHANCE_YOUR_CALM);
        assert_true(h2_session_is_over(w.s));
        close_world(&w);
        buf_free(&in);
    }
}

/* A dynamic table entry named over and over: one byte each for 3000. */
static void test_bomb(void **state)
{
    struct buf in = BUF_EMPTY, block = BUF_EMPTY;
    char value[120];
    struct world w;

    (void)state;
    memset(value, 'v', sizeof(value));
    open_world(&w, &defaults);
    preface_add(&in);
    for (unsigned repeats = 30; repeats <= 3000; repeats *= 100) {
        block.n = 0;
        field_add(&block, ":method", "GET");
        field_add(&block, ":scheme", "http");
        field_add(&block, ":path", "/");
        field_add(&block, ":authority", "a");
        buf_add_lit(&block, "\x40\x01y\x78"); /* literal with indexing: 62 from now on */
        buf_add(&block, value, sizeof(value));
        for (unsigned i = 0; i < repeats; i++)
            buf_add_char(&block, (char)(0x80 | 62));
        frame_add(&in, HEADERS, END_HEADERS | END_STREAM, repeats == 30 ? 1 : 3, buf_slice(&block));
    }
    assert_false(feed(&w, &in, in.n));
    assert_non_null(strstr(buf_cstr(&w.log), "ready large;end;"));
    assert_int_equal(w.goaway, H2_ENHANCE_YOUR_CALM);
    assert_true(w.log.n < 3 * 4096 + 1000);
    close_world(&w);
    buf_free(&in);
    buf_free(&block);
}

/* A head in fragments, however they are cut. */
static void test_fragments(void **state)
{
    (void)state;
    for (size_t cut = 1; cut < 40; cut++) {
        struct buf in = BUF_EMPTY, block = BUF_EMPTY;
        struct world w;

        open_world(&w, &defaults);
        preface_add(&in);
        frame_add(&in, PRIORITY, 0, 1, slice_of("\0\0\0\3\1", 5));
        field_add(&block, ":method", "GET");
        field_add(&block, ":scheme", "http");
        frame_add(&in, HEADERS, END_STREAM, 1, buf_slice(&block));
        block.n = 0;
        field_add(&block, ":path", "/");
        frame_add(&in, CONTINUATION, 0, 1, buf_slice(&block));
        block.n = 0;
        field_add(&block, ":authority", "a");
        frame_add(&in, CONTINUATION, END_HEADERS, 1, buf_slice(&block));
        assert_true(feed(&w, &in, cut));
        expect_log(&w, "head 1;:method=GET;:scheme=http;:path=/;:authority=a;ready;end;");
        close_world(&w);
        buf_free(&in);
        buf_free(&block);
    }
}

/* Streams that are over, left out, or depend on themselves. */
static void test_stream_states(void **state)
{
    static const struct {
        unsigned type;
        uint32_t id, number;
        uint32_t code;
    } cases[] = {{DATA, 5, 0, 5}, {DATA, 3, 0, 1}, {PRIORITY, 7, 7, 1}, {PRIORITY, 0, 3, 1}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf in = BUF_EMPTY;
        struct world w;

        open_world(&w, &defaults);
        preface_add(&in);
        request_add(&in, 5, "GET", "/", END_STREAM, NULL, NULL);
        assert_true(feed(&w, &in, in.n));
        respond(&w, false);
        in.n = 0;
        if (cases[i].type == PRIORITY)
            frame_add(&in, PRIORITY, 0, cases[i].id,
                      slice_of((char[]){0, 0, 0, (char)cases[i].number, 1}, 5));
        else
            frame_add(&in, cases[i].type, 0, cases[i].id, SLICE("x"));
        assert_false(feed(&w, &in, 1));
        assert_int_equal(w.goaway, cases[i].code);
        close_world(&w);
        buf_free(&in);
    }
}

/* What crosses a reset of ours is no fault, and a flood when it does not end. */
static void test_crossing(void **state)
{
    struct buf in = BUF_EMPTY;
    struct world w;

    (void)state;
    open_world(&w, &defaults);
    preface_add(&in);
    request_add(&in, 1, "POST", "/", 0, NULL, NULL);
    assert_true(feed(&w, &in, in.n));
    h2_session_reset(w.s, 1, H2_CANCEL);
    h2_session_send(w.s);
    in.n = 0;
    frame_add(&in, DATA, 0, 1, SLICE("late"));
    assert_true(feed(&w, &in, in.n));
    assert_null(h2_session_reason(w.s));
    in.n = 0;
    for (unsigned i = 0; i < 5; i++)
        frame_add(&in, DATA, 0, 1, SLICE_EMPTY);
    assert_false(feed(&w, &in, in.n));
    assert_true(h2_session_is_flooded(w.s));
    assert_string_equal(h2_session_reason(w.s), "too many frames on closed streams");
    close_world(&w);
    buf_free(&in);
}

static void test_shutdown(void **state)
{
    struct buf in = BUF_EMPTY;
    struct frame f;
    struct world w;

    (void)state;
    open_world(&w, &defaults);
    preface_add(&in);
    assert_true(feed(&w, &in, in.n));
    h2_session_shutdown_notice(w.s);
    h2_session_send(w.s);
    assert_true(find(&w, GOAWAY, &f) && frame_number(&f, 0) == 0x7fffffff);
    assert_true(find(&w, PING, &f));
    in.n = 0;
    request_add(&in, 1, "GET", "/", END_STREAM, NULL, NULL); /* still taken */
    frame_add(&in, PING, ACK, 0, f.payload);
    assert_true(feed(&w, &in, in.n));
    assert_non_null(strstr(buf_cstr(&w.log), "ready;end;pong;"));
    w.out.n = 0;
    h2_session_goaway(w.s, H2_NO_ERROR);
    h2_session_send(w.s);
    assert_true(find(&w, GOAWAY, &f) && frame_number(&f, 0) == 1);
    respond(&w, false);
    assert_true(h2_session_is_over(w.s));
    close_world(&w);
    buf_free(&in);
}

/* Of two answers that are ready, the more urgent goes first; those of one urgency take turns only
 * when they are incremental. */
static void test_priorities(void **state)
{
    static const struct {
        const char *first, *second;
        const char *update; /* PRIORITY_UPDATE for the second */
        uint32_t served;
    } cases[] = {{"u=3", "u=1", NULL, 3}, {"u=1", "u=3", NULL, 1}, {"u=3", "u=5", "u=0", 3}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf in = BUF_EMPTY;
        struct frame f;
        struct world w;

        open_world(&w, &defaults);
        preface_add(&in);
        request_add(&in, 1, "GET", "/", END_STREAM, "priority", cases[i].first);
        request_add(&in, 3, "GET", "/", END_STREAM, "priority", cases[i].second);
        if (cases[i].update) {
            char text[8] = {0, 0, 0, 3};

            memcpy(text + 4, cases[i].update, 3);
            frame_add(&in, PRIORITY_UPDATE, 0, 0, slice_of(text, 7));
        }
        assert_true(feed(&w, &in, in.n));
        w.is_full = true;
        memset(buf_reserve(&w.body, 1000), 'x', 1000);
        w.body.n = 1000;
        w.id = 1;
        respond(&w, true);
        w.id = 3;
        respond(&w, true);
        w.is_full = false;
        w.out.n = 0;
        h2_session_send(w.s);
        assert_true(find(&w, DATA, &f));
        assert_int_equal(f.id, cases[i].served);
        close_world(&w);
        buf_free(&in);
    }
}

static void test_upgrade(void **state)
{
    struct frame f;
    struct world w;

    (void)state;
    open_world(&w, &defaults);
    assert_true(h2_session_upgrade(w.s, slice_of("\0\4\0\0\0\7", 6), false, &w));
    w.id = 1;
    buf_add_lit(&w.body, "0123456789");
    respond(&w, true);
    assert_true(find(&w, DATA, &f) && f.id == 1 && f.payload.n == 7); /* as the settings say */
    close_world(&w);
    open_world(&w, &defaults);
    assert_false(h2_session_upgrade(w.s, SLICE("\0\4\0"), false, &w));
    close_world(&w);
}

static void test_bad_preface(void **state)
{
    struct buf in = BUF_EMPTY;
    struct world w;

    (void)state;
    open_world(&w, &defaults);
    buf_add_lit(&in, "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n");
    assert_true(h2_session_is_mid_head(w.s));
    assert_false(feed(&w, &in, in.n));
    assert_false(h2_session_is_flooded(w.s));
    close_world(&w);
    buf_free(&in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request),     cmocka_unit_test(test_response),
        cmocka_unit_test(test_windows),     cmocka_unit_test(test_consume),
        cmocka_unit_test(test_malformed),   cmocka_unit_test(test_floods),
        cmocka_unit_test(test_bomb),        cmocka_unit_test(test_stream_states),
        cmocka_unit_test(test_crossing),    cmocka_unit_test(test_shutdown),
        cmocka_unit_test(test_priorities),  cmocka_unit_test(test_upgrade),
        cmocka_unit_test(test_bad_preface), cmocka_unit_test(test_fragments),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
