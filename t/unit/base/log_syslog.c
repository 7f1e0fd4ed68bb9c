#include "base/log_syslog.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <stdio.h>
#include <sys/un.h>
#include <unistd.h>

static void test_parse(void **state)
{
    static const char *const good[] = {
        "server=127.0.0.1",          "server=127.0.0.1:1,facility=local1",
        "server=[::1]:9,nohostname", "server=unix:/dev/log,tag=a_B9",
        "tag=x,server=10.0.0.1",     "server=127.0.0.1,severity=debug",
    };
    static const char *const bad[] = {
        "",
        "server=",
        "server=localhost",
        "server=127.0.0.1:0",
        "server=127.0.0.1:65536",
        "server=127.0.0.1:x",
        "server=[::1",
        "server=unix:",
        "facility=local1",
        "server=127.0.0.1,facility=local8",
        "server=127.0.0.1,severity=info2",
        "server=127.0.0.1,tag=",
        "server=127.0.0.1,tag=a-b",
        "server=127.0.0.1,tag=123456789012345678901234567890123",
        "server=127.0.0.1,other=1",
    };
    struct log_syslog s;

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        assert_null(log_syslog_parse(slice_str(good[i]), &s));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_non_null(log_syslog_parse(slice_str(bad[i]), &s));
    assert_null(log_syslog_parse(SLICE("server=127.0.0.1"), &s));
    assert_int_equal(((struct sockaddr_in *)&s.addr)->sin_port, htons(514));
    assert_int_equal(s.facility, 23);
    assert_string_equal(s.tag, "nginx");
}

static void test_begin(void **state)
{
    struct buf line = BUF_EMPTY;
    struct log_syslog s;

    UNUSED(state);
    assert_null(log_syslog_parse(SLICE("server=127.0.0.1,facility=local1,tag=me,nohostname"), &s));
    log_syslog_begin(&s, LOG_ERROR, &line);
    assert_memory_equal(line.p, "<139>", 5); /* 17 * 8 + 3 */
    assert_true(slice_has_suffix(buf_slice(&line), SLICE(" me: ")));
    line.n = 0;
    log_syslog_begin_access(&s, &line);
    assert_memory_equal(line.p, "<142>", 5); /* 17 * 8 + 6 */
    line.n = 0;
    log_syslog_begin(&s, LOG_EMERG, &line);
    assert_memory_equal(line.p, "<136>", 5);
    buf_free(&line);
}

/* A line leaves as one datagram. */
static void test_datagram(void **state)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(in);
    int server = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), fd;
    char text[128], got[64];
    struct log_syslog s;

    UNUSED(state);
    assert_int_equal(bind(server, (struct sockaddr *)&in, sizeof(in)), 0);
    assert_int_equal(getsockname(server, (struct sockaddr *)&in, &size), 0);
    snprintf(text, sizeof(text), "server=127.0.0.1:%d", ntohs(in.sin_port));
    assert_null(log_syslog_parse(slice_str(text), &s));
    fd = log_syslog_open(&s);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "x y", 3), 3);
    assert_int_equal(recv(server, got, sizeof(got), 0), 3);
    close(fd);
    close(server);
}

static void test_unix_that_is_not_there(void **state)
{
    struct log_syslog s;
    int fd;

    UNUSED(state);
    assert_null(log_syslog_parse(SLICE("server=unix:/nonexistent/log"), &s));
    fd = log_syslog_open(&s);
    assert_true(fd >= 0);
    close(fd);
}

static int listen_at(const struct sockaddr_un *un)
{
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    assert_int_equal(bind(fd, (const struct sockaddr *)un, sizeof(*un)), 0);
    return fd;
}

/* A server at a Unix socket may come late, and anew. */
static void test_comes_anew(void **state)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    char text[128], got[64];
    struct log_syslog s;
    int fd;

    UNUSED(state);
    snprintf(un.sun_path, sizeof(un.sun_path), "/tmp/unit-log-syslog-%d", (int)getpid());
    snprintf(text, sizeof(text), "server=unix:%s", un.sun_path);
    assert_null(log_syslog_parse(slice_str(text), &s));
    fd = log_syslog_open(&s);
    assert_true(fd >= 0);
    for (int i = 0; i < 2; i++) {
        int server;

        assert_false(log_syslog_send(&s, fd, SLICE("lost")));
        server = listen_at(&un);
        assert_true(log_syslog_send(&s, fd, SLICE("got")));
        assert_int_equal(recv(server, got, sizeof(got), 0), 3);
        unlink(un.sun_path);
        close(server);
    }
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_begin),
        cmocka_unit_test(test_datagram),
        cmocka_unit_test(test_comes_anew),
        cmocka_unit_test(test_unix_that_is_not_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
