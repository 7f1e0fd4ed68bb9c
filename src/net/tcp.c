/* Sockets as streams: one system call per call, no copy, no state beyond the descriptor and the
 * sticky error. */
#include "net/tcp.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "base/mem.h"
#include "loop/io.h"

struct tcp {
    struct stream stream;
    struct io io;
};

_Static_assert(sizeof(struct tcp) <= 128, "one per idle connection");

static struct mem_cache cache =
    MEM_CACHE(struct tcp, 1024); /* process-wide: shared by all connections */

static inline struct tcp *tcp_of(const struct stream *s)
{
    return CONTAINER_OF(s, struct tcp, stream);
}

static inline int fd_of(const struct stream *s)
{
    return io_fd(&tcp_of(s)->io);
}

/* What a call that answered -1 means. */
static ssize_t failure(struct stream *s)
{
    if (errno == EAGAIN || errno == EWOULDBLOCK)
        return STREAM_AGAIN;
    s->err = err_from_errno(errno);
    return STREAM_FAILED;
}

static ssize_t read_socket(struct stream *s, void *p, size_t n)
{
    ssize_t got;

    CHECK(n > 0); /* 0 would read as the end of the stream */
    if (UNLIKELY(s->err != NULL))
        return STREAM_FAILED;
    do
        got = recv(fd_of(s), p, n, 0);
    while (UNLIKELY(got < 0) && errno == EINTR);
    return LIKELY(got >= 0) ? got : failure(s);
}

static inline ssize_t send_vectors(struct stream *s, const struct iovec *iov, int n, int flags)
{
    ssize_t sent;

    if (UNLIKELY(s->err != NULL))
        return STREAM_FAILED;
    do {
        if (n == 1) {
            sent = send(fd_of(s), iov->iov_base, iov->iov_len, flags);
        } else {
            struct msghdr m = {.msg_iov = (struct iovec *)(uintptr_t)iov, .msg_iovlen = (size_t)n};

            sent = sendmsg(fd_of(s), &m, flags);
        }
    } while (UNLIKELY(sent < 0) && errno == EINTR);
    return LIKELY(sent >= 0) ? sent : failure(s);
}

static ssize_t write_vectors(struct stream *s, const struct iovec *iov, int n)
{
    return send_vectors(s, iov, n, MSG_NOSIGNAL);
}

static ssize_t write_more(struct stream *s, const struct iovec *iov, int n)
{
    return send_vectors(s, iov, n, MSG_NOSIGNAL | MSG_MORE);
}

static ssize_t send_from_file(struct stream *s, int fd, off_t offset, size_t n)
{
    ssize_t sent;

    if (UNLIKELY(s->err != NULL))
        return STREAM_FAILED;
    do
        sent = sendfile(fd_of(s), fd, &offset, n);
    while (UNLIKELY(sent < 0) && errno == EINTR);
    return LIKELY(sent >= 0) ? sent : failure(s);
}

/* The kernel keeps what has come before a reset. */
static bool read_on(struct stream *s)
{
    s->err = NULL;
    return true;
}

static void on_io(struct io *io, int events)
{
    struct tcp *t = CONTAINER_OF(io, struct tcp, io);

    t->stream.on_ready(&t->stream, events);
}

static void watch_socket(struct stream *s, int events)
{
    io_watch(&tcp_of(s)->io, events);
}

static void end_output(struct stream *s)
{
    /* fails only when the connection is gone, which reading tells as well */
    (void)shutdown(fd_of(s), SHUT_WR);
}

static void close_socket(struct stream *s, bool reset)
{
    struct tcp *t = tcp_of(s);
    int fd = fd_of(s);

    io_watch(&t->io, 0);
    if (reset) {
        struct linger linger = {.l_onoff = 1, .l_linger = 0};

        (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    }
    (void)close(fd);
    mem_cache_give(&cache, t);
}

static const struct stream_ops ops = {
    .read = read_socket,
    .writev = write_vectors,
    .writev_more = write_more,
    .sendfile = send_from_file,
    .watch = watch_socket,
    .shutdown = end_output,
    .close = close_socket,
    .fd = fd_of,
    .read_on = read_on,
    .reads_all = true,
};

struct stream *tcp_adopt(int fd)
{
    struct tcp *t = mem_cache_take(&cache);

    t->stream = (struct stream){.ops = &ops};
    io_init(&t->io, fd, on_io);
    return &t->stream;
}

static void set_int(int fd, int level, int name, int value)
{
    (void)setsockopt(fd, level, name, &value, sizeof(value));
}

void tcp_set_nodelay(struct stream *s, bool on)
{
    set_int(stream_fd(s), IPPROTO_TCP, TCP_NODELAY, on);
}

void tcp_set_keepalive(struct stream *s, bool on, int idle, int interval, int count)
{
    int fd = stream_fd(s);

    set_int(fd, SOL_SOCKET, SO_KEEPALIVE, on);
    if (idle > 0)
        set_int(fd, IPPROTO_TCP, TCP_KEEPIDLE, idle);
    if (interval > 0)
        set_int(fd, IPPROTO_TCP, TCP_KEEPINTVL, interval);
    if (count > 0)
        set_int(fd, IPPROTO_TCP, TCP_KEEPCNT, count);
}

enum tcp_peer tcp_ask_peer(int fd, size_t *unread_out)
{
    struct pollfd p = {.fd = fd, .events = POLLRDHUP};
    int unread = 0;

    if (poll(&p, 1, 0) <= 0 || !(p.revents & (POLLRDHUP | POLLHUP | POLLERR)))
        return TCP_PEER_OPEN;
    if (p.revents & (POLLHUP | POLLERR))
        return TCP_PEER_GONE;
    (void)ioctl(fd, FIONREAD, &unread);
    *unread_out = (size_t)unread;
    return TCP_PEER_ENDED;
}
