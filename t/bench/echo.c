/*
 * Echo for t/bench: a client that sends messages and waits for each to come back, and the server
 * behind proxies. One thread, one epoll, closed loop.
 *
 *   -S           be the server: what comes on `port`, by TCP and by UDP, goes back; until stdin ends
 *   -p port  -c connections  -b bytes of a message  -U  by UDP  -s source addresses (127.0.0.2 ...)
 *   -w seconds   warm up    -t seconds  measure    -n count  so many messages instead of a time
 *   -I           one message per connection, then hold them open: prints `held N` and waits for the
 *                end of stdin
 *   -P pid,pid   the processes whose CPU time counts, from /proc/PID/stat
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
#define EVENTS       256

struct conn {
    int fd;
    size_t sent, received;
    double since;
};

static struct {
    int port, connections, sources;
    size_t bytes;
    double warm, seconds;
    uint64_t count;
    bool is_udp, is_idle, is_server;
    const char *pids;
} opt = {.connections = 50, .sources = 1, .bytes = 64, .warm = 0.3, .seconds = 3, .pids = ""};

static struct {
    int epoll;
    uint64_t requests, failed;
    struct conn *conns;
} run;

static char message[MESSAGE_MOST], room[MESSAGE_MOST];

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
    ssize_t n = send(c->fd, message + c->sent, opt.bytes - c->sent, MSG_NOSIGNAL | MSG_DONTWAIT);

    if (n > 0)
        c->sent += (size_t)n;
}

static void begin(struct conn *c)
{
    c->sent = c->received = 0;
    c->since = now();
    send_some(c);
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
    c->received += (size_t)n;
    if (c->sent < opt.bytes)
        send_some(c);
    if (c->received < opt.bytes)
        return;
    run.requests++;
    if (!opt.is_idle)
        begin(c);
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
    watch(c->fd, c);
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

static void turns_for(uint64_t count)
{
    for (uint64_t end = run.requests + count; run.requests < end;)
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

static void be_client(void)
{
    uint64_t user, sys, user_end, sys_end, before;
    double start;

    run.conns = calloc((size_t)opt.connections, sizeof *run.conns);
    for (int i = 0; i < opt.connections; i++)
        open_conn(&run.conns[i], i);
    if (opt.is_idle) {
        hold();
        return;
    }
    turns_until(now() + opt.warm);
    before = run.requests;
    run.failed = 0;
    read_cpu(&user, &sys);
    start = now();
    if (opt.count)
        turns_for(opt.count);
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
    case 'n':
        opt.count = strtoull(value, NULL, 10);
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

    while ((c = getopt(argc, argv, "SUIp:c:s:b:w:t:n:P:")) != -1)
        set_option(c, optarg);
    if (opt.bytes < 1 || opt.bytes > MESSAGE_MOST || opt.connections < 1 || opt.sources < 1)
        exit(2);
    raise_files();
    memset(message, 'x', opt.bytes);
    run.epoll = epoll_create1(0);
    if (opt.is_server)
        be_server();
    else
        be_client();
    return opt.is_server || run.requests ? 0 : 1;
}
