/* Streams over loopback sockets: both directions, half-close, reset, full buffers, files, options.
 */
#include "net/tcp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "loop/batch.h"
#include "loop/io.h"
#include "loop/loop.h"

static struct stream *ends[2];
static int events_of[2];

static void on_ready(struct stream *s, int events)
{
    events_of[s == ends[0] ? 0 : 1] |= events;
}

static void connect_ends(int fds[2])
{
    int l = socket(AF_INET, SOCK_STREAM, 0);
    struct addr a;

    assert_null(addr_parse(SLICE("127.0.0.1:0"), 0, &a));
    assert_int_equal(bind(l, &a.sa, a.len), 0);
    assert_int_equal(listen(l, 1), 0);
    assert_null(addr_of_fd(l, false, &a));
    fds[0] = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fds[0], &a.sa, a.len), 0);
    fds[1] = accept(l, NULL, NULL);
    assert_true(fds[1] >= 0);
    close(l);
    for (int i = 0; i < 2; i++)
        fcntl(fds[i], F_SETFL, O_NONBLOCK);
}

static int set_up(void **state)
{
    int fds[2];

    UNUSED(state);
    loop_init(LOOP_BEST);
    connect_ends(fds);
    for (int i = 0; i < 2; i++) {
        ends[i] = tcp_adopt(fds[i]);
        ends[i]->on_ready = on_ready;
        events_of[i] = 0;
        assert_int_equal(stream_fd(ends[i]), fds[i]);
        assert_null(ends[i]->err);
        assert_null(ends[i]->user);
    }
    return 0;
}

static int tear_down(void **state)
{
    UNUSED(state);
    stream_close(&ends[0], false);
    stream_close(&ends[1], false);
    loop_run();
    loop_deinit();
    return 0;
}

/* Waits until `events` have been seen at this end. */
static void await(int i, int events)
{
    events_of[i] = 0;
    stream_watch(ends[i], events);
    while ((events_of[i] & events) != events)
        loop_turn(true);
    stream_watch(ends[i], 0);
}

static ssize_t put(int i, const char *text)
{
    struct iovec v = {(void *)(uintptr_t)text, strlen(text)};

    return stream_writev(ends[i], &v, 1);
}

static void assert_reads(int i, const char *want)
{
    char got[64] = "";
    size_t n = 0;

    while (n < strlen(want)) {
        ssize_t r;

        await(i, IO_READ);
        r = stream_read(ends[i], got + n, sizeof(got) - 1 - n);
        assert_true(r > 0);
        n += (size_t)r;
    }
    assert_string_equal(got, want);
}

static void test_both_ways(void **state)
{
    struct iovec v[3] = {{"one ", 4}, {"", 0}, {"two", 3}};
    char c;

    UNUSED(state);
    assert_int_equal(stream_read(ends[0], &c, 1), STREAM_AGAIN);
    assert_int_equal(put(0, "hello"), 5);
    assert_reads(1, "hello");
    assert_int_equal(stream_writev(ends[1], v, 3), 7);
    assert_reads(0, "one two");
    assert_int_equal(stream_writev_more(ends[1], v, 1), 4);
    assert_int_equal(stream_writev(ends[1], v + 2, 1), 3);
    assert_reads(0, "one two");
    stream_watch(ends[0], IO_READ | IO_WRITE);
    events_of[0] = 0;
    loop_turn(false);
    assert_int_equal(events_of[0], IO_WRITE);
    assert_null(ends[0]->err);
}

static void test_half_close(void **state)
{
    char c;

    UNUSED(state);
    put(0, "last");
    stream_shutdown(ends[0]);
    assert_reads(1, "last");
    await(1, IO_READ);
    assert_int_equal(stream_read(ends[1], &c, 1), 0);
    assert_int_equal(put(1, "answer"), 6);
    assert_reads(0, "answer");
    assert_int_equal(put(0, "x"), STREAM_FAILED); /* and no signal */
    assert_ptr_equal(ends[0]->err, &err_closed);
    assert_int_equal(stream_read(ends[0], &c, 1), STREAM_FAILED); /* sticky */
}

/* The peer's end is seen behind bytes that nobody has read. */
static void test_ask_peer(void **state)
{
    int pair[2];
    size_t unread = 9;

    UNUSED(state);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_int_equal(tcp_ask_peer(pair[0], &unread), TCP_PEER_OPEN);
    assert_int_equal(unread, 9);
    assert_int_equal(write(pair[1], "abc", 3), 3);
    assert_int_equal(tcp_ask_peer(pair[0], &unread), TCP_PEER_OPEN);
    assert_int_equal(shutdown(pair[1], SHUT_WR), 0);
    assert_int_equal(tcp_ask_peer(pair[0], &unread), TCP_PEER_ENDED);
    assert_int_equal(unread, 3);
    assert_int_equal(close(pair[1]), 0);
    assert_int_equal(tcp_ask_peer(pair[0], &unread), TCP_PEER_GONE);
    assert_int_equal(close(pair[0]), 0);
}

static void test_reset(void **state)
{
    char c;

    UNUSED(state);
    stream_close(&ends[0], true);
    assert_null(ends[0]);
    await(1, IO_READ | IO_WRITE);
    assert_int_equal(stream_read(ends[1], &c, 1), STREAM_FAILED);
    assert_ptr_equal(ends[1]->err, &err_reset);
    assert_int_equal(put(1, "x"), STREAM_FAILED);
    assert_int_equal(stream_sendfile(ends[1], 0, 0, 1), STREAM_FAILED);
    assert_ptr_equal(ends[1]->err, &err_reset);
}

static void test_closed_peer(void **state)
{
    ssize_t n = 0;

    UNUSED(state);
    stream_close(&ends[0], false);
    for (int i = 0; i < 1000 && n >= 0; i++) { /* the first may still be taken */
        n = put(1, "x");
        usleep(1000);
    }
    assert_int_equal(n, STREAM_FAILED);
    assert_true(ends[1]->err == &err_closed || ends[1]->err == &err_reset);
}

static void test_full_buffers(void **state)
{
    static char block[65536];
    struct iovec v = {block, sizeof(block)};
    size_t sent = 0, got = 0;
    ssize_t n;

    UNUSED(state);
    while ((n = stream_writev(ends[0], &v, 1)) > 0)
        sent += (size_t)n;
    assert_int_equal(n, STREAM_AGAIN);
    assert_null(ends[0]->err);
    events_of[0] = 0;
    stream_watch(ends[0], IO_WRITE);
    loop_turn(false);
    assert_int_equal(events_of[0], 0);
    while (got < sent) {
        n = stream_read(ends[1], block, sizeof(block));
        assert_true(n > 0 || n == STREAM_AGAIN);
        got += n > 0 ? (size_t)n : 0;
    }
    await(0, IO_WRITE);
    assert_int_equal(put(0, "more"), 4);
}

static void test_file(void **state)
{
    int fd;

    UNUSED(state);
    assert_null(file_temp("/tmp", NULL, &fd));
    assert_null(file_write_all(fd, "0123456789", 10));
    assert_true(stream_can_sendfile(ends[0]));
    assert_int_equal(stream_sendfile(ends[0], fd, 3, 4), 4);
    assert_reads(1, "3456");
    assert_int_equal(stream_sendfile(ends[0], fd, 8, 100), 2);
    assert_reads(1, "89");
    assert_int_equal(stream_sendfile(ends[0], fd, 10, 1), 0);
    assert_int_equal(stream_sendfile(ends[0], -1, 0, 1), STREAM_FAILED);
    assert_non_null(ends[0]->err);
    close(fd);
}

static int option(int level, int name)
{
    int value = -1;
    socklen_t n = sizeof(value);

    assert_int_equal(getsockopt(stream_fd(ends[0]), level, name, &value, &n), 0);
    return value;
}

static void test_options(void **state)
{
    UNUSED(state);
    tcp_set_nodelay(ends[0], true);
    assert_true(option(IPPROTO_TCP, TCP_NODELAY));
    tcp_set_nodelay(ends[0], false);
    assert_false(option(IPPROTO_TCP, TCP_NODELAY));
    tcp_set_keepalive(ends[0], true, 11, 12, 3);
    assert_true(option(SOL_SOCKET, SO_KEEPALIVE));
    assert_int_equal(option(IPPROTO_TCP, TCP_KEEPIDLE), 11);
    assert_int_equal(option(IPPROTO_TCP, TCP_KEEPINTVL), 12);
    assert_int_equal(option(IPPROTO_TCP, TCP_KEEPCNT), 3);
    tcp_set_keepalive(ends[0], false, 0, 0, 0);
    assert_false(option(SOL_SOCKET, SO_KEEPALIVE));
}

static void on_ready_close(struct stream *s, int events)
{
    UNUSED(s);
    UNUSED(events);
    stream_close(&ends[0], false);
    stream_close(&ends[1], false);
}

static void test_close_in_callback(void **state)
{
    int fds[2] = {stream_fd(ends[0]), stream_fd(ends[1])};

    UNUSED(state);
    for (int i = 0; i < 2; i++) {
        ends[i]->on_ready = on_ready_close;
        stream_watch(ends[i], IO_READ | IO_WRITE);
    }
    loop_run();
    for (int i = 0; i < 2; i++) {
        assert_null(ends[i]);
        assert_int_equal(fcntl(fds[i], F_GETFD), -1);
    }
}

static void test_unix(void **state)
{
    struct stream *u[2];
    struct iovec v = {"x", 1};
    int fds[2];
    char c;

    UNUSED(state);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    for (int i = 0; i < 2; i++)
        u[i] = tcp_adopt(fds[i]);
    tcp_set_nodelay(u[0], true); /* means nothing, hurts nobody */
    assert_int_equal(stream_writev(u[0], &v, 1), 1);
    assert_int_equal(stream_read(u[1], &c, 1), 1);
    stream_close(&u[0], true);
    assert_int_equal(stream_read(u[1], &c, 1), 0);
    stream_close(&u[1], false);
}

/* --- reading ahead --- */

enum { MANY = BATCH_MOST + 3, BLOCK = 8192 };

static struct reader {
    struct stream *s;
    int peer;
    char got[3 * BLOCK];
    size_t n;
    size_t most; /* of a read; 0: does not read */
    unsigned calls;
    int closes; /* another one, when it is told; -1: none */
    ssize_t last;
} readers[MANY];

static void on_reader(struct stream *s, int events)
{
    struct reader *r = s->user;

    assert_int_equal(events, IO_READ);
    r->calls++;
    if (r->closes >= 0)
        stream_close(&readers[r->closes].s, false);
    if (!r->most || !r->s)
        return;
    r->last = stream_read(s, r->got + r->n, MIN(r->most, sizeof(r->got) - r->n));
    r->n += (size_t)MAX(r->last, 0);
    if (r->last == 0)
        stream_watch(s, 0);
}

static int set_up_readers(void **state)
{
    UNUSED(state);
    loop_init(LOOP_BEST);
    batch_allow(true);
    for (unsigned i = 0; i < MANY; i++) {
        struct reader *r = &readers[i];
        int fds[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
        *r = (struct reader){
            .s = tcp_adopt(fds[0]), .peer = fds[1], .most = sizeof(r->got), .closes = -1};
        (void)tcp_read_ahead(r->s);
        r->s->user = r;
        r->s->on_ready = on_reader;
        stream_watch(r->s, IO_READ);
    }
    return 0;
}

static int tear_down_readers(void **state)
{
    UNUSED(state);
    for (unsigned i = 0; i < MANY; i++) {
        stream_close(&readers[i].s, false);
        close(readers[i].peer);
    }
    loop_run();
    loop_deinit();
    return 0;
}

static void give(unsigned i, const void *p, size_t n)
{
    assert_int_equal(write(readers[i].peer, p, n), n);
}

static void test_ahead_many(void **state)
{
    char text[16];

    UNUSED(state);
    for (unsigned round = 1; round <= 3; round++) {
        for (unsigned i = 0; i < MANY; i++)
            give(i, text, (size_t)snprintf(text, sizeof(text), "%u,", i));
        for (unsigned turns = 0; turns < 3; turns++)
            loop_turn(false);
        for (unsigned i = 0; i < MANY; i++)
            assert_int_equal(readers[i].calls, round);
    }
    for (unsigned i = 0; i < MANY; i++) {
        (void)snprintf(text, sizeof(text), "%u,%u,%u,", i, i, i);
        assert_string_equal(readers[i].got, text);
    }
}

/* More than a slot holds comes out of one read, as a read that got less than it asked for says that
 * there is no more. */
static void test_ahead_large(void **state)
{
    static char block[2 * BLOCK + 5];

    UNUSED(state);
    for (size_t i = 0; i < sizeof(block); i++)
        block[i] = (char)(i % 251);
    give(0, block, sizeof(block));
    give(1, block, BLOCK);
    give(2, "x", 1);
    loop_turn(true);
    assert_int_equal(readers[0].last, sizeof(block));
    assert_memory_equal(readers[0].got, block, sizeof(block));
    assert_int_equal(readers[1].last, BLOCK);
    assert_memory_equal(readers[1].got, block, BLOCK);
    assert_int_equal(readers[2].last, 1);
}

/* Who does not read, or not all, is told again, and loses nothing. */
static void test_ahead_left(void **state)
{
    unsigned calls;

    UNUSED(state);
    readers[0].most = 2;
    readers[1].most = 0;
    give(0, "abcde", 5);
    give(1, "12345", 5);
    give(2, "x", 1);
    loop_turn(true);
    if (batch_is_joint()) {
        assert_int_equal(stream_unread(readers[0].s), 1); /* told once more in this turn */
        assert_int_equal(stream_unread(readers[1].s), 5);
    }
    stream_watch(readers[1].s, 0);
    calls = readers[1].calls;
    give(0, "fg", 2);
    for (unsigned i = 0; i < 3; i++)
        loop_turn(false);
    assert_string_equal(readers[0].got, "abcdefg");
    assert_int_equal(stream_unread(readers[0].s), 0);
    assert_int_equal(readers[1].calls, calls);
    readers[1].most = 4;
    stream_watch(readers[1].s, IO_READ);
    loop_turn(true); /* does not wait */
    assert_int_equal(readers[1].n, 4);
    stream_watch(readers[1].s, 0); /* and is closed with a rest */
    assert_int_equal(readers[1].calls, calls + 1);
}

/* Asked for, though nothing has told that it is readable. */
static void test_ahead_soon(void **state)
{
    UNUSED(state);
    for (unsigned i = 0; i < 3; i++) {
        stream_watch(readers[i].s, 0);
        give(i, "abc", i);
        stream_watch(readers[i].s, IO_READ);
        tcp_read_soon(readers[i].s);
        tcp_read_soon(readers[i].s);
    }
    loop_turn(true);
    assert_int_equal(readers[0].n, 0);
    assert_int_equal(readers[1].n, 1);
    assert_int_equal(readers[2].n, 2);
    assert_int_equal(readers[2].calls, 1);
}

/* Received for, then closed, or not wanted any more, before it was told. */
static void test_ahead_closed(void **state)
{
    UNUSED(state);
    readers[0].closes = 1; /* whichever is told first */
    readers[1].closes = 0;
    readers[2].closes = 2;
    for (unsigned i = 0; i < 4; i++)
        give(i, "abc", 3);
    loop_turn(true);
    assert_true(!readers[0].s != !readers[1].s);
    assert_int_equal(readers[0].calls + readers[1].calls, 1);
    assert_int_equal(readers[0].n + readers[1].n, 3);
    assert_null(readers[2].s);
    assert_int_equal(readers[2].n, 0);
    assert_int_equal(readers[3].n, 3);
}

/* Ends and failures are seen by the read, behind the bytes before them. */
static void test_ahead_end(void **state)
{
    int fds[2];

    UNUSED(state);
    connect_ends(fds);
    stream_close(&readers[3].s, false);
    readers[3].s = tcp_adopt(fds[0]);
    (void)tcp_read_ahead(readers[3].s);
    readers[3].s->user = &readers[3];
    readers[3].s->on_ready = on_reader;
    stream_watch(readers[3].s, IO_READ);
    (void)setsockopt(fds[1], SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
    close(fds[1]);
    give(0, "last", 4);
    shutdown(readers[0].peer, SHUT_WR);
    shutdown(readers[1].peer, SHUT_WR);
    give(2, "x", 1);
    loop_turn(true);
    assert_string_equal(readers[0].got, "last");
    assert_int_equal(readers[1].last, 0);
    assert_int_equal(readers[3].last, STREAM_FAILED);
    assert_ptr_equal(readers[3].s->err, &err_reset);
    stream_watch(readers[3].s, 0);
    loop_turn(true);
    assert_int_equal(readers[0].last, 0);
    assert_int_equal(readers[2].n, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_both_ways, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ask_peer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_half_close, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_reset, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_closed_peer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_full_buffers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_options, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_close_in_callback, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_unix, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ahead_many, set_up_readers, tear_down_readers),
        cmocka_unit_test_setup_teardown(test_ahead_large, set_up_readers, tear_down_readers),
        cmocka_unit_test_setup_teardown(test_ahead_left, set_up_readers, tear_down_readers),
        cmocka_unit_test_setup_teardown(test_ahead_soon, set_up_readers, tear_down_readers),
        cmocka_unit_test_setup_teardown(test_ahead_closed, set_up_readers, tear_down_readers),
        cmocka_unit_test_setup_teardown(test_ahead_end, set_up_readers, tear_down_readers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
