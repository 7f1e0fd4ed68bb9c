/* UDP: batches in order, errors of single messages, truncation, a full socket, groups. */
#include "net/udp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The next calls of sendmmsg say that the socket is full; with `takes_one` all but the first do. */
static unsigned full;
static bool takes_one;

int sendmmsg(int fd, struct mmsghdr *heads, unsigned n, int flags)
{
    if (takes_one && !full++)
        return (int)syscall(SYS_sendmmsg, fd, heads, 1, flags);
    if (full) {
        full--;
        errno = EAGAIN;
        return -1;
    }
    return (int)syscall(SYS_sendmmsg, fd, heads, n, flags);
}

static const struct udp_options defaults;
static int a, b;
static struct addr b_addr;
static unsigned sent, failed, failed_at;
static const struct err *last;

static void on_sent(void *user, unsigned n, const struct err *e)
{
    assert_ptr_equal(user, &sent);
    if (e) {
        failed++;
        failed_at = sent;
        last = e;
    } else {
        sent += n;
    }
}

static int open_at(const char *text)
{
    struct addr local;
    int fd;

    assert_null(addr_parse(slice_str(text), 0, &local));
    assert_null(udp_open(&local, &defaults, &fd));
    return fd;
}

static int start(void **state)
{
    UNUSED(state);
    a = open_at("127.0.0.1:0");
    b = open_at("127.0.0.1:0");
    assert_null(addr_of_fd(b, false, &b_addr));
    sent = failed = 0;
    return 0;
}

static int stop(void **state)
{
    UNUSED(state);
    close(a);
    close(b);
    return 0;
}

static void add(struct udp_queue *q, const char *text, size_t n)
{
    udp_queue_add(q, &b_addr, slice_of(text, n));
}

static void test_batches(void **state)
{
    static char large[70000];
    static struct udp_message got[UDP_BATCH];
    struct udp_queue q;
    const struct err *e;
    char text[16];
    unsigned n, at = 0;

    UNUSED(state);
    udp_queue_init(&q);
    for (unsigned i = 0; i < 70; i++) {
        snprintf(text, sizeof text, "%u", i);
        if (i == 40)
            add(&q, large, sizeof large);
        else
            add(&q, text, strlen(text));
    }
    assert_true(udp_queue_bytes(&q) > sizeof large);
    assert_true(udp_queue_flush(&q, a, on_sent, &sent));
    assert_int_equal(udp_queue_bytes(&q), 0);
    assert_int_equal(sent, 69);
    assert_int_equal(failed, 1);
    assert_int_equal(failed_at, 40);
    assert_ptr_equal(last, &err_too_large);
    while ((n = udp_receive(b, got, UDP_MESSAGE_MAX, &e)) > 0) {
        for (unsigned i = 0; i < n; i++, at++) {
            snprintf(text, sizeof text, "%u", at >= 40 ? at + 1 : at);
            assert_true(slice_eq(got[i].bytes, slice_str(text)));
            assert_false(got[i].is_truncated);
        }
    }
    assert_null(e);
    assert_int_equal(at, 69);
    udp_queue_clear(&q);
}

static void test_full(void **state)
{
    struct udp_queue q;

    UNUSED(state);
    udp_queue_init(&q);
    add(&q, "one", 3);
    add(&q, "three", 5);
    full = 1;
    assert_false(udp_queue_flush(&q, a, on_sent, &sent));
    assert_int_equal(sent + failed, 0);
    assert_int_equal(udp_queue_bytes(&q), 8);
    assert_true(udp_queue_flush(&q, a, on_sent, &sent));
    assert_int_equal(sent, 2);
    udp_queue_clear(&q);
    udp_queue_clear(&q);
}

/* A queue that is never empty holds what waits, not what has gone. */
static void test_never_empty(void **state)
{
    static const char message[1000];
    struct udp_queue q;

    UNUSED(state);
    udp_queue_init(&q);
    takes_one = true;
    add(&q, message, sizeof message);
    for (unsigned i = 0; i < 5000; i++) {
        add(&q, message, sizeof message);
        full = 0;
        assert_false(udp_queue_flush(&q, a, on_sent, &sent));
        assert_int_equal(udp_queue_bytes(&q), sizeof message);
    }
    assert_true(q.bytes.size < 100 * sizeof message && q.size < 100);
    takes_one = false;
    full = 0;
    assert_true(udp_queue_flush(&q, a, on_sent, &sent));
    assert_int_equal(sent, 5001);
    udp_queue_clear(&q);
}

static void test_truncated(void **state)
{
    static struct udp_message got[UDP_BATCH];
    struct udp_queue q;
    const struct err *e;

    UNUSED(state);
    udp_queue_init(&q);
    add(&q, "0123456789", 10);
    add(&q, "", 0);
    assert_true(udp_queue_flush(&q, a, on_sent, &sent));
    assert_int_equal(udp_receive(b, got, 4, &e), 2);
    assert_true(got[0].is_truncated);
    assert_true(slice_eq(got[0].bytes, SLICE("0123")));
    assert_false(got[1].is_truncated);
    assert_int_equal(got[1].bytes.n, 0);
    assert_int_equal(udp_receive(b, got, 4, &e), 0);
    assert_null(e);
    udp_queue_clear(&q);
}

static void test_connected(void **state)
{
    static struct udp_message got[UDP_BATCH];
    struct udp_queue q;
    const struct err *e;

    UNUSED(state);
    udp_queue_init(&q);
    assert_null(udp_connect(a, &b_addr));
    close(b);
    udp_queue_add(&q, NULL, SLICE("x"));
    assert_true(udp_queue_flush(&q, a, on_sent, &sent));
    assert_int_equal(udp_receive(a, got, UDP_MESSAGE_MAX, &e), 0);
    assert_ptr_equal(e, &err_refused);
    b = open_at("127.0.0.1:0");
    udp_queue_clear(&q);
}

static void test_options(void **state)
{
    struct udp_options o = {.reuseport = true,
                            .broadcast = true,
                            .rcvbuf = 8192,
                            .multicast_ttl = 3,
                            .has_no_loop = true};
    struct addr local, group;
    int fd, value;
    socklen_t n = sizeof value;

    UNUSED(state);
    assert_ptr_equal(udp_open(&b_addr, &defaults, &fd), &err_address_in_use);
    assert_null(addr_parse(SLICE("127.0.0.1:0"), 0, &local));
    assert_null(udp_open(&local, &o, &fd));
    assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_BROADCAST, &value, &n), 0);
    assert_int_equal(value, 1);
    assert_null(addr_parse(SLICE("239.1.2.3:0"), 0, &group));
    assert_null(udp_member(fd, &group, SLICE("127.0.0.1"), true));
    assert_null(udp_member(fd, &group, SLICE("127.0.0.1"), false));
    assert_non_null(udp_member(fd, &group, SLICE("127.0.0.1"), false));
    assert_ptr_equal(udp_member(fd, &group, SLICE("nosuch0"), true), &err_not_found);
    assert_ptr_equal(udp_set_interface(fd, AF_INET, SLICE("nosuch0")), &err_not_found);
    assert_null(udp_set_interface(fd, AF_INET, SLICE("127.0.0.1")));
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_batches, start, stop),
        cmocka_unit_test_setup_teardown(test_full, start, stop),
        cmocka_unit_test_setup_teardown(test_never_empty, start, stop),
        cmocka_unit_test_setup_teardown(test_truncated, start, stop),
        cmocka_unit_test_setup_teardown(test_connected, start, stop),
        cmocka_unit_test_setup_teardown(test_options, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
