/* The client's side of a session: what requests look like, what of answers is told and refused. */
#include "proto/h2_submit.h"

#include "h2_world.h"

static const struct h2_options options = {
    .stream_window = 100000,
    .connection_window = 1 << 20,
    .header_list = 512,
    .flood = {5, 5, 5, 5, 5, 5, 3, 5},
};

static void note(void *user, const char *what)
{
    buf_add(&((struct world *)user)->log, what, strlen(what));
}

static bool on_field(void *user, void *stream, struct slice name, struct slice value)
{
    assert_ptr_equal(stream, user);
    buf_printf(&((struct world *)user)->log, SLICE_FMT "=" SLICE_FMT ";", SLICE_ARG(name),
               SLICE_ARG(value));
    return true;
}

static void on_head_end(void *user, void *stream, bool is_trailers, bool is_too_large, size_t wire)
{
    (void)stream;
    assert_true(wire >= 9);
    note(user, is_too_large ? "large;" : is_trailers ? "trailers;" : "head;");
}

static void on_close(void *user, void *stream, uint32_t code, bool is_by_peer)
{
    (void)stream;
    buf_printf(&((struct world *)user)->log, "close %u%s;", code, is_by_peer ? " by peer" : "");
}

static void on_settings(void *user)
{
    note(user, "settings;");
}

static void on_goaway(void *user, uint32_t code, struct slice text)
{
    buf_printf(&((struct world *)user)->log, "goaway %u " SLICE_FMT ";", code, SLICE_ARG(text));
}

static void on_goaway_sent(void *user, uint32_t code, struct slice text)
{
    (void)text;
    buf_printf(&((struct world *)user)->log, "gone %u;", code);
}

static enum h2_pull on_pull(void *user, void *stream, size_t most, size_t *n)
{
    static struct header trailer = {{"x-sum", 5}, {"1", 1}, HEADER_OTHER, false};
    const struct header_list l = {&trailer, 1, 1};
    struct world *w = user;

    (void)stream;
    *n = w->body.n < most ? w->body.n : most;
    if (w->is_last && w->has_trailers)
        h2_session_trailers(w->s, &l);
    if (w->is_last)
        return H2_PULL_LAST;
    return *n ? H2_PULL_SOME : H2_PULL_AGAIN;
}

static const struct h2_events events = {
    .on_field = on_field,
    .on_head_end = on_head_end,
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

static void expect_log(struct world *w, const char *expected)
{
    assert_string_equal(buf_cstr(&w->log), expected);
    w->log.n = 0;
}

/* The preface goes off `out`; a server's SETTINGS have come. */
static void open_world(struct world *w)
{
    struct buf in = BUF_EMPTY;

    *w = (struct world){.log = BUF_EMPTY};
    w->s = h2_session_new_client(&options, &events, w, 1000);
    assert_false(h2_session_has_settings(w->s));
    h2_session_send(w->s);
    assert_memory_equal(w->out.p, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 24);
    buf_drop(&w->out, 24);
    frame_add(&in, SETTINGS, 0, 0, SLICE("\0\3\0\0\0\7\0\10\0\0\0\1"));
    frame_add(&in, SETTINGS, ACK, 0, SLICE_EMPTY);
    assert_true(feed(w, &in, 5));
    expect_log(w, "settings;");
    assert_true(h2_session_has_settings(w->s));
    assert_int_equal(h2_session_max_streams(w->s), 7);
    assert_true(h2_session_allows_protocols(w->s));
    buf_free(&in);
}

static int32_t ask(struct world *w, const char *method, bool has_body)
{
    struct header fields[] = {{{"User-Agent", 10}, {"t", 1}, HEADER_USER_AGENT, false},
                              {{"Connection", 10}, {"close", 5}, HEADER_CONNECTION, false},
                              {{"TE", 2}, {"gzip", 4}, HEADER_TE, false},
                              {{"X-Own", 5}, {"v", 1}, HEADER_OTHER, false}};
    const struct header_list l = {fields, 4, 4};
    struct h2_request r = {.method = slice_str(method),
                           .scheme = SLICE("http"),
                           .authority = SLICE("a"),
                           .path = SLICE("/x"),
                           .headers = &l};

    return h2_session_request(w->s, &r, has_body, w);
}

static void answer_add(struct buf *b, uint32_t id, const char *status, unsigned flags,
                       const char *name, const char *value)
{
    struct buf block = BUF_EMPTY;

    if (status)
        field_add(&block, ":status", status);
    if (name)
        field_add(&block, name, value);
    frame_add(b, HEADERS, END_HEADERS | flags, id, buf_slice(&block));
    buf_free(&block);
}

/* What a server of our own makes of the client's output. */
static void *server_head(void *user, int32_t id)
{
    buf_printf(&((struct world *)user)->log, "%d:", id);
    return user;
}

static void expect_request(struct world *w, const char *expected)
{
    static const struct h2_options o = {10, 65535, 65535, 4096, {0}};
    struct h2_events told = events;
    struct world server = {.log = BUF_EMPTY};
    struct buf in = BUF_EMPTY;

    told.on_head = server_head;
    server.s = h2_session_new(&o, &told, &server, 1000);
    buf_add_lit(&in, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    buf_add_slice(&in, buf_slice(&w->out));
    assert_true(feed(&server, &in, in.n));
    expect_log(&server, expected);
    buf_free(&in);
    close_world(&server);
}

static void test_requests(void **state)
{
    struct world w;

    (void)state;
    open_world(&w);
    assert_int_equal(ask(&w, "GET", false), 1);
    expect_log(&w, "sent;");
    buf_add_lit(&w.body, "hello");
    w.is_last = true;
    assert_int_equal(ask(&w, "POST", true), 3);
    expect_request(&w, "settings;1::method=GET;:scheme=http;:path=/x;:authority=a;user-agent=t;"
                       "x-own=v;head;end;3::method=POST;:scheme=http;:path=/x;:authority=a;"
                       "user-agent=t;x-own=v;head;data hello;end;");
    close_world(&w);
}

static void test_trailers_of_requests(void **state)
{
    struct world w;

    (void)state;
    open_world(&w);
    w.is_last = w.has_trailers = true;
    buf_add_lit(&w.body, "hello");
    assert_int_equal(ask(&w, "POST", true), 1);
    expect_request(&w, "settings;1::method=POST;:scheme=http;:path=/x;:authority=a;user-agent=t;"
                       "x-own=v;head;data hello;x-sum=1;trailers;end;");
    close_world(&w);
}

/* A plain CONNECT has neither scheme nor path; an extended one has all and its protocol. */
static void test_tunnels(void **state)
{
    static const struct header_list none = {NULL, 0, 0};
    struct h2_request r = {.method = SLICE("CONNECT"),
                           .scheme = SLICE("http"),
                           .authority = SLICE("b:1"),
                           .path = SLICE("/p"),
                           .headers = &none};
    struct world w;

    (void)state;
    open_world(&w);
    assert_int_equal(h2_session_request(w.s, &r, true, &w), 1);
    r.protocol = SLICE("websocket");
    assert_int_equal(h2_session_request(w.s, &r, true, &w), 3);
    expect_request(&w, "settings;1::method=CONNECT;:authority=b:1;head;3::method=CONNECT;"
                       ":scheme=http;:path=/p;:authority=b:1;:protocol=websocket;head;");
    close_world(&w);
}

static void test_answers(void **state)
{
    (void)state;
    for (size_t cut = 1; cut < 200; cut += cut < 20 ? 1 : 37) {
        struct buf in = BUF_EMPTY;
        struct world w;

        open_world(&w);
        assert_int_equal(ask(&w, "GET", false), 1);
        answer_add(&in, 1, "103", 0, "link", "x");
        answer_add(&in, 1, "200", 0, "content-length", "5");
        frame_add(&in, DATA, 0, 1, SLICE("hello"));
        answer_add(&in, 1, NULL, END_STREAM, "x-sum", "1");
        assert_true(feed(&w, &in, cut < 40 ? cut : in.n));
        if (cut >= 40)
            expect_log(&w, "sent;:status=103;link=x;head;:status=200;content-length=5;head;"
                           "data hello;x-sum=1;trailers;end;close 0;");
        close_world(&w);
        buf_free(&in);
    }
}

/* Malformed answers end their stream, not the connection (RFC 9113 section 8.1.1). */
static void test_malformed(void **state)
{
    static const struct {
        const char *status, *name, *value;
        unsigned flags;
        const char *data;
    } rows[] = {
        {NULL, "x-a", "b", END_STREAM, NULL},
        {"200", ":path", "/", END_STREAM, NULL},
        {"200", ":status", "200", END_STREAM, NULL},
        {"200", "connection", "close", END_STREAM, NULL},
        {"200", "transfer-encoding", "chunked", END_STREAM, NULL},
        {"200", "X-Capital", "b", END_STREAM, NULL},
        {"200", "x-a", "b\nc", END_STREAM, NULL},
        {"20x", "x-a", "b", END_STREAM, NULL},
        {"200", "content-length", "x", END_STREAM, NULL},
        {"200", "content-length", "9", 0, "short"},
        {"200", "content-length", "2", 0, "long"},
        {"103", "x-a", "b", END_STREAM, NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf in = BUF_EMPTY;
        struct world w;

        open_world(&w);
        assert_int_equal(ask(&w, "GET", false), 1);
        answer_add(&in, 1, rows[i].status, rows[i].flags, rows[i].name, rows[i].value);
        if (rows[i].data)
            frame_add(&in, DATA, END_STREAM, 1, slice_str(rows[i].data));
        if (!feed(&w, &in, in.n))
            fail_msg("answer %zu ended the connection: %s", i, h2_session_reason(w.s));
        if (!strstr(buf_cstr(&w.log), "close 1;") || strstr(buf_cstr(&w.log), "end;"))
            fail_msg("answer %zu: %s", i, buf_cstr(&w.log));
        assert_true(h2_session_takes_requests(w.s));
        close_world(&w);
        buf_free(&in);
    }
}

static void test_ends(void **state)
{
    struct buf in = BUF_EMPTY;
    struct world w;

    (void)state;
    open_world(&w);
    for (int i = 0; i < 3; i++)
        assert_int_equal(ask(&w, "GET", false), 1 + 2 * i);
    w.log.n = 0;
    frame_add_number(&in, RST_STREAM, 3, 7);
    frame_add(&in, GOAWAY, 0, 0, SLICE("\0\0\0\1\0\0\0\13calm down"));
    assert_true(feed(&w, &in, in.n));
    expect_log(&w, "close 7 by peer;goaway 11 calm down;close 7;");
    assert_false(h2_session_takes_requests(w.s));
    assert_int_equal(ask(&w, "GET", false), 0);
    in.n = 0;
    answer_add(&in, 1, "204", END_STREAM, NULL, NULL);
    assert_true(feed(&w, &in, in.n));
    expect_log(&w, ":status=204;head;end;close 0;");
    close_world(&w);
    buf_free(&in);
}

/* Nothing of a connection is believed after these. */
static void test_faults(void **state)
{
    static const struct {
        unsigned type, flags;
        uint32_t id;
        const char *payload;
        size_t n;
        uint32_t code;
    } rows[] = {
        {PUSH_PROMISE, END_HEADERS, 1, "\0\0\0\2\x88", 5, 1},
        {DATA, 0, 9, "x", 1, 1},
        {HEADERS, END_HEADERS | END_STREAM, 2, "\x88", 1, 1},
        {HEADERS, END_HEADERS, 1, "\xff\xff\xff", 3, 9},
        {SETTINGS, 0, 0, "\0\2\0\0\0\1", 6, 1},
        {SETTINGS, 0, 0, "x", 1, 6},
        {WINDOW_UPDATE, 0, 0, "\0\0\0\0", 4, 1},
        {CONTINUATION, 0, 1, "\x88", 1, 1},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf in = BUF_EMPTY;
        char expected[20];
        struct world w;

        open_world(&w);
        assert_int_equal(ask(&w, "GET", false), 1);
        frame_add(&in, rows[i].type, rows[i].flags, rows[i].id,
                  slice_of(rows[i].payload, rows[i].n));
        (void)feed(&w, &in, in.n);
        (void)snprintf(expected, sizeof(expected), "gone %u;", rows[i].code);
        if (!strstr(buf_cstr(&w.log), expected))
            fail_msg("fault %zu: %s", i, buf_cstr(&w.log));
        close_world(&w);
        buf_free(&in);
    }
}

/* Frames that cost a server little, on a stream that we have reset and without one. */
static void test_floods(void **state)
{
    static const struct {
        unsigned type, flags;
        uint32_t id;
        struct slice payload;
    } rows[] = {
        {WINDOW_UPDATE, 0, 0, {"\0\0\0\1", 4}},
        {WINDOW_UPDATE, 0, 1, {"\0\0\0\1", 4}},
        {DATA, 0, 1, {"x", 1}},
        {DATA, 0, 1, {"", 0}},
        {HEADERS,
         END_HEADERS,
         1,
         {"\x08\x03"
          "103",
          5}},
        {RST_STREAM, 0, 1, {"\0\0\0\2", 4}},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf in = BUF_EMPTY;
        struct world w;

        open_world(&w);
        assert_int_equal(ask(&w, "GET", false), 1);
        h2_session_reset(w.s, 1, H2_CANCEL);
        h2_session_send(w.s);
        for (unsigned n = 0; n < 5; n++)
            frame_add(&in, rows[i].type, rows[i].flags, rows[i].id, rows[i].payload);
        if (!feed(&w, &in, in.n))
            fail_msg("flood %zu: %s", i, h2_session_reason(w.s));
        if (feed(&w, &in, in.n) || !h2_session_is_flooded(w.s))
            fail_msg("flood %zu goes on", i);
        close_world(&w);
        buf_free(&in);
    }
}

/* A server may answer each frame of data, however small, with room for the next one. */
static void test_room_for_small_frames(void **state)
{
    struct buf in = BUF_EMPTY;
    struct world w;

    (void)state;
    open_world(&w);
    assert_int_equal(ask(&w, "POST", true), 1);
    frame_add_number(&in, WINDOW_UPDATE, 0, 1);
    frame_add_number(&in, WINDOW_UPDATE, 1, 1);
    for (unsigned n = 0; n < 20; n++) {
        w.body.n = 0;
        buf_add_char(&w.body, 'x');
        h2_session_resume(w.s, 1);
        h2_session_send(w.s);
        assert_true(feed(&w, &in, in.n));
    }
    assert_null(h2_session_reason(w.s));
    close_world(&w);
    buf_free(&in);
}

/* Data takes window of its stream and of the connection until it is consumed. */
static void test_windows(void **state)
{
    static char bytes[16384];
    struct buf in = BUF_EMPTY;
    struct frame f;
    struct world w;
    struct slice rest;
    unsigned opened = 0;

    (void)state;
    open_world(&w);
    assert_int_equal(ask(&w, "GET", false), 1);
    answer_add(&in, 1, "200", 0, NULL, NULL);
    for (int i = 0; i < 5; i++)
        frame_add(&in, DATA, 0, 1, slice_of(bytes, sizeof(bytes)));
    w.out.n = 0;
    assert_true(feed(&w, &in, in.n));
    for (rest = buf_slice(&w.out); frame_next(&rest, &f);)
        assert_int_not_equal(f.type, WINDOW_UPDATE);
    h2_session_consume(w.s, 1, 5 * sizeof(bytes));
    h2_session_consume_shared(w.s, 5 * sizeof(bytes));
    h2_session_send(w.s);
    for (rest = buf_slice(&w.out); frame_next(&rest, &f);)
        opened += f.type == WINDOW_UPDATE && f.id == 1 ? frame_number(&f, 0) : 0;
    assert_int_equal(opened, 5 * sizeof(bytes));
    in.n = 0;
    for (int i = 0; i < 7; i++) /* 114,688 of 100,000 */
        frame_add(&in, DATA, 0, 1, slice_of(bytes, sizeof(bytes)));
    (void)feed(&w, &in, in.n);
    assert_non_null(strstr(buf_cstr(&w.log), "close 3;"));
    close_world(&w);
    buf_free(&in);
}

static void test_pings(void **state)
{
    struct buf in = BUF_EMPTY;
    struct frame f = {0};
    struct world w;
    struct slice rest;

    (void)state;
    open_world(&w);
    w.out.n = 0;
    h2_session_ping(w.s);
    h2_session_send(w.s);
    for (rest = buf_slice(&w.out); frame_next(&rest, &f) && f.type != PING;)
        ;
    assert_int_equal(f.type, PING);
    frame_add(&in, PING, ACK, 0, f.payload);
    assert_true(feed(&w, &in, in.n));
    expect_log(&w, "pong;");
    close_world(&w);
    buf_free(&in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_trailers_of_requests),
        cmocka_unit_test(test_tunnels),
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_windows),
        cmocka_unit_test(test_pings),
        cmocka_unit_test(test_floods),
        cmocka_unit_test(test_room_for_small_frames),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
