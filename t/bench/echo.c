/*
 * Echo for t/bench: a client that sends messages and waits for each to come back, and the server
 * behind proxies. One thread, one epoll, closed loop.
 *
 *   -S           be the server: what comes on `port`, by TCP and by UDP, goes back; until stdin ends
 *   -p port  -c connections  -b bytes of a message  -U  by UDP  -s source addresses (127.0.0.2 ...)
 *   -w seconds   warm up    -t seconds  measure
 *   -I           one message per connection, then hold them open: prints `held N` and waits for the
 *                end of stdin
 *   -P pid,pid   the processes whose CPU time counts, from /proc/PID/stat
 *
 *   -W path      WebSockets: after the handshake each message is a binary frame
 *   -R           a room: the first connection sends, all get it; a message counts once for each
 *   -E path      server-sent events: asks for them and counts those that come
 *   -n messages  in place of -w and -t: until that many have come back
 *
 * Prints: requests=N seconds=S user=TICKS sys=TICKS bytes=N failed=N. A datagram that does not come
 * back within a second counts as failed and is sent again.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MESSAGE_MOST (1 << 20)
#define FRAME_MOST   (MESSAGE_MOST + 14)
#define EVENTS       256

struct conn {
    int fd;
    size_t sent, received;
    double since;
    char last; /* byte of an event stream */
};

static struct {
    int port, connections, sources;
    size_t bytes;
    double warm, seconds;
    uint64_t count;
    bool is_udp, is_idle, is_server, is_room;
    const char *pids, *path, *events;
} opt = {.connections = 50, .sources = 1, .bytes = 64, .warm = 0.3, .seconds = 3, .pids = ""};

static struct {
    int epoll, left_in_room;
    uint64_t requests, failed;
    size_t wanted; /* bytes of an answer */
    struct conn *conns;
} run;

static char message[FRAME_MOST], room[MESSAGE_MOST];
static size_t message_n;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Adds the ticks of one process. */
static void add_cpu(long pid, uint64_t *user, uint64_t *sys)
{
    char path[64], text[1024];
    unsigned long u = 0, s = 0;
    size_t n;
    FILE *f;

    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    if (!(f = fopen(path, "r")))
        return;
    n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[n] = '\0';
    if (strrchr(text, ')') &&
        sscanf(strrchr(text, ')'), ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &u,
               &s) == 2) {
        *user += u;
        *sys += s;
    }
}

static void read_cpu(uint64_t *user, uint64_t *sys)
{
    const char *p = opt.pids;
    char *end;

    *user = *sys = 0;
    while (*p) {
        add_cpu(strtol(p, &end, 10), user, sys);
        p = *end == ',' ? end + 1 : "";
    }
}

static struct sockaddr_in address(int last, int port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(0x7f000000u + (uint32_t)last)};
}

static void watch(int fd, void *what)
{
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = what};

    if (epoll_ctl(run.epoll, EPOLL_CTL_ADD, fd, &e) < 0)
        die("epoll_ctl");
}

static void raise_files(void)
{
    struct rlimit r;

    if (getrlimit(RLIMIT_NOFILE, &r) == 0) {
        r.rlim_cur = r.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &r);
    }
}

/* --- the client --- */

/* Sends what is left of a message; what the socket does not take follows when answers come. */
static void send_some(struct conn *c)
{
    ssize_t n = send(c->fd, message + c->sent, message_n - c->sent, MSG_NOSIGNAL | MSG_DONTWAIT);

    if (n > 0)
        c->sent += (size_t)n;
}

static void begin(struct conn *c)
{
    c->sent = c->received = 0;
    c->since = now();
    send_some(c);
}

/* The next message is sent when the last member has the one before. */
static void on_member_has_it(struct conn *c)
{
    c->received = 0;
    if (--run.left_in_room > 0)
        return;
    run.left_in_room = opt.connections;
    begin(run.conns);
}

/* Each ends with an empty line. */
static void count_events(struct conn *c, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (room[i] == '\n' && c->last == '\n')
            run.requests++;
        c->last = room[i];
    }
}

static void on_readable(struct conn *c)
{
    ssize_t n = recv(c->fd, room, sizeof room, MSG_DONTWAIT);

    if (n == 0 || (n < 0 && errno != EAGAIN && !opt.is_udp)) {
        fprintf(stderr, "a connection has ended\n");
        exit(1);
    }
    if (n < 0)
        return;
    if (opt.events) {
        count_events(c, (size_t)n);
        return;
    }
    c->received += (size_t)n;
    if (c->sent < message_n)
        send_some(c);
    if (c->received < run.wanted)
        return;
    run.requests++;
    if (opt.is_room)
        on_member_has_it(c);
    else if (!opt.is_idle)
        begin(c);
}

/* Asks for a WebSocket and waits for the answer; nothing may follow it. */
static void shake_hands(int fd)
{
    size_t n = 0;
    ssize_t got;

    dprintf(fd,
            "GET %s HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            opt.path);
    while (n < 12 || !memmem(room, n, "\r\n\r\n", 4)) {
        got = recv(fd, room + n, sizeof room - n, 0);
        if (got <= 0)
            die("handshake");
        n += (size_t)got;
    }
    if (memcmp(room, "HTTP/1.1 101", 12) != 0 || memcmp(room + n - 4, "\r\n\r\n", 4) != 0) {
        fprintf(stderr, "no WebSocket: %.*s\n", (int)n, room);
        exit(1);
    }
}

static void open_conn(struct conn *c, int i)
{
    struct sockaddr_in to = address(1, opt.port), from = address(2 + i % opt.sources, 0);
    int one = 1;

    c->fd = socket(AF_INET, opt.is_udp ? SOCK_DGRAM : SOCK_STREAM, 0);
    if (c->fd < 0)
        die("socket");
    if (opt.sources > 1)
        (void)bind(c->fd, (struct sockaddr *)&from, sizeof from);
    if (connect(c->fd, (struct sockaddr *)&to, sizeof to) < 0)
        die("connect");
    if (!opt.is_udp)
        (void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (opt.path)
        shake_hands(c->fd);
    watch(c->fd, c);
    if (opt.events)
        dprintf(c->fd, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", opt.events);
    else if (!opt.is_room)
        begin(c);
}

static void turn(void)
{
    struct epoll_event events[EVENTS];
    int n = epoll_wait(run.epoll, events, EVENTS, 100);

    for (int i = 0; i < n; i++)
        on_readable(events[i].data.ptr);
    for (int i = 0; n == 0 && opt.is_udp && i < opt.connections; i++) {
        if (now() - run.conns[i].since < 1)
            continue;
        run.failed++;
        begin(&run.conns[i]);
    }
}

static void turns_until(double end)
{
    while (now() < end)
        turn();
}

static void hold(void)
{
    double end = now() + 60;

    while (run.requests < (uint64_t)opt.connections && now() < end)
        turn();
    printf("held %llu\n", (unsigned long long)run.requests);
    fflush(stdout);
    while (read(0, room, sizeof room) > 0)
        ;
}

static size_t head_of_frame(unsigned char *head, unsigned mask_bit)
{
    unsigned bytes = opt.bytes < 126 ? 0 : opt.bytes <= 65535 ? 2 : 8;

    head[0] = 0x82;
    head[1] = (unsigned char)(mask_bit | (bytes == 0 ? opt.bytes : bytes == 2 ? 126 : 127));
    for (unsigned i = 0; i < bytes; i++)
        head[2 + i] = (unsigned char)((uint64_t)opt.bytes >> 8 * (bytes - 1 - i));
    return 2 + bytes;
}

/* What is sent, and how much comes back. */
static void make_message(void)
{
    static const char mask[4] = {1, 2, 3, 4};
    unsigned char head[14];
    size_t n = 0;

    run.wanted = opt.bytes;
    if (opt.path) {
        run.wanted += head_of_frame(head, 0);
        n = head_of_frame((unsigned char *)message, 0x80);
        memcpy(message + n, mask, 4);
        n += 4;
    }
    for (size_t i = 0; i < opt.bytes; i++)
        message[n + i] = (char)('x' ^ (opt.path ? mask[i & 3] : 0));
    message_n = n + opt.bytes;
}

static void be_client(void)
{
    uint64_t user, sys, user_end, sys_end, before;
    double start;

    run.conns = calloc((size_t)opt.connections, sizeof *run.conns);
    for (int i = 0; i < opt.connections; i++)
        open_conn(&run.conns[i], i);
    if (opt.is_room) {
        run.left_in_room = opt.connections;
        begin(run.conns);
    }
    if (opt.is_idle) {
        hold();
        return;
    }
    if (!opt.count)
        turns_until(now() + opt.warm);
    before = run.requests;
    run.failed = 0;
    read_cpu(&user, &sys);
    start = now();
    if (opt.count)
        while (run.requests < opt.count)
            turn();
    else
        turns_until(start + opt.seconds);
    read_cpu(&user_end, &sys_end);
    printf("requests=%llu seconds=%.3f user=%llu sys=%llu bytes=%llu failed=%llu\n",
           (unsigned long long)(run.requests - before), now() - start,
           (unsigned long long)(user_end - user), (unsigned long long)(sys_end - sys),
           (unsigned long long)((run.requests - before) * opt.bytes),
           (unsigned long long)run.failed);
}

/* --- the server --- */

static int open_server(int type)
{
    struct sockaddr_in at = address(1, opt.port);
    int fd = socket(AF_INET, type | SOCK_NONBLOCK, 0), one = 1;

    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) < 0 ||
        (type == SOCK_STREAM && listen(fd, 4096) < 0))
        die("bind");
    return fd;
}

static void accept_all(int listening)
{
    int fd, one = 1;

    while ((fd = accept4(listening, NULL, NULL, 0)) >= 0) {
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        watch(fd, (void *)(intptr_t)fd);
    }
}

static void answer_datagrams(int fd)
{
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    ssize_t n;

    while ((n = recvfrom(fd, room, sizeof room, 0, (struct sockaddr *)&from, &size)) >= 0)
        (void)sendto(fd, room, (size_t)n, 0, (struct sockaddr *)&from, size);
}

/* The peer reads, so a blocking send comes to an end. */
static void answer(int fd)
{
    ssize_t n = recv(fd, room, sizeof room, 0);

    if (n <= 0 || send(fd, room, (size_t)n, MSG_NOSIGNAL) != n)
        close(fd);
}

static void be_server(void)
{
    int tcp = open_server(SOCK_STREAM), udp = open_server(SOCK_DGRAM);

    watch(tcp, (void *)(intptr_t)tcp);
    watch(udp, (void *)(intptr_t)udp);
    watch(0, (void *)(intptr_t)0);
    for (;;) {
        struct epoll_event events[EVENTS];
        int n = epoll_wait(run.epoll, events, EVENTS, -1);

        for (int i = 0; i < n; i++) {
            int fd = (int)(intptr_t)events[i].data.ptr;

            if (fd == 0)
                return;
            if (fd == tcp)
                accept_all(fd);
            else if (fd == udp)
                answer_datagrams(fd);
            else
                answer(fd);
        }
    }
}

static void set_option(int c, const char *value)
{
    switch (c) {
    case 'S':
        opt.is_server = true;
        break;
    case 'U':
        opt.is_udp = true;
        break;
    case 'I':
        opt.is_idle = true;
        break;
    case 'R':
        opt.is_room = true;
        break;
    case 'W':
        opt.path = value;
        break;
    case 'E':
        opt.events = value;
        break;
    case 'n':
        opt.count = strtoull(value, NULL, 10);
        break;
    case 'p':
        opt.port = atoi(value);
        break;
    case 'c':
        opt.connections = atoi(value);
        break;
    case 's':
        opt.sources = atoi(value);
        break;
    case 'b':
        opt.bytes = (size_t)atol(value);
        break;
    case 'w':
        opt.warm = atof(value);
        break;
    case 't':
        opt.seconds = atof(value);
        break;
    case 'P':
        opt.pids = value;
        break;
    default:
        exit(2);
    }
}

int main(int argc, char **argv)
{
    int c;

    while ((c = getopt(argc, argv, "SUIRp:c:s:b:w:t:P:W:E:n:")) != -1)
        set_option(c, optarg);
    if (opt.bytes < 1 || opt.bytes > MESSAGE_MOST || opt.connections < 1 || opt.sources < 1)
        exit(2);
    raise_files();
    make_message();
    run.epoll = epoll_create1(0);
    if (opt.is_server)
        be_server();
    else
        be_client();
    return opt.is_server || run.requests ? 0 : 1;
}
