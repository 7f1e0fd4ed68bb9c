/* Accepting when all goes well and when it does not. */
#include "net/listener.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "loop/loop.h"
#include "net/listen.h"

/* What accept4 is to answer before it is asked. */
static int errnums[8];
static unsigned errnum_count;

int accept4(int fd, struct sockaddr *sa, socklen_t *len, int flags)
{
    if (errnum_count) {
        errno = errnums[--errnum_count];
        return -1;
    }
    return (int)syscall(SYS_accept4, fd, sa, len, flags);
}

static struct listener listener;
static struct addr local;
static unsigned accepted;
static bool stops_after_one;
static char dir[] = "/tmp/listener-XXXXXX";
static char text[200];

static void on_accept(struct listener *l, int fd, const struct addr *peer)
{
    assert_ptr_equal(l, &listener);
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(peer->sa.sa_family, local.sa.sa_family);
    close(fd);
    accepted++;
    if (stops_after_one)
        listener_stop(l);
}

static int open_listener(const char *address)
{
    int fd;

    assert_null(addr_parse(slice_str(address), 0, &local));
    assert_null(listen_open(&local, &(struct listen_options){0}, &fd));
    assert_null(addr_of_fd(fd, false, &local));
    listener_init(&listener, fd, on_accept);
    accepted = 0;
    errnum_count = 0;
    stops_after_one = false;
    return fd;
}

static int connect_to(const struct addr *a)
{
    int fd = socket(a->sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, &a->sa, a->len), 0);
    return fd;
}

static struct slice in_dir(const char *name)
{
    snprintf(text, sizeof(text), "unix:%s/%s", dir, name);
    return slice_str(text);
}

static int set_up(void **state)
{
    static const struct log_sink quiet = {.fd = 2, .level = LOG_EMERG};

    UNUSED(state);
    log_set_default(&quiet);
    assert_non_null(mkdtemp(dir));
    loop_init(LOOP_BEST);
    return 0;
}

static int tear_down(void **state)
{
    UNUSED(state);
    loop_deinit();
    return rmdir(dir);
}

static void accept_some(const char *address)
{
    int fd = open_listener(address), peers[5];

    listener.batch = 3;
    listener_start(&listener);
    listener_start(&listener);
    for (size_t i = 0; i < ARRAY_LEN(peers); i++)
        peers[i] = connect_to(&local);
    loop_turn(true);
    assert_int_equal(accepted, 3);
    loop_turn(true);
    assert_int_equal(accepted, 5);
    listener_stop(&listener);
    close(connect_to(&local));
    loop_turn(false);
    assert_int_equal(accepted, 5);
    stops_after_one = true;
    close(connect_to(&local));
    listener_start(&listener);
    loop_run(); /* stopped by on_accept, though one more waits */
    assert_int_equal(accepted, 6);
    for (size_t i = 0; i < ARRAY_LEN(peers); i++)
        close(peers[i]);
    close(fd);
}

static void test_accept(void **state)
{
    UNUSED(state);
    accept_some("127.0.0.1:0");
    accept_some("[::1]:0");
    accept_some(in_dir("a").p);
    assert_int_equal(unlink(text + 5), 0);
}

static unsigned rooms[4];
static unsigned room_calls;

static unsigned room(struct listener *l)
{
    assert_ptr_equal(l, &listener);
    return rooms[room_calls++];
}

static void test_room(void **state)
{
    int fd = open_listener("127.0.0.1:0"), peers[5];

    UNUSED(state);
    memcpy(rooms, (unsigned[]){2, 0, 9, 9}, sizeof(rooms));
    room_calls = 0;
    listener.room = room;
    listener.batch = 2;
    listener_start(&listener);
    for (size_t i = 0; i < ARRAY_LEN(peers); i++)
        peers[i] = connect_to(&local);
    loop_turn(true);
    assert_int_equal(accepted, 2);
    loop_run(); /* no room: it does not look any more */
    assert_int_equal(accepted, 2);
    assert_int_equal(room_calls, 2);
    listener_start(&listener);
    loop_turn(true);
    assert_int_equal(accepted, 4); /* the batch */
    listener_stop(&listener);
    listener_finish(&listener); /* takes those who wait, whatever room there is */
    assert_int_equal(accepted, 5);
    assert_int_equal(room_calls, 3);
    loop_run();
    for (size_t i = 0; i < ARRAY_LEN(peers); i++)
        close(peers[i]);
    close(fd);
}

static void test_connections_that_are_gone(void **state)
{
    static const int gone[] = {ECONNABORTED, EINTR, EPROTO, EPERM, EHOSTUNREACH};
    int fd = open_listener("127.0.0.1:0");

    UNUSED(state);
    memcpy(errnums, gone, sizeof(gone));
    errnum_count = ARRAY_LEN(gone);
    listener_start(&listener);
    close(connect_to(&local));
    loop_turn(true);
    assert_int_equal(accepted, 1);
    listener_stop(&listener);
    close(fd);
}

static void test_rest(void **state)
{
    static const int rows[] = {EMFILE, ENFILE, ENOBUFS, ENOMEM};

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int fd = open_listener("127.0.0.1:0");
        uint64_t since = clock_ms();

        errnums[0] = rows[i];
        errnum_count = 1;
        listener_start(&listener);
        close(connect_to(&local));
        loop_turn(true);
        assert_true(timer_is_active(&listener.pause));
        assert_int_equal(io_events(&listener.io), 0);
        listener_start(&listener); /* does not cut the rest short */
        while (!accepted)
            loop_turn(true);
        assert_true(clock_ms() >= since + 100);
        errnums[0] = rows[i];
        errnum_count = 1;
        close(connect_to(&local));
        loop_turn(true);
        listener_stop(&listener);
        loop_run(); /* no rest goes on */
        assert_int_equal(accepted, 1);
        close(fd);
    }
}

/* The real thing. */
static void test_out_of_descriptors(void **state)
{
    int fd = open_listener("127.0.0.1:0"), peer = connect_to(&local);
    struct rlimit old, tight;

    UNUSED(state);
    getrlimit(RLIMIT_NOFILE, &old);
    tight = old;
    tight.rlim_cur = 3;
    listener_start(&listener);
    loop_turn(false); /* whatever the loop opens is open */
    accepted = 0;
    close(peer);
    peer = connect_to(&local);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
    loop_turn(true);
    assert_int_equal(accepted, 0);
    assert_true(timer_is_active(&listener.pause));
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    while (!accepted)
        loop_turn(true);
    listener_stop(&listener);
    close(peer);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accept),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_connections_that_are_gone),
        cmocka_unit_test(test_rest),
        cmocka_unit_test(test_out_of_descriptors),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
