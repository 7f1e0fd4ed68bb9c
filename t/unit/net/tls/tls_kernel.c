/* What goes past OpenSSL to a socket that encrypts. The sockets here do not: so what they get can
 * be read, and the order, what waits, and what counts as taken be seen on any kernel. That a
 * kernel's records are right is seen in t/42-tls-kernel.t. */
#include "net/tls/tls_kernel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "loop/io.h"
#include "loop/loop.h"
#include "net/tcp.h"
#include "net/tls/tls_error.h"
#include "net/tls/tls_stream.h"
#include "t/lib/tls_pair.h"

enum { BIG = 1 << 20 };

static struct tls_pair pair;
static struct stream *server; /* TLS, in the kernel's way */
static struct stream *peer;   /* the other end of its socket */
static char big[BIG], got[4 * BIG];
static int events_seen;

static void on_ready(struct stream *s, int events)
{
    UNUSED(s);
    events_seen |= events;
}

static int set_up(void **state)
{
    int fds[2];

    UNUSED(state);
    tls_pair_begin(&pair);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    for (int i = 0; i < 2; i++)
        pair.under[i] = tcp_adopt(fds[i]);
    tls_pair_open_over(&pair);
    assert_true(tls_pair_shake(&pair));
    server = pair.server;
    peer = pair.under[1];
    while (stream_read(peer, got, sizeof(got)) > 0) /* tickets */
        ;
    server->on_ready = on_ready;
    tls_of(server)->wire.way = TLS_WAY_KERNEL;
    return 0;
}

static int tear_down(void **state)
{
    UNUSED(state);
    tls_pair_end(&pair);
    return 0;
}

/* All that has come, at `got`. */
static size_t take(void)
{
    size_t n = 0;
    ssize_t r;

    while ((r = stream_read(peer, got + n, sizeof(got) - n)) > 0)
        n += (size_t)r;
    return n;
}

/* Takes until the socket has room again and the server's stream knows; how much. */
static size_t make_room(void)
{
    size_t n = take();

    events_seen = 0;
    stream_watch(server, IO_WRITE);
    while (!events_seen)
        loop_turn(true);
    stream_watch(server, 0);
    return n;
}

static ssize_t put(const void *p, size_t n)
{
    struct iovec v = {(void *)(uintptr_t)p, n};

    return stream_writev(server, &v, 1);
}

/* Until the socket says that it has no room; how much it has in it. */
static size_t fill(void)
{
    struct stream *under = pair.under[0];
    struct iovec v = {big, 4096};
    size_t all = 0;
    ssize_t n;

    while ((n = stream_writev(under, &v, 1)) > 0)
        all += (size_t)n;
    assert_int_equal(n, STREAM_AGAIN);
    assert_false(tls_kernel_has_room(stream_fd(under)));
    return all;
}

static void test_refused(void **state)
{
    char keys[256] = {0}; /* of no cipher */
    int fds[2];

    UNUSED(state);
    assert_false(tls_kernel_start(stream_fd(pair.under[0]), keys));
    assert_int_equal(pipe(fds), 0);
    assert_false(tls_kernel_start(fds[1], keys));
    assert_int_equal(write(fds[1], "x", 1), 1); /* it is still open */
    close(fds[0]);
    close(fds[1]);
}

static void test_messages(void **state)
{
    struct buf out = BUF_EMPTY;
    struct stream *under = pair.under[0];
    size_t filled;

    UNUSED(state);
    tls_kernel_add(&out, SSL3_RT_ALERT, "one", 3);
    tls_kernel_add(&out, SSL3_RT_HANDSHAKE, "two", 3);
    assert_int_equal(tls_kernel_flush(under, &out), 0);
    assert_int_equal(take(), 6);
    assert_memory_equal(got, "onetwo", 6);
    filled = fill();
    tls_kernel_add(&out, SSL3_RT_HANDSHAKE, "three", 5);
    assert_int_equal(tls_kernel_flush(under, &out), STREAM_AGAIN);
    assert_int_equal(take(), filled);
    assert_int_equal(tls_kernel_flush(under, &out), 0);
    assert_int_equal(take(), 5);
    assert_null(out.p);
    stream_shutdown(under);
    tls_kernel_add(&out, SSL3_RT_ALERT, "four", 4);
    assert_int_equal(tls_kernel_flush(under, &out), STREAM_FAILED);
    assert_non_null(under->err);
    buf_free(&out);
}

/* A message that the socket takes in pieces. */
static void test_partial(void **state)
{
    struct buf out = BUF_EMPTY;
    size_t all = 0;
    int r;

    UNUSED(state);
    for (size_t i = 0; i < BIG; i++)
        big[i] = (char)(i * 7 + i / 251);
    tls_kernel_add(&out, SSL3_RT_HANDSHAKE, big, BIG);
    tls_kernel_add(&out, SSL3_RT_ALERT, "end", 3);
    do {
        size_t n;

        r = tls_kernel_flush(pair.under[0], &out);
        n = take();
        assert_true(n > 0 && all + n <= BIG + 3);
        assert_memory_equal(got, big + all, MIN(n, BIG - MIN(all, (size_t)BIG)));
        all += n;
    } while (r == STREAM_AGAIN);
    assert_int_equal(r, 0);
    assert_int_equal(all, BIG + 3);
}

static void test_data(void **state)
{
    size_t in;

    UNUSED(state);
    assert_true(stream_can_sendfile(server));
    assert_false(stream_can_sendfile(pair.client));
    assert_int_equal(put("hello", 5), 5);
    assert_int_equal(take(), 5);
    assert_memory_equal(got, "hello", 5);
    in = fill();
    assert_int_equal(put("a", 1), STREAM_AGAIN);
    assert_int_equal(make_room(), in);
    assert_int_equal(put("a", 1), 1);
    assert_int_equal(take(), 1);
}

static void test_debt(void **state)
{
    size_t all = 0;
    ssize_t n;

    UNUSED(state);
    /* so little at once that the last that fits fits whole */
    while ((n = put(big, 512)) > 0)
        all += (size_t)n;
    assert_int_equal(n, STREAM_AGAIN);
    assert_int_equal(tls_of(server)->debt, 512);
    assert_int_equal(put(big, 512), STREAM_AGAIN);
    assert_int_equal(make_room(), all + 512);
    assert_int_equal(put(big, 512), 512);
    assert_int_equal(take(), 0);
    assert_int_equal(put(big, 512), 512);
    assert_int_equal(take(), 512);
}

static void test_file(void **state)
{
    size_t all = 0, came = 0;
    ssize_t n;
    int fd;

    UNUSED(state);
    for (size_t i = 0; i < BIG; i++)
        big[i] = (char)(i * 7 + i / 251);
    assert_null(file_temp("/tmp", NULL, &fd));
    assert_null(file_write_all(fd, big, BIG));
    while (all < BIG) {
        size_t some;

        n = stream_sendfile(server, fd, (off_t)all, BIG - all);
        assert_true(n > 0 || n == STREAM_AGAIN);
        all += n > 0 ? (size_t)n : 0;
        some = n > 0 ? take() : make_room();
        assert_memory_equal(got, big + came, some);
        came += some;
    }
    assert_int_equal(came + take(), BIG);
    assert_int_equal(stream_sendfile(server, fd, BIG, 1), 0);
    stream_shutdown(server);
    assert_int_equal(stream_sendfile(server, fd, 0, 1), STREAM_FAILED);
    assert_ptr_equal(server->err, &err_closed);
    close(fd);
}

/* close_notify waits for room, and the end of the stream underneath for close_notify. */
static void test_end(void **state)
{
    size_t filled;
    char c;

    UNUSED(state);
    filled = fill();
    stream_shutdown(server);
    assert_int_equal(make_room(), filled);
    assert_int_equal(stream_read(peer, got, 3), 2);
    assert_memory_equal(got, "\1\0", 2);
    assert_int_equal(stream_read(peer, &c, 1), 0);
}

static void test_close(void **state)
{
    UNUSED(state);
    stream_close(&pair.server, false);
    assert_int_equal(stream_read(peer, got, 3), 2);
    assert_memory_equal(got, "\1\0", 2);
}

/* The peer may change its own keys, and ask for new ones of ours; then we may not send on. */
static void test_new_keys(void **state)
{
    SSL *client = tls_of(pair.client)->ssl;
    char c;

    UNUSED(state);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(put("x", 1), 1);
        assert_int_equal(take(), 1);
        assert_int_equal(
            SSL_key_update(client, i ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED), 1);
        assert_int_equal(SSL_do_handshake(client), 1);
        assert_int_equal(tls_pair_put(pair.client, "x"), 1);
        assert_int_equal(stream_read(server, &c, 1), 1);
    }
    assert_int_equal(put("x", 1), STREAM_FAILED);
    assert_ptr_equal(server->err, &err_tls_rekey);
    assert_int_equal(take(), 2);
    assert_memory_equal(got, "\2\120", 2);
    assert_int_equal(stream_read(server, &c, 1), STREAM_FAILED);
}

/* The peer has gone: what it sent before is read all the same. */
static void test_gone(void **state)
{
    char c;

    UNUSED(state);
    assert_int_equal(tls_pair_put(pair.client, "x"), 1);
    shutdown(stream_fd(peer), SHUT_RDWR);
    assert_int_equal(put("x", 1), STREAM_FAILED);
    assert_true(stream_read_on(server));
    assert_int_equal(stream_read(server, &c, 1), 1);
    assert_int_equal(c, 'x');
    stream_close(&pair.server, false);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_refused), T(test_messages), T(test_partial), T(test_data),     T(test_debt),
        T(test_file),    T(test_end),      T(test_close),   T(test_new_keys), T(test_gone),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    certs_free();
    return failed;
}
