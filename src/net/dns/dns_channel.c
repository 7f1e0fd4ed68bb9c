/* c-ares in the loop.
 *
 * c-ares tells by on_socket_state what it wants to hear of its sockets and gets a watcher
 * for each; one timer stands for whatever it waits for. Sockets are closed when no
 * question is open, so an idle channel keeps nothing in the loop. */
#include "net/dns/dns_channel.h"

#include <ares.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/check.h"
#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "loop/io.h"
#include "loop/loop.h"
#include "loop/timer.h"

enum { EDNS_PAYLOAD = 1232 };

struct socket_watch {
    struct list node;
    struct io io;
    struct dns_channel *channel;
};

struct dns_channel {
    ares_channel ares;
    struct ares_options conf; /* as it was read from resolv.conf */
    struct list sockets;
    struct timer timer;
};

struct question {
    dns_channel_fn fn;
    void *user;
};

static bool library_is_ready; /* process-wide: c-ares has been initialized */

static void expect_timeout(struct dns_channel *c)
{
    struct timeval tv;

    if (ares_timeout(c->ares, NULL, &tv))
        timer_start(&c->timer, (uint64_t)tv.tv_sec * 1000 + (uint64_t)tv.tv_usec / 1000 + 1);
    else
        timer_stop(&c->timer);
}

static void on_timeout(struct timer *t)
{
    struct dns_channel *c = CONTAINER_OF(t, struct dns_channel, timer);

    ares_process_fd(c->ares, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    expect_timeout(c);
}

static void on_ready(struct io *io, int events)
{
    struct dns_channel *c = CONTAINER_OF(io, struct socket_watch, io)->channel;
    int fd = io_fd(io); /* the watcher may go while c-ares works */

    ares_process_fd(c->ares, events & IO_READ ? fd : ARES_SOCKET_BAD,
                    events & IO_WRITE ? fd : ARES_SOCKET_BAD);
    expect_timeout(c);
}

static struct socket_watch *watch_of(struct dns_channel *c, int fd)
{
    struct socket_watch *w;

    LIST_FOR (n, &c->sockets) {
        w = CONTAINER_OF(n, struct socket_watch, node);
        if (io_fd(&w->io) == fd)
            return w;
    }
    w = mem_new(struct socket_watch);
    w->channel = c;
    io_init(&w->io, fd, on_ready);
    list_append(&c->sockets, &w->node);
    return w;
}

static void on_socket_state(void *user, ares_socket_t fd, int readable, int writable)
{
    struct socket_watch *w = watch_of(user, fd);

    io_watch(&w->io, (readable ? IO_READ : 0) | (writable ? IO_WRITE : 0));
    if (readable || writable)
        return;
    list_remove(&w->node);
    loop_free_later(w, mem_free); /* on_ready may be its caller */
}

static ares_socket_t open_socket(int family, int type, int protocol, void *user)
{
    (void)user;
    return socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
}

static int close_socket(ares_socket_t fd, void *user)
{
    (void)user;
    return close(fd);
}

static int connect_socket(ares_socket_t fd, const struct sockaddr *to, ares_socklen_t n, void *user)
{
    (void)user;
    return connect(fd, to, n);
}

/* signature: ares_socket_functions.arecvfrom */
static ares_ssize_t receive(ares_socket_t fd, void *bytes, size_t n, int flags,
                            struct sockaddr *from, ares_socklen_t *from_n, void *user)
{
    (void)user;
    return recvfrom(fd, bytes, n, flags, from, from_n);
}

static size_t size_of(const struct iovec *pieces, int n)
{
    size_t all = 0;

    for (int i = 0; i < n; i++)
        all += pieces[i].iov_len;
    return all;
}

/* A datagram that was refused is told of by the next call. Were that a failed send, c-ares would
 * take this question for the one that fails and wait for an answer to the other; sent again, it is
 * refused as well, and the reader hears of it for both. One that the firewall drops, or the full
 * table of its connections, is lost like any other: the question is asked again when its time is
 * over. */
static ares_ssize_t send_pieces(ares_socket_t fd, const struct iovec *pieces, int n, void *user)
{
    struct msghdr m = {.msg_iov = (struct iovec *)pieces, .msg_iovlen = (size_t)n};
    ares_ssize_t sent = sendmsg(fd, &m, MSG_NOSIGNAL);

    (void)user;
    if (sent < 0 && errno == ECONNREFUSED)
        return sendmsg(fd, &m, MSG_NOSIGNAL);
    if (sent >= 0 || errno != EPERM)
        return sent;
    log_write(NULL, LOG_ALERT, "send() failed (%d: %s) while resolving", EPERM, strerror(EPERM));
    return (ares_ssize_t)size_of(pieces, n);
}

static const struct ares_socket_functions socket_functions = {
    open_socket, close_socket, connect_socket, receive, send_pieces,
};

/* What c-ares says in our terms. */
static const struct err *err_of(int status)
{
    switch (status) {
    case ARES_SUCCESS:
        return NULL;
    case ARES_ENOTFOUND:
    case ARES_ENODATA:
        return &err_name_not_found;
    case ARES_ETIMEOUT:
        return &err_timeout;
    case ARES_EBADNAME:
        return &err_invalid;
    case ARES_ECANCELLED:
    case ARES_EDESTRUCTION:
        return &err_cancelled;
    default:
        return &err_name_server;
    }
}

static void on_answer(void *arg, int status, int timeouts, unsigned char *bytes, int n)
{
    struct question q = *(struct question *)arg;

    UNUSED(timeouts);
    mem_free(arg);
    q.fn(q.user, err_of(status), bytes ? slice_of((const char *)bytes, (size_t)n) : SLICE_EMPTY);
}

static int init_channel(struct dns_channel *c, const struct dns_channel_options *o)
{
    struct ares_options a = {
        .flags = ARES_FLAG_EDNS,
        .ednspsz = EDNS_PAYLOAD,
        .timeout = o->timeout,
        .tries = o->tries,
        .sock_state_cb = on_socket_state,
        .sock_state_cb_data = c,
        .resolvconf_path = (char *)(uintptr_t)o->resolv_conf,
    };
    int mask = ARES_OPT_FLAGS | ARES_OPT_EDNSPSZ | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
               ARES_OPT_SOCK_STATE_CB | (o->rotate ? ARES_OPT_ROTATE : ARES_OPT_NOROTATE) |
               (o->resolv_conf ? ARES_OPT_RESOLVCONF : 0);

    return ares_init_options(&c->ares, &a, mask);
}

static const struct err *set_up(struct dns_channel *c, const struct dns_channel_options *o)
{
    int ignored;

    if (init_channel(c, o) != ARES_SUCCESS)
        return &err_name_server;
    ares_set_socket_functions(c->ares, &socket_functions, NULL);
    if (ares_save_options(c->ares, &c->conf, &ignored) != ARES_SUCCESS)
        return &err_name_server;
    if (o->servers && ares_set_servers_ports_csv(c->ares, o->servers) != ARES_SUCCESS)
        return &err_invalid;
    return NULL;
}

const struct err *dns_channel_new(const struct dns_channel_options *o, struct dns_channel **out)
{
    struct dns_channel *c = mem_new(struct dns_channel);
    const struct err *e;

    if (!library_is_ready && ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS)
        PANIC("c-ares does not start");
    library_is_ready = true;
    list_init(&c->sockets);
    timer_init(&c->timer, on_timeout);
    e = set_up(c, o);
    if (e)
        dns_channel_free(&c);
    *out = c;
    return e;
}

void dns_channel_ask(struct dns_channel *c, const char *name, unsigned type, dns_channel_fn fn,
                     void *user)
{
    enum { CLASS_IN = 1 };
    struct question *q = mem_new(struct question);

    *q = (struct question){fn, user};
    ares_query(c->ares, name, CLASS_IN, (int)type, on_answer, q);
    expect_timeout(c);
}

void dns_channel_abort(struct dns_channel *c)
{
    ares_cancel(c->ares);
    expect_timeout(c);
}

void dns_channel_free(struct dns_channel **cp)
{
    struct dns_channel *c = *cp;

    *cp = NULL;
    if (!c)
        return;
    if (c->ares)
        ares_destroy(c->ares);
    ares_destroy_options(&c->conf);
    timer_stop(&c->timer);
    CHECK(list_is_empty(&c->sockets));
    mem_free(c);
}

const char *dns_channel_search(const struct dns_channel *c, unsigned i)
{
    return i < (unsigned)c->conf.ndomains ? c->conf.domains[i] : NULL;
}

int dns_channel_ndots(const struct dns_channel *c)
{
    return c->conf.ndots;
}
