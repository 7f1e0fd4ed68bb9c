/* Two pairs joined: bytes both ways, what was there before, ends passed on, slowness, failures,
 * idling. */
#include "net/tunnel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "loop/loop.h"
#include "net/pair.h"

static struct stream *left, *right; /* the outer ends */
static struct tunnel *tunnel;
static struct tunnel_options options; /* of the next one that is joined */

static void ignore(struct stream *s, int events)
{
    (void)s;
    (void)events;
}

static void turns(unsigned n)
{
    while (n--)
        loop_turn(false);
}

static void join(size_t capacity, const char *before, uint64_t idle)
{
    struct tunnel_side a = {.in = BUF_EMPTY}, b = {.in = BUF_EMPTY};
    struct stream *ends[2];

    clock_update();
    pair_new(ends, capacity);
    left = ends[0];
    a.stream = ends[1];
    pair_new(ends, capacity);
    right = ends[0];
    b.stream = ends[1];
    left->on_ready = right->on_ready = ignore;
    outq_init(&a.out);
    outq_init(&b.out);
    buf_add(&a.in, before, strlen(before));
    outq_add(&a.out, before, strlen(before));
    options.idle = idle;
    tunnel = tunnel_start(&a, &b, &options);
    options = (struct tunnel_options){.idle = 0};
    turns(3);
}

static void say(struct stream *s, const char *text)
{
    struct iovec iov = {(void *)(uintptr_t)text, strlen(text)};

    assert_int_equal(stream_writev(s, &iov, 1), strlen(text));
    turns(6);
}

static const char *hear(struct stream *s)
{
    static char text[100];
    ssize_t n = stream_read(s, text, sizeof(text) - 1);

    text[n > 0 ? n : 0] = 0;
    return n == 0 ? "(end)" : n == STREAM_FAILED ? "(failed)" : text;
}

static void leave(void)
{
    stream_close(&left, false);
    stream_close(&right, false);
    turns(4);
    assert_int_equal(tunnel_count(), 0);
}

static void carries_both_ways(void **state)
{
    (void)state;
    join(1000, "early", 0);
    assert_string_equal(hear(right), "early");
    assert_string_equal(hear(left), "early");
    say(left, "to the right");
    assert_string_equal(hear(right), "to the right");
    say(right, "to the left");
    assert_string_equal(hear(left), "to the left");
    stream_shutdown(left);
    turns(5);
    assert_string_equal(hear(right), "(end)");
    say(right, "still");
    assert_string_equal(hear(left), "still");
    assert_int_equal(tunnel_count(), 1);
    stream_shutdown(right);
    turns(5);
    assert_int_equal(tunnel_count(), 0);
    leave();
}

static void slow_side_stops_the_other(void **state)
{
    static char many[50000];
    struct iovec iov = {many, sizeof(many)};
    size_t sent = 0;
    ssize_t n;

    (void)state;
    join(10000, "", 0);
    for (unsigned i = 0; i < 500; i++) {
        n = stream_writev(left, &iov, 1);
        sent += n > 0 ? (size_t)n : 0;
        turns(2);
    }
    assert_in_range(sent, 20000, 200000);
    for (unsigned i = 0; i < 5000 && sent; i++) {
        char bytes[8192];

        n = stream_read(right, bytes, sizeof(bytes));
        sent -= n > 0 ? (size_t)n : 0;
        turns(2);
    }
    assert_int_equal(sent, 0);
    leave();
}

static void failure_closes_both(void **state)
{
    (void)state;
    join(1000, "", 0);
    stream_close(&left, true);
    turns(5);
    assert_int_equal(tunnel_count(), 0);
    assert_string_equal(hear(right), "(failed)");
    leave();
}

static void idling_closes_both(void **state)
{
    (void)state;
    join(1000, "", 5);
    while (tunnel_count())
        loop_turn(true);
    leave();
}

/* 100 bytes a second from side 0: 30 take 200 ms at least, as 10 may go at once. */
static void a_rate_holds_one_side(void **state)
{
    uint64_t began, got = 0;
    unsigned pieces = 0;

    (void)state;
    options.rate[0] = 100;
    join(1000, "", 60000);
    began = clock_ms();
    say(left, "123456789012345678901234567890");
    say(right, "at once");
    assert_string_equal(hear(left), "at once");
    while (got < 30) {
        size_t n = strlen(hear(right));

        got += n;
        pieces += n > 0;
        if (n == 0)
            loop_turn(true);
    }
    assert_int_equal(got, 30);
    assert_true(pieces > 1);
    assert_true(clock_ms() - began >= 190);
    stream_close(&left, false);
    stream_close(&right, false);
    while (tunnel_count()) /* the end shows when more may be read */
        loop_turn(true);
    leave();
}

static struct {
    struct tunnel_counts counts;
    const struct err *why;
    unsigned calls;
} over;

static void on_over(void *user, const struct tunnel_counts *counts, const struct err *why)
{
    assert_ptr_equal(user, &over);
    over.counts = *counts;
    over.why = why;
    over.calls++;
}

static void join_told(size_t capacity, const char *before, uint64_t idle, bool ends_together)
{
    memset(&over, 0, sizeof(over));
    options = (struct tunnel_options){
        .on_over = on_over, .user = &over, .ends_together = ends_together, .buffer = 4096};
    join(capacity, before, idle);
}

/* Side 0 is what `left` talks to. */
static void tells_what_went_through(void **state)
{
    (void)state;
    join_told(1000, "early", 0, true);
    assert_string_equal(hear(left), "early");
    say(left, "ping");
    say(right, "answer");
    assert_int_equal(tunnel_counts(tunnel).received[0], 4);
    assert_int_equal(over.calls, 0);
    stream_shutdown(left);
    turns(5);
    assert_int_equal(over.calls, 1);
    assert_null(over.why);
    assert_int_equal(over.counts.received[0], 4);
    assert_int_equal(over.counts.received[1], 6);
    assert_int_equal(over.counts.sent[0], 5 + 6);
    assert_int_equal(over.counts.sent[1], 5 + 4);
    assert_true(over.counts.first_ms[1] >= over.counts.first_ms[0]);
    assert_string_equal(hear(right), "earlyping");
    assert_string_equal(hear(right), "(end)");
    leave();
}

static void tells_why(void **state)
{
    (void)state;
    join_told(1000, "", 0, false);
    stream_close(&left, true);
    turns(5);
    assert_int_equal(over.calls, 1);
    assert_non_null(over.why);
    leave();
    join_told(1000, "", 5, false);
    while (tunnel_count())
        loop_turn(true);
    assert_ptr_equal(over.why, &err_timeout);
    leave();
}

static void closes_when_told(void **state)
{
    (void)state;
    join_told(1000, "", 0, false);
    tunnel_close(&tunnel);
    assert_null(tunnel);
    tunnel_close(&tunnel);
    turns(5);
    assert_int_equal(over.calls, 0);
    assert_string_equal(hear(right), "(failed)");
    leave();
}

static int setup(void **state)
{
    (void)state;
    clock_update();
    loop_init(LOOP_BEST);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    loop_deinit();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(carries_both_ways),       cmocka_unit_test(slow_side_stops_the_other),
        cmocka_unit_test(failure_closes_both),     cmocka_unit_test(idling_closes_both),
        cmocka_unit_test(tells_what_went_through), cmocka_unit_test(tells_why),
        cmocka_unit_test(closes_when_told),        cmocka_unit_test(a_rate_holds_one_side),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
