/* Sessions of servers share a buffer: none sees what another has written, and one costs little. */
#include "proto/h2_session.h"

#include <malloc.h>

#include "h2_world.h"

enum { SESSIONS = 50, SESSION_MOST = 12000, LONG = 40000 };

static const struct h2_options options = {
    .max_streams = 10,
    .stream_window = 65536,
    .connection_window = 1 << 20,
    .header_list = 4096,
    .flood = {5, 5, 5, 5, 5, 5, 3, 5},
};

static void *on_head(void *user, int32_t id)
{
    ((struct world *)user)->id = id;
    return user;
}

static bool on_field(void *user, void *stream, struct slice name, struct slice value)
{
    (void)user;
    (void)stream;
    (void)name;
    (void)value;
    return true;
}

static void on_head_end(void *user, void *stream, bool is_trailers, bool is_too_large, size_t wire)
{
    (void)user;
    (void)stream;
    (void)is_trailers;
    (void)is_too_large;
    (void)wire;
}

static void on_close(void *user, void *stream, uint32_t code, bool is_by_peer)
{
    (void)user;
    (void)stream;
    (void)code;
    (void)is_by_peer;
}

static enum h2_pull on_pull(void *user, void *stream, size_t most, size_t *n)
{
    struct world *w = user;

    (void)stream;
    if (w->is_full)
        return H2_PULL_FULL;
    *n = MIN(w->body.n, most);
    return *n < w->body.n ? H2_PULL_SOME : H2_PULL_LAST;
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
    .on_pull = on_pull,
    .on_output = on_output,
    .on_output_data = on_output_data,
};

static void open_world(struct world *w)
{
    struct buf in = BUF_EMPTY;

    *w = (struct world){.log = BUF_EMPTY};
    w->s = h2_session_new(&options, &events, w, 1000);
    preface_add(&in);
    request_add(&in, 1, "GET", "/", END_STREAM, NULL, NULL);
    assert_true(feed(w, &in, in.n));
    buf_free(&in);
}

/* A head of several frames, whose letters tell whose it is, and a body. */
static void respond(struct world *w, char letter)
{
    static char value[LONG];
    struct header field = {{"x-long", 6}, {value, LONG}, HEADER_OTHER, false};
    const struct header_list l = {&field, 1, 1};

    memset(value, letter, sizeof(value));
    w->body.n = 0;
    buf_add(&w->body, value, LONG);
    h2_session_respond(w->s, w->id, 200, &l, true);
}

static void tells_apart(void **state)
{
    struct world alone, a, b, other;

    (void)state;
    open_world(&alone);
    respond(&alone, 'a');
    h2_session_send(alone.s);
    assert_true(alone.out.n > LONG);

    open_world(&other);
    open_world(&a);
    open_world(&b);
    a.is_full = true;
    respond(&a, 'a');
    respond(&b, 'b');
    close_world(&other);
    h2_session_ping(b.s);
    h2_session_send(b.s);
    a.is_full = false;
    h2_session_send(a.s);
    assert_true(slice_eq(buf_slice(&a.out), buf_slice(&alone.out)));
    assert_true(b.out.n > LONG);
    assert_false(slice_eq(buf_slice(&b.out), buf_slice(&a.out)));
    close_world(&a);
    close_world(&b);
    close_world(&alone);
}

static void costs_little(void **state)
{
    struct world w[SESSIONS];
    size_t before = mallinfo2().uordblks;

    (void)state;
    for (unsigned i = 0; i < SESSIONS; i++) {
        open_world(&w[i]);
        w[i].body.n = 0;
        h2_session_respond(w[i].s, w[i].id, 200, NULL, false);
        buf_free(&w[i].out);
        buf_free(&w[i].log);
    }
    assert_true(mallinfo2().uordblks - before < SESSIONS * SESSION_MOST);
    for (unsigned i = 0; i < SESSIONS; i++)
        close_world(&w[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_apart),
        cmocka_unit_test(costs_little),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
