/*
 * A load generator for t/bench: one thread, one epoll, closed loop. Each connection sends its
 * requests, waits for all their answers, and begins again. Before and after the measured time it
 * reads the CPU time of the server's processes from /proc/PID/stat, so that connecting and warming
 * up are not in the figures.
 *
 *   -p port  -u path  -c connections  -s source addresses (127.0.0.2 ...)
 *   -k depth     requests sent at once on a connection
 *   -b bytes     POST a body of that size, or -B text: that body; -m: the size is of one that is a
 *                file of a form, with the boundary `b`
 *   -h 'Name: value'  a further field (repeat)
 *   -C           a new connection for each request
 *   -I           one request per connection, then hold them open: prints `held N` and waits for the
 * end of stdin -w seconds   warm up    -t seconds  measure    -n requests  measure that many
 * instead of a time -P pid,pid   the processes whose CPU time counts
 *
 * Prints: requests=N seconds=S user=TICKS sys=TICKS bytes=N failed=N. Exits 1 when nothing was
 * answered.
 */
#include "frame.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTING_MOST 256
#define FIELDS_MOST     4096
#define READ_SIZE       (256 * 1024)

struct conn {
    int fd;
    bool is_connected;
    bool is_held;
    bool wants_write;
    bool is_over;      /* answered; the server closes next */
    unsigned answered; /* of the batch under way */
    size_t sent;       /* bytes of the batch under way */
    struct frame frame;
};

static struct {
    int port, connections, depth, sources;
    bool is_closing, is_idle, is_form;
    double warm, seconds;
    uint64_t most;
    size_t body;
    const char *text; /* NULL: any bytes */
    const char *path, *pids;
    char fields[FIELDS_MOST];
} opt = {.connections = 50,
         .depth = 1,
         .sources = 1,
         .warm = 0.3,
         .seconds = 3,
         .path = "/",
         .pids = ""};

static struct {
    int epoll, connecting, opened, held, next_source;
    uint64_t requests, failed, bytes;
    char *batch;
    size_t batch_n;
    struct conn *conns;
} run;

static char room[READ_SIZE];

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

static void build_body(char *body)
{
    static const char first[] =
        "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\n";
    static const char last[] = "\r\n--b--\r\n";

    if (opt.text)
        memcpy(body, opt.text, opt.body);
    else
        memset(body, 'x', opt.body);
    if (!opt.is_form || opt.body < sizeof first + sizeof last)
        return;
    memcpy(body, first, sizeof first - 1);
    memcpy(body + opt.body - (sizeof last - 1), last, sizeof last - 1);
}

/* The bytes that a connection sends at once: `depth` equal requests. */
static void build_batch(void)
{
    const char *connection = opt.is_closing ? "Connection: close\r\n" : "";
    char head[FIELDS_MOST + 1024], length[64] = "";
    size_t head_n, one;

    if (opt.body)
        snprintf(length, sizeof length, "Content-Length: %zu\r\n", opt.body);
    head_n = (size_t)snprintf(
        head, sizeof head, "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n%s%s%s\r\n",
        opt.body ? "POST" : "GET", opt.path, opt.port, connection, length, opt.fields);
    one = head_n + opt.body;
    run.batch_n = one * (size_t)opt.depth;
    if (!(run.batch = malloc(run.batch_n)))
        die("malloc");
    for (int i = 0; i < opt.depth; i++) {
        memcpy(run.batch + one * (size_t)i, head, head_n);
        build_body(run.batch + one * (size_t)i + head_n);
    }
}

static void watch(struct conn *c, int op, uint32_t events)
{
    struct epoll_event e = {.events = events, .data.ptr = c};

    if (epoll_ctl(run.epoll, op, c->fd, &e))
        die("epoll_ctl");
}

static void bind_source(int fd)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    const int one = 1;

    if (opt.sources <= 1)
        return;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + (uint32_t)(run.next_source++ % opt.sources));
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&a, sizeof a))
        die("bind");
}

static void open_conn(struct conn *c)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)opt.port)};
    const int one = 1;

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if ((c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)) < 0)
        die("socket");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    bind_source(c->fd);
    if (connect(c->fd, (struct sockaddr *)&a, sizeof a) && errno != EINPROGRESS)
        die("connect");
    c->is_connected = false;
    c->wants_write = true;
    c->is_over = false;
    c->answered = 0;
    c->sent = 0;
    memset(&c->frame, 0, offsetof(struct frame, head));
    run.connecting++;
    watch(c, EPOLL_CTL_ADD, EPOLLIN | EPOLLOUT);
}

static void reopen(struct conn *c)
{
    run.connecting -= !c->is_connected;
    close(c->fd);
    open_conn(c);
}

static void fail(struct conn *c)
{
    if (++run.failed > 1000 && run.requests == 0) {
        fprintf(stderr, "nothing but failures (last status %d)\n", c->frame.status);
        exit(1);
    }
    reopen(c);
}

static void set_write(struct conn *c, bool wants)
{
    if (c->wants_write == wants)
        return;
    c->wants_write = wants;
    watch(c, EPOLL_CTL_MOD, wants ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

static void send_batch(struct conn *c)
{
    const ssize_t n = send(c->fd, run.batch + c->sent, run.batch_n - c->sent, MSG_NOSIGNAL);

    if (n < 0 && errno != EAGAIN) {
        fail(c);
        return;
    }
    c->sent += n > 0 ? (size_t)n : 0;
    set_write(c, c->sent < run.batch_n);
}

static void on_batch_answered(struct conn *c)
{
    c->answered = 0;
    if (opt.is_idle) {
        run.held += !c->is_held;
        c->is_held = true;
    } else if (opt.is_closing) {
        c->is_over = true;
    } else {
        c->sent = 0;
        send_batch(c);
    }
}

/* Returns false when the connection is another one now. */
static bool on_answer(struct conn *c)
{
    if (c->frame.status != 200) {
        fail(c);
        return false;
    }
    run.requests++;
    if (++c->answered < (unsigned)opt.depth)
        return true;
    on_batch_answered(c);
    return false;
}

static void on_closed(struct conn *c, bool is_clean)
{
    const bool is_end = is_clean && frame_close(&c->frame) && c->frame.status == 200;

    if (!c->is_over && !is_end) {
        fail(c);
        return;
    }
    run.requests += !c->is_over;
    reopen(c);
}

static void on_readable(struct conn *c)
{
    ssize_t n = recv(c->fd, room, sizeof room, 0);
    size_t used = 0;
    bool is_done;

    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0) {
        on_closed(c, n == 0);
        return;
    }
    run.bytes += (uint64_t)n;
    while (used < (size_t)n) {
        used += frame_take(&c->frame, room + used, (size_t)n - used, &is_done);
        if (is_done && !on_answer(c))
            return;
    }
}

static void on_event(struct conn *c, uint32_t events)
{
    if (!c->is_connected && events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) {
        c->is_connected = true;
        run.connecting--;
    }
    if (events & EPOLLOUT && c->sent < run.batch_n)
        send_batch(c);
    if (events & (EPOLLIN | EPOLLERR | EPOLLHUP))
        on_readable(c);
}

static void turn(void)
{
    struct epoll_event events[512];
    int n;

    while (run.opened < opt.connections && run.connecting < CONNECTING_MOST)
        open_conn(&run.conns[run.opened++]);
    n = epoll_wait(run.epoll, events, 512, 20);
    for (int i = 0; i < n; i++)
        on_event(events[i].data.ptr, events[i].events);
}

static void hold(void)
{
    const double limit = now() + 60;
    char c;

    while (run.held < opt.connections && now() < limit)
        turn();
    printf("held %d\n", run.held);
    fflush(stdout);
    while (read(STDIN_FILENO, &c, 1) > 0)
        ;
    exit(run.held == opt.connections ? 0 : 1);
}

static void warm_up(void)
{
    const double start = now();

    while (now() < start + opt.warm || run.opened < opt.connections || run.connecting > 0) {
        turn();
        if (now() > start + opt.warm + 30) {
            fprintf(stderr, "could not connect: %d of %d\n", run.opened - run.connecting,
                    opt.connections);
            exit(1);
        }
        if (opt.is_closing && now() >= start + opt.warm)
            break;
    }
}

static void measure(void)
{
    uint64_t user, sys, user_end, sys_end;
    double start, end;

    warm_up();
    run.requests = run.failed = run.bytes = 0;
    read_cpu(&user, &sys);
    start = now();
    do {
        turn();
        end = now();
    } while (opt.most ? run.requests < opt.most && end < start + 3600 : end < start + opt.seconds);
    read_cpu(&user_end, &sys_end);
    printf("requests=%llu seconds=%.4f user=%llu sys=%llu bytes=%llu failed=%llu\n",
           (unsigned long long)run.requests, end - start, (unsigned long long)(user_end - user),
           (unsigned long long)(sys_end - sys), (unsigned long long)run.bytes,
           (unsigned long long)run.failed);
    exit(run.requests ? 0 : 1);
}

static void add_field(const char *field)
{
    const size_t n = strlen(opt.fields);

    if (n + strlen(field) + 3 > sizeof opt.fields) {
        fprintf(stderr, "too many fields\n");
        exit(2);
    }
    snprintf(opt.fields + n, sizeof opt.fields - n, "%s\r\n", field);
}

static bool set_number(int c, const char *value)
{
    switch (c) {
    case 'p':
        opt.port = (int)strtol(value, NULL, 10);
        return true;
    case 'c':
        opt.connections = (int)strtol(value, NULL, 10);
        return true;
    case 's':
        opt.sources = (int)strtol(value, NULL, 10);
        return true;
    case 'k':
        opt.depth = (int)strtol(value, NULL, 10);
        return true;
    case 'b':
        opt.body = strtoul(value, NULL, 10);
        return true;
    case 'B':
        opt.text = value;
        opt.body = strlen(value);
        return true;
    case 'n':
        opt.most = strtoull(value, NULL, 10);
        return true;
    case 'w':
        opt.warm = strtod(value, NULL);
        return true;
    case 't':
        opt.seconds = strtod(value, NULL);
        return true;
    default:
        return false;
    }
}

static void read_options(int argc, char **argv)
{
    int c;

    while ((c = getopt(argc, argv, "p:u:c:s:k:b:B:h:CImw:t:n:P:")) != -1) {
        if (set_number(c, optarg))
            continue;
        else if (c == 'u')
            opt.path = optarg;
        else if (c == 'h')
            add_field(optarg);
        else if (c == 'P')
            opt.pids = optarg;
        else if (c == 'm')
            opt.is_form = true;
        else if (c == 'C')
            opt.is_closing = true;
        else if (c == 'I')
            opt.is_idle = true;
        else
            exit(2);
    }
    if (opt.port <= 0 || opt.connections <= 0 || opt.depth <= 0) {
        fprintf(stderr, "load: -p PORT is needed; counts are positive\n");
        exit(2);
    }
}

static void raise_files(void)
{
    const rlim_t wanted = (rlim_t)opt.connections + 64;
    struct rlimit r;

    getrlimit(RLIMIT_NOFILE, &r);
    if (r.rlim_cur >= wanted)
        return;
    r.rlim_cur = wanted;
    r.rlim_max = r.rlim_max > wanted ? r.rlim_max : wanted;
    if (setrlimit(RLIMIT_NOFILE, &r))
        die("setrlimit");
}

int main(int argc, char **argv)
{
    read_options(argc, argv);
    raise_files();
    signal(SIGPIPE, SIG_IGN);
    build_batch();
    if ((run.epoll = epoll_create1(0)) < 0)
        die("epoll_create1");
    if (!(run.conns = calloc((size_t)opt.connections, sizeof *run.conns)))
        die("calloc");
    if (opt.is_idle)
        hold();
    measure();
}
