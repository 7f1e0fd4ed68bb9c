/* Order, the ends of the ring, readers that lag, deaths of writers and readers. */
#include "shm/bus.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

enum { SIZE = 4096, READERS = 3, LONG_MS = 60000 /* only what hangs takes so long */ };

static void publish(struct bus *b, const char *topic, const char *data)
{
    assert_true(bus_publish(b, 3, slice_str(topic), slice_str(data)));
}

static bool is_readable(int fd, int ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    return poll(&p, 1, ms) == 1;
}

static void expect(struct bus *b, const char *topic, const char *data)
{
    struct bus_message m;

    assert_true(bus_next(b, &m));
    assert_true(slice_eq(m.topic, slice_str(topic)));
    assert_true(slice_eq(m.data, slice_str(data)));
    assert_int_equal(m.channel, 3);
}

static void test_order(void **state)
{
    struct bus *b = bus_new(2, SIZE);
    struct bus_message m;
    int fd;

    UNUSED(state);
    publish(b, "early", "nobody listens");
    fd = bus_listen(b);
    assert_true(fd >= 0);
    assert_false(bus_next(b, &m));
    assert_false(is_readable(fd, 0));
    publish(b, "a", "1");
    publish(b, "", "");
    assert_true(is_readable(fd, 0));
    expect(b, "a", "1");
    expect(b, "", "");
    assert_false(bus_next(b, &m));
    assert_false(is_readable(fd, 0));
    assert_int_equal(bus_lost(b), 0);
    bus_leave(b);
    bus_free(&b);
}

/* Through the end of the ring many times, with every length. */
static void test_wrap(void **state)
{
    struct bus *b = bus_new(1, SIZE);
    char data[900];

    UNUSED(state);
    assert_true(bus_listen(b) >= 0);
    for (size_t n = 0; n < sizeof data; n++) {
        memset(data, (int)('a' + n % 26), n);
        data[n] = '\0';
        publish(b, "t", data);
        expect(b, "t", data);
    }
    assert_false(bus_publish(b, 0, SLICE("t"), slice_of(data, SIZE)));
    assert_false(bus_publish(b, 0, SLICE("t"), slice_of(NULL, (size_t)1 << 40)));
    assert_int_equal(bus_lost(b), 0);
    bus_free(&b);
}

/* Who lags loses the oldest, and knows how many; what it gets is in order. */
static void test_lag(void **state)
{
    struct bus *b = bus_new(1, SIZE);
    struct bus_message m;
    char text[16];
    unsigned got = 0, last = 0;

    UNUSED(state);
    assert_true(bus_listen(b) >= 0);
    for (int i = 1; i <= 1000; i++) {
        snprintf(text, sizeof text, "%d", i);
        publish(b, "t", text);
    }
    while (bus_next(b, &m)) {
        unsigned n = (unsigned)strtoul(m.data.p, NULL, 10);

        assert_true(n > last);
        last = n;
        got++;
    }
    assert_int_equal(last, 1000);
    assert_int_equal(got + bus_lost(b), 1000);
    assert_true(got >= SIZE / 64 - 1);
    bus_free(&b);
}

/* Each of several writers keeps its order at each of several readers, whoever is killed. Who lags
 * may lose all that a writer has written, so writers go on until all readers have heard of both. */
static void read_all(struct bus *b, _Atomic unsigned *hearers)
{
    unsigned last[8] = {0};
    struct bus_message m;
    int fd = bus_listen(b);
    bool has_heard = false;

    publish(b, "ready", "");
    for (;;) {
        unsigned i, n;

        if (!bus_next(b, &m)) {
            if (!is_readable(fd, LONG_MS))
                _exit(2);
            continue;
        }
        if (slice_eq(m.topic, SLICE("end")))
            _exit(has_heard ? 0 : 1);
        if (!slice_eq(m.topic, SLICE("n")))
            continue;
        memcpy(&i, m.data.p, sizeof i);
        memcpy(&n, m.data.p + sizeof i, sizeof n);
        if (n <= last[i])
            _exit(3);
        last[i] = n;
        if (!has_heard && last[0] && last[1]) {
            has_heard = true;
            ++*hearers;
        }
    }
}

static void write_all(struct bus *b, unsigned id, unsigned each, _Atomic unsigned *hearers)
{
    alarm(LONG_MS / 1000);
    for (unsigned n = 1; n <= each || *hearers < READERS; n++) {
        unsigned data[2] = {id, n};

        if (!bus_publish(b, 3, SLICE("n"), slice_of((char *)data, sizeof data)))
            _exit(4);
    }
    _exit(0);
}

static void write_for_ever(struct bus *b)
{
    for (;;)
        if (!bus_publish(b, 3, SLICE("noise"), SLICE("some bytes that are in nobody's interest")))
            _exit(4);
}

static void test_processes(void **state)
{
    enum { WRITERS = 2, EACH = 20000, KILLED = 20 };
    struct bus *b = bus_new(8, 1 << 20);
    _Atomic unsigned *hearers =
        mmap(NULL, sizeof *hearers, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t pids[READERS + WRITERS];
    int fd = bus_listen(b), status, n = 0;

    UNUSED(state);
    fflush(NULL);
    for (int i = 0; i < READERS; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            b->seat = NULL; /* the parent's */
            read_all(b, hearers);
        }
    }
    while (n < READERS) {
        struct bus_message m;

        if (bus_next(b, &m))
            n += slice_eq(m.topic, SLICE("ready"));
        else
            assert_true(is_readable(fd, LONG_MS));
    }
    for (int i = READERS; i < READERS + WRITERS; i++) {
        pids[i] = fork();
        if (pids[i] == 0)
            write_all(b, (unsigned)(i - READERS), EACH, hearers);
    }
    for (int i = 0; i < KILLED; i++) {
        pid_t pid = fork();

        if (pid == 0)
            write_for_ever(b);
        usleep((unsigned)(500 + i * 37));
        kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
    }
    for (int i = READERS + WRITERS - 1; i >= 0; i--) {
        while (waitpid(pids[i], &status, WNOHANG) == 0) {
            if (i < READERS)
                publish(b, "end", "");
            usleep(1000);
        }
        assert_int_equal(status, 0);
    }
    munmap(hearers, sizeof *hearers);
    bus_free(&b);
}

/* A writer that dies while it wakes a reader takes the reader's sleep to nobody: the next one wakes
 * it. The writer's end of the pipe, in place of the seat's eventfd, kills it there. */
static void test_death_while_waking(void **state)
{
    struct bus *b = bus_new(1, SIZE);
    struct bus_message m;
    int fd = bus_listen(b), ends[2], status;
    pid_t pid;

    UNUSED(state);
    assert_false(bus_next(b, &m));
    pid = fork();
    if (pid == 0) {
        if (pipe(ends) || close(ends[0]) || dup2(ends[1], fd) != fd)
            _exit(1);
        signal(SIGPIPE, SIG_DFL);
        publish(b, "from", "the dying");
        _exit(2);
    }
    waitpid(pid, &status, 0);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE);
    publish(b, "from", "the living");
    assert_true(is_readable(fd, 0));
    expect(b, "from", "the dying");
    expect(b, "from", "the living");
    bus_free(&b);
}

/* A seat is free again when the process in it has been killed. */
static void test_seats(void **state)
{
    struct bus *b = bus_new(1, SIZE);
    struct bus_message m;
    pid_t pid = fork();

    UNUSED(state);
    if (pid == 0) {
        bus_listen(b);
        kill(getpid(), SIGKILL);
    }
    waitpid(pid, NULL, 0);
    publish(b, "to", "the dead");
    assert_true(bus_listen(b) >= 0);
    assert_false(bus_next(b, &m));
    pid = fork();
    if (pid == 0) {
        b->seat = NULL;
        _exit(bus_listen(b) < 0 ? 0 : 1);
    }
    {
        int status;

        waitpid(pid, &status, 0);
        assert_int_equal(status, 0);
    }
    bus_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_wrap),
        cmocka_unit_test(test_lag),
        cmocka_unit_test(test_processes),
        cmocka_unit_test(test_death_while_waking),
        cmocka_unit_test(test_seats),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
