/* Sockets as streams: one system call per call, no copy, no state beyond the descriptor and the
 * sticky error.
 *
 * Streams that read ahead (tcp_read_ahead) share a system call: those that became readable in a
 * turn are collected, received for together, and only then told. What was received lies in a slot,
 * from where the next read takes it. What a user leaves is moved to memory of its own, and he is
 * told again for as long as he watches, as the kernel would. */
#include "net/tcp.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "base/mem.h"
#include "loop/batch.h"
#include "loop/io.h"
#include "loop/loop.h"
#include "net/sock.h"

enum { AHEAD_SIZE = 8192 };

/* What was received before the user asked for it. */
struct ahead {
    struct tcp *owner; /* NULL: closed meanwhile */
    int events;        /* that the owner is to be told of */
    bool is_full;      /* the socket may have more */
    const char *at;
    size_t n;
    struct loop_call call; /* of one that is no slot */
};

struct tcp {
    struct stream stream;
    struct io io;
    struct ahead *ahead; /* NULL: nothing, and nobody is about to receive for it */
};

_Static_assert(sizeof(struct tcp) <= 128, "one per idle connection");

static struct mem_cache cache =
    MEM_CACHE(struct tcp, 1024); /* process-wide: shared by all connections */

static void receive_all(struct loop_call *call);

static struct {
    unsigned n;
    struct loop_call call;
    struct ahead slots[BATCH_MOST];
    char bytes[BATCH_MOST][AHEAD_SIZE];
} readable = {/* process-wide: the streams that read ahead and are readable in this turn */
              .call = {LIST_INIT(readable.call.node), receive_all}};

static inline struct tcp *tcp_of(const struct stream *s)
{
    return CONTAINER_OF(s, struct tcp, stream);
}

static inline int fd_of(const struct stream *s)
{
    return io_fd(&tcp_of(s)->io);
}

ssize_t tcp_answer(struct stream *s, ssize_t result)
{
    if (LIKELY(result >= 0))
        return result;
    if (result == -EAGAIN || result == -EWOULDBLOCK)
        return STREAM_AGAIN;
    s->err = err_from_errno((int)-result);
    return STREAM_FAILED;
}

/* Of a call that has set errno. */
static inline ssize_t answer(struct stream *s, ssize_t result)
{
    return LIKELY(result >= 0) ? result : tcp_answer(s, -errno);
}

static ssize_t receive(struct stream *s, void *p, size_t n)
{
    ssize_t got;

    do
        got = recv(fd_of(s), p, n, 0);
    while (UNLIKELY(got < 0) && errno == EINTR);
    return answer(s, got);
}

static bool is_slot(const struct ahead *a)
{
    return a >= readable.slots && a < readable.slots + BATCH_MOST;
}

/* Nothing of it is left. */
static void drop_ahead(struct tcp *t)
{
    struct ahead *a = t->ahead;

    a->n = 0;
    if (is_slot(a))
        return; /* deliver, which is about to tell the owner, does the rest */
    loop_cancel(&a->call);
    mem_free(a);
    t->ahead = NULL;
}

static ssize_t take_ahead(struct tcp *t, char *p, size_t n)
{
    struct ahead *a = t->ahead;
    size_t here = MIN(n, a->n);
    bool may_have_more = a->is_full;
    ssize_t more = 0;

    memcpy(p, a->at, here);
    a->at += here;
    a->n -= here;
    if (a->n == 0)
        drop_ahead(t);
    if (here < n && may_have_more) /* who gets less than asked for has got all */
        more = receive(&t->stream, p + here, n - here);
    return (ssize_t)here + MAX(more, 0);
}

static ssize_t read_socket(struct stream *s, void *p, size_t n)
{
    struct tcp *t = tcp_of(s);

    CHECK(n > 0); /* 0 would read as the end of the stream */
    if (UNLIKELY(s->err != NULL))
        return STREAM_FAILED;
    if (t->ahead && t->ahead->n)
        return take_ahead(t, p, n);
    return receive(s, p, n);
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
    return answer(s, sent);
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
    return answer(s, sent);
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

static void on_rest(struct loop_call *call)
{
    struct tcp *t = CONTAINER_OF(call, struct ahead, call)->owner;

    loop_next(call); /* in the next turn, unless it is taken (drop_ahead) or nobody watches */
    t->stream.on_ready(&t->stream, IO_READ);
}

/* The slot is needed for others. */
static void keep_rest(struct tcp *t)
{
    const struct ahead *slot = t->ahead;
    struct ahead *a = mem_alloc(sizeof(*a) + slot->n);

    *a = *slot;
    a->at = memcpy(a + 1, slot->at, slot->n);
    loop_call_init(&a->call, on_rest);
    t->ahead = a;
    if (io_events(&t->io) & IO_READ)
        loop_next(&a->call);
}

/* Tells the owner, and looks at what that has left. */
static void deliver(struct ahead *slot)
{
    struct tcp *t = slot->owner;
    int events = t ? slot->events & io_events(&t->io) : 0;

    if (events)
        t->stream.on_ready(&t->stream, events);
    t = slot->owner; /* it may have been closed */
    if (!t)
        return;
    if (UNLIKELY(slot->n))
        keep_rest(t);
    else
        t->ahead = NULL;
}

/* What came for one. An end is still there when the user reads. */
static void note_received(struct ahead *slot, const struct batch_op *op)
{
    ssize_t got = tcp_answer(&slot->owner->stream, op->result);

    if (got > 0) {
        slot->at = op->bytes;
        slot->n = (size_t)got;
        slot->is_full = got == AHEAD_SIZE;
    } else if (got == STREAM_AGAIN) {
        slot->events &= ~IO_READ;
    }
}

/* Receives for all who still want it, unless that is one, who may as well read itself. */
static void fill_slots(void)
{
    struct batch_op ops[BATCH_MOST];
    struct ahead *wanting[BATCH_MOST];
    unsigned n = 0;

    for (unsigned i = 0; i < readable.n; i++) {
        struct ahead *slot = &readable.slots[i];

        if (!slot->owner || !(io_events(&slot->owner->io) & IO_READ))
            continue;
        ops[n] = (struct batch_op){
            .fd = io_fd(&slot->owner->io), .bytes = readable.bytes[i], .n = AHEAD_SIZE};
        wanting[n++] = slot;
    }
    if (n < 2)
        return;
    batch_run(ops, n);
    for (unsigned i = 0; i < n; i++)
        note_received(wanting[i], &ops[i]);
}

/* Told are first those whom the kernel named first, which is in the reverse order of libev's
 * callbacks: what has come on an idle connection is seen before somebody asks for one. */
static void receive_all(struct loop_call *call)
{
    unsigned n = readable.n;

    UNUSED(call);
    fill_slots();
    for (unsigned i = n; i-- > 0;)
        deliver(&readable.slots[i]);
    for (unsigned i = n; i < readable.n; i++) /* accepted meanwhile */
        deliver(&readable.slots[i]);
    readable.n = 0;
}

/* A place among those that are received for at the end of this turn's events. */
static void take_slot(struct tcp *t, int events)
{
    struct ahead *slot = &readable.slots[readable.n++];

    *slot = (struct ahead){.owner = t, .events = events};
    t->ahead = slot;
    loop_after_events(&readable.call);
}

/* As on_io, but reading waits for the others of this turn. */
static void on_io_ahead(struct io *io, int events)
{
    struct tcp *t = CONTAINER_OF(io, struct tcp, io);

    if (!(events & IO_READ) || t->ahead || t->stream.err) {
        on_io(io, events);
        return;
    }
    take_slot(t, events);
    if (readable.n == BATCH_MOST)
        receive_all(NULL);
}

void tcp_read_soon(struct stream *s)
{
    struct tcp *t = tcp_of(s);

    if (t->io.fn == on_io_ahead && !t->ahead && readable.n < BATCH_MOST - 1)
        take_slot(t, IO_READ);
}

static void watch_socket(struct stream *s, int events)
{
    struct tcp *t = tcp_of(s);

    io_watch(&t->io, events);
    if (LIKELY(!t->ahead) || is_slot(t->ahead))
        return;
    if (events & IO_READ)
        loop_next(&t->ahead->call);
    else
        loop_cancel(&t->ahead->call);
}

static size_t count_ahead(const struct stream *s)
{
    const struct ahead *a = tcp_of(s)->ahead;

    return a ? a->n : 0;
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
    if (t->ahead) {
        t->ahead->owner = NULL;
        drop_ahead(t);
    }
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
    .unread = count_ahead,
    .reads_all = true,
};

struct stream *tcp_adopt(int fd)
{
    struct tcp *t = mem_cache_take(&cache);

    t->stream = (struct stream){.ops = &ops};
    t->ahead = NULL;
    io_init(&t->io, fd, on_io);
    return &t->stream;
}

bool tcp_is(const struct stream *s)
{
    return s->ops == &ops;
}

bool tcp_read_ahead(struct stream *s)
{
    if (!tcp_is(s) || !batch_is_joint())
        return false;
    tcp_of(s)->io.fn = on_io_ahead;
    return true;
}

void tcp_set_nodelay(struct stream *s, bool on)
{
    (void)sock_set(stream_fd(s), IPPROTO_TCP, TCP_NODELAY, on);
}

void tcp_set_keepalive(struct stream *s, bool on, int idle, int interval, int count)
{
    int fd = stream_fd(s);

    (void)sock_set(fd, SOL_SOCKET, SO_KEEPALIVE, on);
    if (idle > 0)
        (void)sock_set(fd, IPPROTO_TCP, TCP_KEEPIDLE, idle);
    if (interval > 0)
        (void)sock_set(fd, IPPROTO_TCP, TCP_KEEPINTVL, interval);
    if (count > 0)
        (void)sock_set(fd, IPPROTO_TCP, TCP_KEEPCNT, count);
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

bool tcp_is_quiet(const struct stream *s)
{
    struct pollfd p = {.fd = stream_fd(s), .events = POLLIN | POLLRDHUP};

    return !s->err && !stream_unread(s) && poll(&p, 1, 0) == 0;
}

bool tcp_ask_figures(int fd, struct tcp_figures *out)
{
    struct tcp_info info;
    socklen_t size = sizeof(info);

    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) < 0)
        return false;
    *out = (struct tcp_figures){info.tcpi_rtt, info.tcpi_rttvar, info.tcpi_snd_cwnd,
                                info.tcpi_rcv_space};
    return true;
}
