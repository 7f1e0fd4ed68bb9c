/* Senders as streams: told apart, read message by message, answered, parted, closed. */
#include "net/udp_peers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/clock.h"
#include "loop/loop.h"
#include "net/udp.h"

static struct udp_peers peers;
static struct addr address;
static struct stream *made[4];
static unsigned n_made, n_ready;
static bool has_room;

static void on_ready(struct stream *s, int events)
{
    assert_true(events & IO_READ);
    assert_ptr_equal(s->user, &n_ready);
    n_ready++;
}

static void on_new(struct udp_peers *u, struct stream *s, const struct addr *peer)
{
    assert_ptr_equal(u, &peers);
    assert_int_equal(peer->sa.sa_family, AF_INET);
    s->user = &n_ready;
    s->on_ready = on_ready;
    made[n_made++] = s;
}

static bool may_open(struct udp_peers *u)
{
    assert_ptr_equal(u, &peers);
    return has_room;
}

static int set_up(void **state)
{
    struct udp_options o = {.rcvbuf = 0};
    int fd;

    UNUSED(state);
    clock_update();
    loop_init(LOOP_BEST);
    assert_true(addr_literal(SLICE("127.0.0.1"), &address));
    assert_null(udp_open(&address, &o, &fd));
    assert_null(addr_of_fd(fd, false, &address));
    udp_peers_init(&peers, fd, on_new);
    peers.may_open = may_open;
    udp_peers_start(&peers);
    n_made = n_ready = 0;
    has_room = true;
    return 0;
}

static int tear_down(void **state)
{
    UNUSED(state);
    for (unsigned i = 0; i < n_made; i++)
        stream_close(&made[i], false);
    assert_int_equal(peers.n, 0);
    udp_peers_close(&peers);
    loop_turn(false);
    loop_deinit();
    return 0;
}

static int client(void)
{
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    assert_int_equal(connect(fd, &address.sa, address.len), 0);
    return fd;
}

static void say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), 0), strlen(text));
}

static void turns(void)
{
    for (int i = 0; i < 5; i++)
        loop_turn(false);
}

static void check_read(struct stream *s, const char *text)
{
    char room[100];
    ssize_t n = stream_read(s, room, sizeof(room));

    assert_int_equal(n, strlen(text));
    assert_memory_equal(room, text, strlen(text));
}

static void test_empty(void **state)
{
    int a = client();
    char room[100];

    UNUSED(state);
    say(a, "");
    say(a, "x");
    say(a, "");
    turns();
    assert_int_equal(n_made, 1);
    assert_int_equal(stream_read(made[0], room, sizeof(room)), STREAM_EMPTY);
    check_read(made[0], "x");
    assert_int_equal(stream_read(made[0], room, sizeof(room)), STREAM_EMPTY);
    assert_int_equal(stream_read(made[0], room, sizeof(room)), STREAM_AGAIN);
    assert_int_equal(stream_writev(made[0], NULL, 0), 0);
    turns();
    assert_int_equal(recv(a, room, sizeof(room), 0), 0);
    close(a);
}

static void test_senders(void **state)
{
    int a = client(), b = client();
    struct iovec answer[2] = {{(char *)"an ", 3}, {(char *)"answer", 6}};
    char room[100];

    UNUSED(state);
    say(a, "one");
    say(b, "two");
    say(a, "three");
    turns();
    assert_int_equal(n_made, 2);
    check_read(made[0], "one");
    check_read(made[0], "three");
    assert_int_equal(stream_read(made[0], room, 1), STREAM_AGAIN);
    assert_int_equal(stream_read(made[1], room, 1), 1); /* the rest of a message is lost */
    assert_int_equal(stream_read(made[1], room, 1), STREAM_AGAIN);
    assert_int_equal(stream_writev(made[1], answer, 2), 9);
    turns();
    assert_int_equal(recv(b, room, sizeof(room), 0), 9);
    assert_memory_equal(room, "an answer", 9);
    assert_int_equal(stream_fd(made[0]), -1);
    close(a);
    close(b);
}

/* Called as long as there is something to read, and only when asked for. */
static void test_readiness(void **state)
{
    int a = client();

    UNUSED(state);
    say(a, "one");
    turns();
    assert_int_equal(n_ready, 0);
    stream_watch(made[0], IO_READ);
    turns();
    assert_true(n_ready > 1);
    check_read(made[0], "one");
    turns();
    n_ready = 0;
    turns();
    assert_int_equal(n_ready, 0);
    say(a, "two");
    turns();
    assert_true(n_ready > 0);
    stream_watch(made[0], 0);
    n_ready = 0;
    turns();
    assert_int_equal(n_ready, 0);
    close(a);
}

static void test_parting(void **state)
{
    int a = client();
    struct iovec v = {(char *)"still", 5};
    char room[10];

    UNUSED(state);
    say(a, "one");
    turns();
    udp_peers_part(made[0]);
    udp_peers_part(made[0]);
    say(a, "two");
    turns();
    assert_int_equal(n_made, 2);
    check_read(made[1], "two");
    assert_int_equal(stream_writev(made[0], &v, 1), 5);
    turns();
    assert_int_equal(recv(a, room, sizeof(room), 0), 5);
    close(a);
}

static void test_limits(void **state)
{
    int a = client(), b = client();

    UNUSED(state);
    say(a, "in");
    turns();
    has_room = false;
    say(b, "lost");
    turns();
    assert_int_equal(n_made, 1);
    has_room = true;
    for (int i = 0; i < UDP_PEERS_QUEUE_MOST + 50; i++) {
        say(a, "x");
        if (i % 16 == 0)
            turns();
    }
    turns();
    check_read(made[0], "in");
    for (int i = 1; i < UDP_PEERS_QUEUE_MOST; i++)
        check_read(made[0], "x");
    assert_int_equal(stream_read(made[0], &(char){0}, 1), STREAM_AGAIN);
    close(a);
    close(b);
}

static void test_finish(void **state)
{
    int a = client();

    UNUSED(state);
    say(a, "last");
    udp_peers_finish(&peers);
    say(a, "too late");
    turns();
    assert_int_equal(n_made, 1);
    check_read(made[0], "last");
    assert_int_equal(stream_read(made[0], &(char){0}, 1), STREAM_AGAIN);
    close(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_senders, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_empty, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_readiness, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_parting, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_limits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_finish, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
