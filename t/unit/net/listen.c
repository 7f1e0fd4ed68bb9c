/* Listening sockets: made, adjusted; what those that they accept inherit. */
#include "net/listen.h"

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
#include <sys/stat.h>
#include <unistd.h>

static struct addr local;
static char dir[] = "/tmp/listen-XXXXXX";
static char text[200];

static const struct listen_options defaults;

static int open_local(void)
{
    int fd;

    assert_null(addr_parse(SLICE("127.0.0.1:0"), 0, &local));
    assert_null(listen_open(&local, &defaults, &fd));
    assert_null(addr_of_fd(fd, false, &local));
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
    UNUSED(state);
    assert_non_null(mkdtemp(dir));
    return 0;
}

static int tear_down(void **state)
{
    UNUSED(state);
    return rmdir(dir);
}

static void test_open(void **state)
{
    static const char *const rows[] = {"127.0.0.1:0", "*:0", "[::1]:0", "[::]:0"};
    struct listen_options o = {
        .backlog = 5, .reuseport = true, .defer_accept = true, .rcvbuf = 8192, .sndbuf = 8192};

    UNUSED(state);
    for (size_t i = 0; i < 2 * ARRAY_LEN(rows); i++) {
        int fd, value;
        socklen_t n = sizeof(value);

        o.ipv6only = i % 2;
        assert_null(addr_parse(slice_str(rows[i / 2]), 0, &local));
        assert_null(listen_open(&local, &o, &fd));
        assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
        assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
        getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &n);
        assert_true(value);
        getsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &value, &n);
        assert_true(value);
        getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &value, &n);
        assert_int_equal(value, 2 * 8192);
        if (i / 2 == 3) { /* [::]; the kernel sets it for any other address of IPv6 */
            getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &value, &n);
            assert_int_equal(value, o.ipv6only);
        }
        close(fd);
    }
}

static void test_in_use(void **state)
{
    int fd = open_local(), other;

    UNUSED(state);
    assert_ptr_equal(listen_open(&local, &defaults, &other), &err_address_in_use);
    close(fd);
    assert_null(listen_open(&local, &defaults, &other));
    close(other);
    assert_null(addr_parse(SLICE("192.0.2.1:0"), 0, &local)); /* nobody's */
    assert_ptr_equal(listen_open(&local, &defaults, &other), &err_no_address);
}

static mode_t mode_of(const char *path)
{
    struct stat st;

    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 07777;
}

enum { FILLERS = 10 };

/* Connects until nobody gets in any more. */
static void fill(const struct addr *a, int fds[FILLERS])
{
    bool is_full = false;

    for (int i = 0; i < FILLERS; i++) {
        fds[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
        is_full = connect(fds[i], &a->sa, a->len) != 0 && errno == EAGAIN;
    }
    assert_true(is_full);
}

static void test_unix(void **state)
{
    int fillers[FILLERS];
    struct listen_options o = {.unix_mode = 0600};
    int fd, other;
    struct addr a;

    UNUSED(state);
    assert_null(addr_parse(in_dir("s"), 0, &a));
    assert_null(listen_open(&a, &defaults, &fd));
    assert_int_equal(mode_of(text + 5), 0666);
    assert_ptr_equal(listen_open(&a, &defaults, &other),
                     &err_address_in_use); /* somebody listens */
    close(connect_to(&a));
    close(fd); /* leaves the file */
    o.backlog = 1;
    assert_null(listen_open(&a, &o, &fd));
    fill(&a, fillers); /* alive, only busy */
    assert_ptr_equal(listen_open(&a, &defaults, &other), &err_address_in_use);
    for (int i = 0; i < FILLERS; i++)
        close(fillers[i]);
    close(fd);
    assert_null(listen_open(&a, &o, &fd));
    assert_int_equal(mode_of(text + 5), 0600);
    close(connect_to(&a));
    close(fd);
    assert_int_equal(unlink(text + 5), 0);
    close(open(text + 5, O_CREAT | O_WRONLY, 0600)); /* a file is not taken away */
    assert_ptr_equal(listen_open(&a, &defaults, &fd), &err_address_in_use);
    assert_int_equal(unlink(text + 5), 0);
    assert_null(addr_parse(in_dir("no/such"), 0, &a));
    assert_ptr_equal(listen_open(&a, &defaults, &fd), &err_not_found);
}

static void test_adjust(void **state)
{
    struct listen_options o = {.reuseport = true, .backlog = 7};
    int fd = open_local(), other;

    UNUSED(state);
    assert_ptr_equal(listen_open(&local, &o, &other), &err_address_in_use);
    listen_adjust(fd, AF_INET, &o);
    assert_null(listen_open(&local, &o, &other));
    close(other);
    close(fd);
}

static int option_of(int fd, int level, int name)
{
    int value = 0;
    socklen_t size = sizeof(value);

    assert_int_equal(getsockopt(fd, level, name, &value, &size), 0);
    return value;
}

/* What is asked of the listening socket holds for those that it accepts. */
static void test_inherited(void **state)
{
    struct listen_options o = {.fastopen = 7,
                               .keepalive = {true, true, .idle = 60, .interval = 5, .count = 3}};
    int fd, peer, got;

    UNUSED(state);
    assert_null(addr_parse(SLICE("127.0.0.1:0"), 0, &local));
    assert_null(listen_open(&local, &o, &fd));
    assert_null(addr_of_fd(fd, false, &local));
    assert_int_equal(option_of(fd, IPPROTO_TCP, TCP_FASTOPEN), 7);
    peer = connect_to(&local);
    got = accept(fd, NULL, NULL);
    assert_true(got >= 0);
    assert_int_equal(option_of(got, SOL_SOCKET, SO_KEEPALIVE), 1);
    assert_int_equal(option_of(got, IPPROTO_TCP, TCP_KEEPIDLE), 60);
    assert_int_equal(option_of(got, IPPROTO_TCP, TCP_KEEPINTVL), 5);
    assert_int_equal(option_of(got, IPPROTO_TCP, TCP_KEEPCNT), 3);
    o.keepalive.is_on = false;
    o.fastopen = 8;
    o.defer_accept = true;
    o.sndbuf = 20000;
    listen_adjust(fd, AF_INET, &o);
    assert_int_equal(option_of(fd, SOL_SOCKET, SO_KEEPALIVE), 0);
    assert_int_equal(option_of(fd, IPPROTO_TCP, TCP_FASTOPEN), 8);
    assert_true(option_of(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT) > 0);
    assert_int_equal(option_of(fd, SOL_SOCKET, SO_SNDBUF), 40000);
    close(got);
    close(peer);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open),      cmocka_unit_test(test_in_use),
        cmocka_unit_test(test_unix),      cmocka_unit_test(test_adjust),
        cmocka_unit_test(test_inherited),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
