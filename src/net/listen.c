/* Listening sockets.
 *
 * A wake-up accepts until the kernel has no more or `batch` is reached: the descriptor is watched
 * level-triggered, so what is left comes with the next turn, after the connections that are already
 * there had theirs.
 *
 * Errors of accept are of three kinds (see accept(2)): nobody is waiting; this one connection is
 * gone, next please; and the process or the system has run out of something, when trying again at
 * once would only spin: that one rests. */
#include "net/listen.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "net/sock.h"

enum { BACKLOG = 511, BATCH = 16, LAST_BATCH = 4096, UNIX_MODE = 0666 };
enum { REST_MS = 100, COMPLAIN_EVERY_MS = 10000 };

static const char *unix_path(const struct addr *a)
{
    return ((const struct sockaddr_un *)(const void *)&a->storage)->sun_path;
}

/* A socket file stays behind when its server dies. Only one that refuses is taken away. */
static bool remove_stale(const struct addr *a)
{
    struct stat st;
    bool is_stale;
    int fd;

    if (lstat(unix_path(a), &st) != 0 || !S_ISSOCK(st.st_mode))
        return false;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    is_stale = connect(fd, &a->sa, a->len) != 0 && errno == ECONNREFUSED;
    (void)close(fd);
    return is_stale && unlink(unix_path(a)) == 0;
}

void listen_remove_file(const struct addr *a)
{
    if (addr_is_unix(a))
        (void)unlink(unix_path(a));
}

/* Connections get it from the socket that they were accepted on. */
static bool set_keepalive(int fd, const struct listen_keepalive *k)
{
    if (!k->is_set)
        return true;
    return sock_set(fd, SOL_SOCKET, SO_KEEPALIVE, k->is_on) &&
           (!k->idle || sock_set(fd, IPPROTO_TCP, TCP_KEEPIDLE, k->idle)) &&
           (!k->interval || sock_set(fd, IPPROTO_TCP, TCP_KEEPINTVL, k->interval)) &&
           (!k->count || sock_set(fd, IPPROTO_TCP, TCP_KEEPCNT, k->count));
}

/* What may change while the socket listens. */
static bool set_changing(int fd, int family, const struct listen_options *o)
{
    if (o->rcvbuf > 0 && !sock_set(fd, SOL_SOCKET, SO_RCVBUF, o->rcvbuf))
        return false;
    if (o->sndbuf > 0 && !sock_set(fd, SOL_SOCKET, SO_SNDBUF, o->sndbuf))
        return false;
    if (family == AF_UNIX)
        return true;
    if (o->reuseport && !sock_set(fd, SOL_SOCKET, SO_REUSEPORT, 1))
        return false;
    if (o->defer_accept && !sock_set(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, 1))
        return false;
    if (o->fastopen && !sock_set(fd, IPPROTO_TCP, TCP_FASTOPEN, o->fastopen))
        return false;
    return set_keepalive(fd, &o->keepalive);
}

static bool set_options(int fd, int family, const struct listen_options *o)
{
    if (!set_changing(fd, family, o))
        return false;
    if (family != AF_UNIX && !sock_set(fd, SOL_SOCKET, SO_REUSEADDR, 1))
        return false;
    return family != AF_INET6 || sock_set(fd, IPPROTO_IPV6, IPV6_V6ONLY, o->ipv6only);
}

static bool bind_address(int fd, const struct addr *a)
{
    if (bind(fd, &a->sa, a->len) == 0)
        return true;
    if (errno != EADDRINUSE || !addr_is_unix(a))
        return false;
    if (remove_stale(a))
        return bind(fd, &a->sa, a->len) == 0;
    errno = EADDRINUSE;
    return false;
}

static int backlog_of(const struct listen_options *o)
{
    return o->backlog > 0 ? o->backlog : BACKLOG;
}

static bool set_up(int fd, const struct addr *a, const struct listen_options *o)
{
    if (!set_options(fd, a->sa.sa_family, o) || !bind_address(fd, a))
        return false;
    /* before listen: nobody has got in yet by the mode that the umask gave it */
    if (addr_is_unix(a) && chmod(unix_path(a), o->unix_mode ? o->unix_mode : UNIX_MODE) != 0)
        return false;
    return listen(fd, backlog_of(o)) == 0;
}

void listen_adjust(int fd, int family, const struct listen_options *o)
{
    (void)set_changing(fd, family, o);
    (void)listen(fd, backlog_of(o));
}

const struct err *listen_open(const struct addr *a, const struct listen_options *o, int *fd_out)
{
    int fd = socket(a->sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int errnum;

    if (fd < 0)
        return err_from_errno(errno);
    if (set_up(fd, a, o)) {
        *fd_out = fd;
        return NULL;
    }
    errnum = errno;
    (void)close(fd);
    return err_from_errno(errnum);
}

static void rest(struct listener *l, int errnum)
{
    if (!l->complained_at || clock_ms() - l->complained_at >= COMPLAIN_EVERY_MS) {
        l->complained_at = clock_ms();
        log_write(NULL, LOG_CRIT, "accept4() failed (%d: %s), trying again every %d ms", errnum,
                  strerror(errnum), REST_MS);
    }
    io_watch(&l->io, 0);
    timer_start(&l->pause, REST_MS);
    if (l->on_exhausted)
        l->on_exhausted(l);
}

/* Is there more to accept after this error? */
static bool can_go_on(struct listener *l, int errnum)
{
    switch (errnum) {
    case EAGAIN:
        return false;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
        rest(l, errnum);
        return false;
    case EBADF:
    case EINVAL:
    case ENOTSOCK:
    case EFAULT:
        PANIC("accept4: %s", strerror(errnum));
    default: /* ECONNABORTED, and what the network has to say about the connection */
        return true;
    }
}

static void accept_up_to(struct listener *l, unsigned most)
{
    int listening = io_fd(&l->io);

    for (unsigned i = 0; i < most; i++) {
        struct addr peer;
        int fd;

        peer.len = sizeof(peer.storage);
        fd = accept4(listening, &peer.sa, &peer.len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0)
            l->on_accept(l, fd, &peer);
        else if (!can_go_on(l, errno))
            return;
        if (!io_events(&l->io)) /* on_accept has stopped it */
            return;
    }
}

static void on_readable(struct io *io, int events)
{
    struct listener *l = CONTAINER_OF(io, struct listener, io);
    unsigned room = l->room ? l->room(l) : l->batch;

    UNUSED(events);
    if (room == 0)
        io_watch(io, 0);
    else
        accept_up_to(l, MIN(room, l->batch));
}

static void on_rested(struct timer *t)
{
    io_watch(&CONTAINER_OF(t, struct listener, pause)->io, IO_READ);
}

void listener_init(struct listener *l, int fd,
                   void (*on_accept)(struct listener *l, int fd, const struct addr *peer))
{
    io_init(&l->io, fd, on_readable);
    timer_init(&l->pause, on_rested);
    l->on_accept = on_accept;
    l->user = NULL;
    l->room = NULL;
    l->on_exhausted = NULL;
    l->complained_at = 0;
    l->batch = BATCH;
}

void listener_start(struct listener *l)
{
    if (!timer_is_active(&l->pause))
        io_watch(&l->io, IO_READ);
}

void listener_stop(struct listener *l)
{
    io_watch(&l->io, 0);
    timer_stop(&l->pause);
}

void listener_finish(struct listener *l)
{
    io_watch(&l->io, IO_READ);
    accept_up_to(l, LAST_BATCH);
    listener_stop(l);
}
