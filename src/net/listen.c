/* Listening sockets: made, brought in line with new options, taken away. */
#include "net/listen.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "net/sock.h"

enum { BACKLOG = 511, UNIX_MODE = 0666 };

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
