/* Wires over the in-memory pair: input by what ends it, gathered output, deadlines, handing over.
 */
#include "net/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "loop/loop.h"
#include "net/pair.h"

static struct wire w;
static struct stream *peer;
static int told; /* events of on_event so far, added up as a mask */
static unsigned calls;
static bool closes;

static void on_event(struct wire *wire, int events)
{
    assert_ptr_equal(wire, &w);
    told |= events;
    calls++;
    if (closes)
        wire_close(wire, false);
}

static void on_peer(struct stream *s, int events)
{
    UNUSED(s);
    UNUSED(events);
}

static void open_wire(size_t capacity)
{
    struct stream *ends[2];

    pair_new(ends, capacity);
    peer = ends[1];
    peer->on_ready = on_peer;
    wire_init(&w);
    wire_open(&w, ends[0], on_event);
    told = 0;
    calls = 0;
    closes = false;
}

static int set_up(void **state)
{
    UNUSED(state);
    loop_init(LOOP_BEST);
    return 0;
}

static int tear_down(void **state)
{
    UNUSED(state);
    wire_close(&w, false);
    wire_close(&w, false);
    stream_close(&peer, false);
    loop_run();
    loop_deinit();
    return 0;
}

static void put(const char *text)
{
    struct iovec v = {(void *)(uintptr_t)text, strlen(text)};

    assert_int_equal(stream_writev(peer, &v, 1), strlen(text));
}

/* Waits for input as a user does. */
static void await_input(void)
{
    calls = 0;
    wire_wait(&w, IO_READ, 0);
    while (!calls)
        loop_turn(true);
}

static void assert_slice(struct slice got, const char *want)
{
    assert_int_equal(got.n, strlen(want));
    assert_memory_equal(got.p, want, got.n);
}

static void takes_by_what_ends_it(void **state)
{
    struct slice out;

    UNUSED(state);
    open_wire(100);
    put("+OK\r\n$5\r\nhello\r\nrest");
    assert_int_equal(wire_take_line(&w, &out), WIRE_DONE);
    assert_slice(out, "+OK\r");
    assert_int_equal(wire_take_line(&w, &out), WIRE_DONE);
    assert_slice(out, "$5\r");
    assert_int_equal(wire_take(&w, 5, &out), WIRE_DONE);
    assert_slice(out, "hello");
    assert_int_equal(wire_take(&w, 0, &out), WIRE_DONE);
    assert_slice(out, "");
    assert_int_equal(wire_take_some(&w, 3, &out), WIRE_DONE);
    assert_slice(out, "\r\nr");
    assert_int_equal(wire_take(&w, 10, &out), WIRE_WAIT);
    put("1234567");
    await_input();
    assert_int_equal(wire_take(&w, 10, &out), WIRE_DONE);
    assert_slice(out, "est1234567");
    assert_int_equal(w.taken, 27);
}

static void tells_the_end_with_what_came_before(void **state)
{
    struct slice out;

    UNUSED(state);
    open_wire(100);
    put("half a line");
    assert_int_equal(wire_take_line(&w, &out), WIRE_WAIT);
    stream_shutdown(peer);
    await_input();
    assert_int_equal(wire_take_line(&w, &out), WIRE_END);
    assert_slice(out, "half a line");
    assert_int_equal(wire_take_some(&w, 10, &out), WIRE_END);
    assert_slice(out, "");
    assert_int_equal(wire_take_all(&w, &out), WIRE_DONE);
}

static void grows_a_byte_at_a_time(void **state)
{
    static const char text[] = "a longer line that trickles\n";
    struct slice out = SLICE_EMPTY;
    enum wire_result r = WIRE_WAIT;

    UNUSED(state);
    open_wire(1);
    for (size_t i = 0; text[i]; i++) {
        put((char[2]){text[i], '\0'});
        await_input();
        assert_int_equal(r, WIRE_WAIT);
        r = wire_take_line(&w, &out);
    }
    assert_int_equal(r, WIRE_DONE);
    assert_slice(out, "a longer line that trickles");
}

static void has_a_limit(void **state)
{
    struct slice out;

    UNUSED(state);
    open_wire(100);
    w.most = 8;
    put("12345678");
    assert_int_equal(wire_take_line(&w, &out), WIRE_WAIT);
    put("9");
    await_input();
    assert_int_equal(wire_take_line(&w, &out), WIRE_FAILED);
    assert_true(w.is_overfull);
}

/* Two wires share the read buffer: what one has not taken survives the other's reading. */
static void keeps_input_apart(void **state)
{
    struct stream *ends[2];
    struct wire other;
    struct slice out;
    struct iovec v = {(char[]){"other"}, 5};

    UNUSED(state);
    open_wire(100);
    pair_new(ends, 100);
    ends[1]->on_ready = on_peer;
    wire_init(&other);
    wire_open(&other, ends[0], on_event);
    put("mine\nleft");
    assert_int_equal(stream_writev(ends[1], &v, 1), 5);
    assert_int_equal(wire_take_line(&w, &out), WIRE_DONE);
    assert_int_equal(wire_take(&other, 5, &out), WIRE_DONE);
    assert_slice(out, "other");
    assert_int_equal(wire_take(&w, 4, &out), WIRE_DONE);
    assert_slice(out, "left");
    wire_close(&other, false);
    stream_close(&ends[1], false);
}

static size_t read_peer(char *to, size_t n)
{
    size_t all = 0;
    ssize_t got;

    while (all < n && (got = stream_read(peer, to + all, n - all)) > 0)
        all += (size_t)got;
    return all;
}

static void gathers_small_and_large_pieces(void **state)
{
    static char large[5000], got[20000];
    size_t n;

    UNUSED(state);
    open_wire(100000);
    memset(large, 'L', sizeof(large));
    wire_write_begin(&w);
    wire_write_add(&w, "*2\r\n", 4);
    wire_write_add(&w, "$3\r\n", 4);
    wire_write_add(&w, large, sizeof(large));
    wire_write_add(&w, "", 0);
    wire_write_add(&w, "\r\n", 2);
    assert_int_equal(wire_write_end(&w), WIRE_DONE);
    n = read_peer(got, sizeof(got));
    assert_int_equal(n, 10 + sizeof(large));
    assert_memory_equal(got, "*2\r\n$3\r\nLLLL", 12);
    assert_memory_equal(got + n - 4, "LL\r\n", 4);
}

static void queues_what_the_peer_does_not_take(void **state)
{
    static char got[200000];
    size_t n = 0, want = 0;

    UNUSED(state);
    open_wire(10);
    wire_write_begin(&w);
    for (int i = 0; i < 2000; i++) {
        char text[32];
        size_t length = (size_t)snprintf(text, sizeof(text), "piece %d ", i);

        wire_write_add(&w, text, length);
        want += length;
    }
    assert_int_equal(wire_write_end(&w), WIRE_WAIT);
    assert_int_equal(wire_drained(&w, 0), WIRE_WAIT);
    wire_wait(&w, IO_WRITE, 0);
    while (!(told & IO_WRITE)) {
        n += read_peer(got + n, sizeof(got) - n);
        loop_turn(false);
    }
    n += read_peer(got + n, sizeof(got) - n);
    assert_int_equal(n, want);
    assert_memory_equal(got, "piece 0 piece 1 ", 16);
    assert_memory_equal(got + n - 11, "piece 1999 ", 11);
    assert_int_equal(wire_drained(&w, 0), WIRE_DONE);
}

static void deadlines_end_waits(void **state)
{
    struct slice out;

    UNUSED(state);
    open_wire(100);
    put("part");
    assert_int_equal(wire_take(&w, 10, &out), WIRE_WAIT);
    wire_wait(&w, IO_READ, 5);
    while (!calls)
        loop_turn(true);
    assert_true(wire_has_expired(&w, IO_READ));
    assert_false(wire_has_expired(&w, IO_READ));
    assert_slice(wire_input(&w), "part");
    assert_int_equal(calls, 1);
}

static void may_be_closed_by_its_user(void **state)
{
    UNUSED(state);
    open_wire(100);
    closes = true;
    wire_wait(&w, IO_READ, 1);
    while (!calls)
        loop_turn(true);
    assert_null(w.stream);
}

static void unwanted_input_stops_the_watch(void **state)
{
    struct slice out;

    UNUSED(state);
    open_wire(100);
    put("x");
    await_input();
    put("y");
    for (int i = 0; i < 5; i++)
        loop_turn(false);
    assert_int_equal(calls, 1);
    assert_int_equal(w.watched & IO_READ, 0);
    assert_int_equal(wire_take(&w, 2, &out), WIRE_DONE);
}

static unsigned ends;

static void on_end(struct wire_end *e)
{
    UNUSED(e);
    ends++;
}

static void turns(unsigned n)
{
    while (n--)
        loop_turn(false);
}

/* Unread input hides the end; taking it shows it; it is told once. */
static void tells_who_minds_the_end(void **state)
{
    struct wire_end e = {on_end};
    struct slice got;

    UNUSED(state);
    open_wire(1024);
    ends = 0;
    wire_mind_end(&w, &e);
    put("abc");
    stream_shutdown(peer);
    turns(4);
    assert_int_equal(ends, 0);
    assert_int_equal(wire_take(&w, 2, &got), WIRE_DONE);
    turns(4);
    assert_int_equal(ends, 0);
    assert_int_equal(wire_take(&w, 1, &got), WIRE_DONE);
    turns(4);
    assert_int_equal(ends, 1);
    turns(4);
    assert_int_equal(ends, 1);
    assert_int_equal(calls, 0);
}

/* Who waits for input is told of its end by that; then the other one. */
static void tells_the_reader_first(void **state)
{
    struct wire_end e = {on_end};
    struct slice got;

    UNUSED(state);
    open_wire(1024);
    ends = 0;
    wire_mind_end(&w, &e);
    assert_int_equal(wire_take(&w, 1, &got), WIRE_WAIT);
    wire_wait(&w, IO_READ, 0);
    stream_shutdown(peer);
    while (!calls)
        loop_turn(true);
    assert_int_equal(wire_take(&w, 1, &got), WIRE_END);
    turns(4);
    assert_int_equal(calls, 1);
    assert_int_equal(ends, 1);
}

static void hands_over(void **state)
{
    struct buf in = BUF_EMPTY;
    struct outq out;
    struct stream *s;
    struct slice got;

    UNUSED(state);
    open_wire(4);
    outq_init(&out);
    put("ab\nc");
    assert_int_equal(wire_take_line(&w, &got), WIRE_DONE);
    wire_write_begin(&w);
    wire_write_add(&w, "123456", 6);
    assert_int_equal(wire_write_end(&w), WIRE_WAIT);
    s = wire_release(&w, &in, &out);
    assert_null(w.stream);
    assert_slice(buf_slice(&in), "c");
    assert_int_equal(out.bytes, 2);
    wire_open(&w, s, on_event);
    wire_resume(&w, buf_slice(&in), &out);
    assert_true(outq_is_empty(&out));
    assert_int_equal(w.out.bytes, 2);
    assert_int_equal(wire_take(&w, 1, &got), WIRE_DONE);
    assert_slice(got, "c");
    buf_free(&in);
    outq_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(takes_by_what_ends_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tells_the_end_with_what_came_before, set_up, tear_down),
        cmocka_unit_test_setup_teardown(grows_a_byte_at_a_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(has_a_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_input_apart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(gathers_small_and_large_pieces, set_up, tear_down),
        cmocka_unit_test_setup_teardown(queues_what_the_peer_does_not_take, set_up, tear_down),
        cmocka_unit_test_setup_teardown(deadlines_end_waits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(may_be_closed_by_its_user, set_up, tear_down),
        cmocka_unit_test_setup_teardown(unwanted_input_stops_the_watch, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tells_who_minds_the_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tells_the_reader_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(hands_over, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
