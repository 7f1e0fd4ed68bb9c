/* Output that waits for the end of the turn: what is told, in which order, and who is not told. */
#include "net/flush.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loop/batch.h"
#include "loop/loop.h"
#include "net/pair.h"
#include "net/tcp.h"

enum { MANY = 2 * BATCH_MOST + 3 };

static struct writer {
    struct outq q;
    struct stream *s;
    int peer;
    ssize_t sent; /* as told */
    size_t left;  /* in the queue, when told */
    unsigned calls;
    int forgets; /* another one, when told; -1: none */
    bool goes_on;
} writers[MANY];

static void on_flushed(struct outq *q, ssize_t sent)
{
    struct writer *w = CONTAINER_OF(q, struct writer, q);

    w->sent = sent;
    w->calls++;
    w->left = q->bytes;
    if (w->forgets >= 0)
        flush_forget(&writers[w->forgets].q);
    if (!w->goes_on)
        return;
    w->goes_on = false;
    outq_add(q, "more", 4);
    assert_true(flush_late(q, w->s, on_flushed));
}

static int set_up(void **state)
{
    UNUSED(state);
    loop_init(LOOP_BEST);
    batch_allow(true);
    for (unsigned i = 0; i < MANY; i++) {
        struct writer *w = &writers[i];
        int fds[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
        *w = (struct writer){.s = tcp_adopt(fds[0]), .peer = fds[1], .forgets = -1};
        outq_init(&w->q);
    }
    return 0;
}

static int tear_down(void **state)
{
    UNUSED(state);
    for (unsigned i = 0; i < MANY; i++) {
        outq_clear(&writers[i].q);
        stream_close(&writers[i].s, false);
        close(writers[i].peer);
    }
    loop_run();
    loop_deinit();
    return 0;
}

/* Where one call cannot serve several, all that there is to see: nothing waits. */
static bool sends_at_once(void)
{
    if (batch_is_joint())
        return false;
    assert_false(flush_late(&writers[0].q, writers[0].s, on_flushed));
    return true;
}

static void put(unsigned i, const char *text)
{
    outq_add(&writers[i].q, text, strlen(text));
    assert_true(flush_late(&writers[i].q, writers[i].s, on_flushed));
}

static void assert_got(unsigned i, const char *want)
{
    char got[64] = "";

    (void)!read(writers[i].peer, got, sizeof(got) - 1);
    assert_string_equal(got, want);
}

static void test_together(void **state)
{
    UNUSED(state);
    if (sends_at_once())
        return;
    for (unsigned i = 0; i < MANY; i++)
        put(i, "hello");
    outq_add(&writers[0].q, " there", 6); /* goes as well */
    assert_got(1, "");
    loop_turn(true); /* does not wait */
    for (unsigned i = 0; i < MANY; i++) {
        assert_int_equal(writers[i].calls, 1);
        assert_int_equal(writers[i].left, 0);
        assert_true(outq_is_empty(&writers[i].q));
        assert_got(i, i ? "hello" : "hello there");
    }
    loop_turn(false);
    assert_int_equal(writers[0].calls, 1);
}

static void test_alone(void **state)
{
    UNUSED(state);
    if (sends_at_once())
        return;
    put(0, "hello");
    loop_turn(false);
    assert_int_equal(writers[0].calls, 1);
    assert_int_equal(writers[0].sent, 0);
    assert_int_equal(writers[0].q.bytes, 5);
}

/* A file is left to its owner, and what stands behind it; what stands before it is not. */
static void test_files(void **state)
{
    int fd;

    UNUSED(state);
    if (sends_at_once())
        return;
    fd = open("/dev/zero", O_RDONLY);
    outq_add_file(&writers[0].q, fd, 0, 100, true);
    put(0, "behind a file");
    put(1, "one");
    put(2, "two");
    outq_add_file(&writers[2].q, dup(fd), 0, 100, true);
    assert_true(flush_late(&writers[3].q, writers[3].s, on_flushed));
    loop_turn(false);
    assert_int_equal(writers[0].sent, 0);
    assert_int_equal(writers[1].sent, 3);
    assert_int_equal(writers[2].sent, 3);
    assert_int_equal(writers[2].q.bytes, 100);
    assert_int_equal(writers[3].sent, 0);
}

static void test_forget(void **state)
{
    UNUSED(state);
    if (sends_at_once())
        return;
    for (unsigned i = 0; i < 4; i++)
        put(i, "hello");
    flush_forget(&writers[0].q);
    flush_forget(&writers[0].q);
    writers[1].forgets = 3; /* sent, but nobody is told */
    writers[2].goes_on = true;
    loop_turn(false);
    assert_int_equal(writers[0].calls, 0);
    assert_got(0, "");
    assert_int_equal(writers[1].calls, 1);
    assert_int_equal(writers[2].calls, 1);
    assert_int_equal(writers[3].calls, 0);
    loop_turn(true);
    assert_int_equal(writers[2].calls, 2);
    assert_int_equal(writers[2].q.bytes, 4); /* alone: it is to send itself */
}

static void test_failure(void **state)
{
    static char much[16000];
    unsigned queued = 0;

    UNUSED(state);
    if (sends_at_once())
        return;
    close(writers[0].peer);
    put(0, "nobody");
    put(1, "hello");
    loop_turn(false);
    assert_int_equal(writers[0].sent, STREAM_FAILED);
    assert_non_null(writers[0].s->err);
    assert_int_equal(writers[1].sent, 5);
    writers[0].peer = dup(writers[1].peer);
    while (writers[2].sent != STREAM_AGAIN && queued++ < 1000) {
        outq_clear(&writers[2].q);
        outq_add(&writers[2].q, much, sizeof(much));
        assert_true(flush_late(&writers[2].q, writers[2].s, on_flushed));
        put(3, "x");
        loop_turn(false);
    }
    assert_int_equal(writers[2].sent, STREAM_AGAIN);
    assert_null(writers[2].s->err);
}

static void test_other_streams(void **state)
{
    struct stream *ends[2];

    UNUSED(state);
    pair_new(ends, 100);
    assert_false(flush_late(&writers[0].q, ends[0], on_flushed));
    stream_close(&ends[0], false);
    stream_close(&ends[1], false);
    batch_allow(false);
    assert_false(flush_late(&writers[0].q, writers[0].s, on_flushed));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_together, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_forget, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_failure, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_other_streams, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
