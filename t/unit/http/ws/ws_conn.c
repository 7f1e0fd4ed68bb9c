/* WebSocket connections over streams in memory: a server against a client, and either against bytes
 * written by hand. */
#include "http/ws/ws_conn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "http/ws/ws_buffer.h"
#include "loop/io.h"
#include "net/pair.h"

/* One side: what it saw, as text. */
struct side {
    struct ws_conn *c;
    struct buf seen;
    bool is_eager; /* takes messages as they come */
    unsigned n_drained;
};

static struct side a, b; /* a: server, b: client */
static struct stream *raw;
static struct buf raw_got;

static void take_all(struct side *s)
{
    struct ws_taken_message m;

    for (;;) {
        switch (ws_conn_take(s->c, &m)) {
        case WS_TAKEN_MESSAGE:
            buf_printf(&s->seen, "%s%zu:", m.is_binary ? "B" : "T", m.data.n);
            buf_add(&s->seen, m.data.p, MIN(m.data.n, (size_t)8));
            buf_add_char(&s->seen, ';');
            break;
        case WS_TAKEN_WAIT:
            return;
        case WS_TAKEN_END:
            buf_add_lit(&s->seen, "end;");
            return;
        }
    }
}

static void on_message(struct ws_conn *c)
{
    struct side *s = c->user;

    if (s->is_eager)
        take_all(s);
}

static void on_pong(struct ws_conn *c, struct slice payload)
{
    struct side *s = c->user;

    buf_printf(&s->seen, "pong:" SLICE_FMT ";", SLICE_ARG(payload));
}

static void on_drained(struct ws_conn *c)
{
    ((struct side *)c->user)->n_drained++;
}

static void on_closed(struct ws_conn *c)
{
    struct side *s = c->user;

    buf_printf(&s->seen, "closed:%u:%s:%s;", c->code, c->reason ? buf_cstr(c->reason) : "",
               c->err ? c->err->code : "");
}

static const struct ws_conn_user callbacks = {on_message, on_pong, on_drained, on_closed};

static void open_side(struct side *s, struct stream *end, const struct ws_options *o)
{
    s->c = ws_conn_open(end, NULL, NULL, o);
    s->c->callbacks = &callbacks;
    s->c->user = s;
    s->is_eager = true;
    if (ws_conn_take(s->c, &(struct ws_taken_message){0}) != WS_TAKEN_WAIT)
        fail_msg("a fresh connection has a message");
}

/* Takes once: true when that was a message with this text. */
static bool took(struct side *s, const char *text)
{
    struct ws_taken_message m;

    return ws_conn_take(s->c, &m) == WS_TAKEN_MESSAGE && slice_eq(m.data, slice_str(text));
}

static struct ws_options options_of(bool is_client)
{
    struct ws_options o = ws_options_default;

    o.is_client = is_client;
    o.close_timeout = 50;
    return o;
}

static void open_both(const struct ws_options *server, const struct ws_options *client,
                      size_t capacity)
{
    struct stream *ends[2];

    loop_init(LOOP_BEST);
    pair_new(ends, capacity);
    open_side(&a, ends[0], server);
    open_side(&b, ends[1], client);
}

static void on_raw(struct stream *s, int events)
{
    char bytes[1000];
    ssize_t n = stream_read(s, bytes, sizeof bytes);

    (void)events;
    if (n > 0)
        buf_add(&raw_got, bytes, (size_t)n);
    else if (n == 0) {
        buf_add_lit(&raw_got, "EOF");
        stream_watch(s, 0);
    }
}

/* A server whose peer is this test itself. */
static void open_raw(const struct ws_options *server)
{
    struct stream *ends[2];

    loop_init(LOOP_BEST);
    pair_new(ends, 1 << 20);
    open_side(&a, ends[0], server);
    raw = ends[1];
    raw->on_ready = on_raw;
    stream_watch(raw, IO_READ);
}

static void turns(unsigned n)
{
    while (n-- > 0)
        loop_turn(false);
}

static void raw_send(const char *bytes, size_t n)
{
    struct iovec iov = {(void *)(uintptr_t)bytes, n};

    assert_int_equal(stream_writev(raw, &iov, 1), n);
    turns(6);
}

#define RAW(literal) raw_send(literal, sizeof(literal) - 1)

static void close_all(void)
{
    if (a.c)
        ws_conn_release(&a.c);
    if (b.c)
        ws_conn_release(&b.c);
    if (raw)
        stream_close(&raw, false);
    loop_run();
    loop_turn(false);
    buf_free(&a.seen);
    buf_free(&b.seen);
    buf_free(&raw_got);
    a = b = (struct side){0};
    loop_deinit();
}

#define SAW(side, text) assert_string_equal(buf_cstr(&(side).seen), text)

static void talks(void **state)
{
    struct ws_options server = options_of(false), client = options_of(true);

    (void)state;
    open_both(&server, &client, 1 << 20);
    assert_true(ws_conn_send(b.c, WS_TEXT, SLICE("hello")));
    assert_true(ws_conn_send(b.c, WS_BINARY, SLICE("")));
    assert_true(ws_conn_send(a.c, WS_TEXT, SLICE("welcome")));
    ws_conn_send_control(a.c, WS_PING, SLICE("p1"));
    turns(6);
    SAW(a, "T5:hello;B0:;pong:p1;");
    SAW(b, "T7:welcome;");
    ws_conn_close(b.c, 1000, SLICE("bye"));
    turns(8);
    SAW(a, "T5:hello;B0:;pong:p1;closed:1000:bye:;");
    SAW(b, "T7:welcome;closed:1000::;");
    assert_int_equal(a.c->state, WS_DEAD);
    assert_int_equal(b.c->state, WS_DEAD);
    take_all(&a);
    SAW(a, "T5:hello;B0:;pong:p1;closed:1000:bye:;end;");
    assert_false(ws_conn_send(a.c, WS_TEXT, SLICE("late")));
    close_all();
}

static void sends_pieces(void **state)
{
    struct ws_options server = options_of(false), client = options_of(true);

    (void)state;
    open_both(&server, &client, 1 << 20);
    assert_true(ws_conn_send_piece(b.c, WS_TEXT, false, SLICE("hel")));
    ws_conn_send_control(b.c, WS_PING, SLICE("p1"));
    assert_true(ws_conn_send_piece(b.c, WS_CONTINUATION, true, SLICE("lo")));
    assert_true(ws_conn_send_piece(a.c, WS_BINARY, true, SLICE("whole")));
    turns(6);
    SAW(a, "T5:hello;");
    SAW(b, "B5:whole;pong:p1;");
    ws_conn_close(a.c, 1000, SLICE_EMPTY);
    assert_false(ws_conn_send_piece(a.c, WS_TEXT, true, SLICE("late")));
    close_all();
}

/* Sizes around each form of the length, through a narrow pair, both ways, with and without
 * compression. */
static void carries_any_size(void **state)
{
    static const size_t sizes[] = {0, 1, 125, 126, 16383, 16384, 65535, 65536, 300000};

    (void)state;
    for (unsigned k = 0; k < 4; k++) {
        struct ws_options server = options_of(false), client = options_of(true);
        struct ws_deflate_params p = {15, 15, k == 2, k == 2, 6, 8};
        struct buf want = BUF_EMPTY;
        char *big = malloc(300000);

        memset(big, 'x', 300000);
        server.max_frame = client.max_frame = 1 << 20;
        server.has_deflate = client.has_deflate = k >= 2;
        server.deflate = client.deflate = p;
        open_both(&server, &client, k % 2 ? 1000 : 1 << 20);
        for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
            (void)ws_conn_send(a.c, WS_BINARY, slice_of(big, sizes[i]));
            (void)ws_conn_send(b.c, WS_BINARY, slice_of(big, sizes[i]));
            buf_printf(&want, "B%zu:%.*s;", sizes[i], (int)MIN(sizes[i], (size_t)8), big);
        }
        turns(5000);
        SAW(a, buf_cstr(&want));
        SAW(b, buf_cstr(&want));
        buf_free(&want);
        free(big);
        close_all();
    }
}

/* While nobody takes, one message is read ahead, pings before it are answered, and the peer is
 * slowed down. */
static void waits_for_its_reader(void **state)
{
    struct ws_options server = options_of(false);

    (void)state;
    open_raw(&server);
    a.is_eager = false;
    RAW("\x89\x81\0\0\0\0"
        "p\x81\x81\0\0\0\0"
        "1\x81\x81\0\0\0\0"
        "2\x89\x81\0\0\0\0"
        "q");
    assert_string_equal(buf_cstr(&raw_got), "\x8a\x01p");
    RAW("\x81\x81\0\0\0\0"
        "3");
    SAW(a, "");
    assert_true(took(&a, "1"));
    assert_true(took(&a, "2"));
    turns(6);
    assert_string_equal(buf_cstr(&raw_got), "\x8a\x01p\x8a\x01q");
    a.is_eager = true;
    take_all(&a);
    turns(6);
    SAW(a, "T1:3;");
    close_all();
}

/* A close that lies behind a message is told when the message has been taken. */
static void keeps_order(void **state)
{
    struct ws_options server = options_of(false);

    (void)state;
    open_raw(&server);
    a.is_eager = false;
    RAW("\x81\x81\0\0\0\0"
        "1\x88\x82\0\0\0\0\x03\xe8");
    SAW(a, "");
    take_all(&a);
    turns(6);
    SAW(a, "T1:1;closed:1000::;end;");
    assert_string_equal(buf_cstr(&raw_got), "\x88\x02\x03\xe8"
                                            "EOF");
    close_all();
}

static void refuses_bad_input(void **state)
{
    static const struct {
        struct slice in;
        const char *seen;
        const char *answer; /* the first four bytes */
    } rows[] = {
        {SLICE("\x81\x01"
               "a"),
         "closed:1006::protocol;", "\x03\xea"},
        {SLICE("\x81\x82\0\0\0\0"
               "a\xff"),
         "closed:1006::protocol;", "\x03\xef"},
        {SLICE("\x81\xff\0\0\0\0\x7f\0\0\0\0\0\0\0"), "closed:1006::too_large;", "\x03\xf1"},
        {SLICE("\x88\x81\0\0\0\0"
               "x"),
         "closed:1006::protocol;", "\x03\xea"},
        {SLICE("\x88\x82\0\0\0\0\x03\xee"), "closed:1006::protocol;", "\x03\xea"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct ws_options server = options_of(false);

        open_raw(&server);
        raw_send(rows[i].in.p, rows[i].in.n);
        SAW(a, rows[i].seen);
        assert_memory_equal(raw_got.p + 2, rows[i].answer, 2);
        assert_true(slice_has_suffix(buf_slice(&raw_got), SLICE("EOF")));
        close_all();
    }
}

static void sees_a_peer_that_leaves(void **state)
{
    struct ws_options server = options_of(false);

    (void)state;
    open_raw(&server);
    stream_close(&raw, false);
    turns(6);
    SAW(a, "closed:1006::closed;");
    assert_int_equal(a.c->state, WS_DEAD);
    close_all();
}

/* A peer that never answers a close is left after close_timeout. */
static void does_not_wait_for_ever(void **state)
{
    struct ws_options server = options_of(false);

    (void)state;
    open_raw(&server);
    ws_conn_close(a.c, 1001, SLICE_EMPTY);
    while (a.c->state != WS_DEAD)
        loop_turn(true);
    SAW(a, "closed:1006::timeout;");
    close_all();
}

static void asks_a_silent_peer(void **state)
{
    struct ws_options server = options_of(false);

    (void)state;
    server.heartbeat_idle = 10;
    server.heartbeat_timeout = 10;
    open_raw(&server);
    while (a.c->state != WS_DEAD)
        loop_turn(true);
    SAW(a, "closed:1006::timeout;");
    assert_memory_equal(raw_got.p, "\x89\x09heartbeat", 11);
    close_all();
}

static void pauses_its_producer(void **state)
{
    struct ws_options server = options_of(false), client = options_of(true);
    char kilobyte[1000] = {0};
    unsigned n = 0;

    (void)state;
    open_both(&server, &client, 1 << 16);
    b.is_eager = false;
    ws_conn_release(&b.c); /* nobody reads at all */
    pair_set_capacity(a.c->stream, 0);
    while (ws_conn_send(a.c, WS_BINARY, slice_of(kilobyte, sizeof kilobyte)))
        n++;
    assert_in_range(n, 60, 70);
    assert_true(ws_conn_is_congested(a.c));
    pair_set_capacity(a.c->stream, 1 << 16);
    turns(20);
    assert_int_equal(a.n_drained, 1);
    close_all();
}

/* Giving up an open connection says "going away" and frees it by itself. */
static void is_released(void **state)
{
    struct ws_options server = options_of(false);

    (void)state;
    open_raw(&server);
    (void)ws_conn_send(a.c, WS_TEXT, SLICE("last words"));
    ws_conn_release(&a.c);
    assert_null(a.c);
    turns(4);
    assert_memory_equal(raw_got.p, "\x81\x0alast words\x88\x02\x03\xe9", 16);
    RAW("\x88\x80\0\0\0\0");
    assert_true(slice_has_suffix(buf_slice(&raw_got), SLICE("EOF")));
    close_all();
}

static void aborts(void **state)
{
    struct ws_options server = options_of(false), client = options_of(true);

    (void)state;
    open_both(&server, &client, 1000);
    ws_conn_abort(a.c, &err_cancelled);
    SAW(a, "");
    turns(6);
    assert_true(slice_has_prefix(buf_slice(&b.seen), SLICE("closed:1006:")));
    close_all();
}

/* A large message given on piece by piece is never gathered. */
static void gives_pieces(void **state)
{
    struct ws_options server = options_of(false), client = options_of(true);
    char *big = malloc(200000);

    (void)state;
    memset(big, 'y', 200000);
    server.is_by_piece = true;
    server.max_frame = 1 << 20;
    open_both(&server, &client, 1000);
    (void)ws_conn_send(b.c, WS_BINARY, slice_of(big, 200000));
    turns(100);
    assert_null(a.c->in->m.gathered.p);
    turns(3000);
    assert_true(slice_has_prefix(buf_slice(&a.seen), SLICE("B986:yyyyyyyy;B1000:")));
    assert_null(a.c->in); /* and between two messages there is nothing */
    free(big);
    close_all();
}

static void echo(struct ws_conn *c)
{
    struct ws_taken_message m;

    while (ws_conn_take(c, &m) == WS_TAKEN_MESSAGE)
        (void)ws_conn_send(c, WS_TEXT, m.data);
}

static unsigned n_ends, n_unsent;

static void at_end(struct loop_call *call)
{
    (void)call;
    n_ends++;
    if (!outq_is_empty(&a.c->out))
        n_unsent++;
}

/* Before the calls of the turn's end, where another connection's would stand. */
static void answers_what_it_has_read(void **state)
{
    static const struct ws_conn_user echoing = {echo, on_pong, on_drained, on_closed};
    struct ws_options server = options_of(false);
    struct loop_call call;

    (void)state;
    n_ends = n_unsent = 0;
    loop_call_init(&call, at_end);
    open_raw(&server);
    a.c->callbacks = &echoing;
    turns(2);
    for (unsigned i = 0; i < 3; i++) {
        static const char bytes[] = "\x81\x81\0\0\0\0a\x81\x81\0\0\0\0b";
        struct iovec iov = {(void *)(uintptr_t)bytes, sizeof bytes - 1};

        assert_int_equal(stream_writev(raw, &iov, 1), sizeof bytes - 1);
        loop_at_end(&call);
        turns(1);
        loop_at_end(&call);
        turns(1);
    }
    assert_int_equal(n_ends, 6);
    assert_int_equal(n_unsent, 0);
    assert_string_equal(buf_cstr(&raw_got), "\x81\1a\x81\1b\x81\1a\x81\1b\x81\1a\x81\1b");
    close_all();
}

static unsigned n_emptied;

static void on_empty(struct ws_set *set)
{
    assert_int_equal(set->n, 0);
    n_emptied++;
}

/* A set's connections are closed together, others not; it hears when the last has gone, unless it
 * was dissolved. */
static void ends_with_its_set(void **state)
{
    struct ws_options server = options_of(false), client = options_of(true);
    struct ws_set set = {.on_empty = on_empty}, other = {.on_empty = on_empty};

    (void)state;
    n_emptied = 0;
    open_both(&server, &client, 1 << 16);
    ws_conn_join(a.c, &set);
    ws_conn_drain(&other);
    turns(4);
    assert_int_equal(a.c->state, WS_OPEN);
    ws_conn_drain(&set);
    turns(8);
    SAW(b, "closed:1001::;");
    close_all();
    assert_int_equal(n_emptied, 1);

    open_both(&server, &client, 1 << 16);
    ws_conn_join(a.c, &set);
    ws_conn_dissolve(&set);
    assert_int_equal(set.n, 0);
    turns(8);
    SAW(b, "closed:1001::;");
    close_all();
    assert_int_equal(n_emptied, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(talks),
        cmocka_unit_test(sends_pieces),
        cmocka_unit_test(carries_any_size),
        cmocka_unit_test(waits_for_its_reader),
        cmocka_unit_test(keeps_order),
        cmocka_unit_test(refuses_bad_input),
        cmocka_unit_test(sees_a_peer_that_leaves),
        cmocka_unit_test(does_not_wait_for_ever),
        cmocka_unit_test(asks_a_silent_peer),
        cmocka_unit_test(pauses_its_producer),
        cmocka_unit_test(is_released),
        cmocka_unit_test(aborts),
        cmocka_unit_test(gives_pieces),
        cmocka_unit_test(answers_what_it_has_read),
        cmocka_unit_test(ends_with_its_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
