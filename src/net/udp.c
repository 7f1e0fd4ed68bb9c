/* UDP. Receiving fills buffers that the process has once: pages of them that no message ever
 * reached are never touched. What is sent in a turn lies in one buffer behind one another and
 * leaves by sendmmsg; an error of that call is the first message's own, the others are tried again.
 */
#include "net/udp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/sock.h"

struct udp_entry {
    struct addr peer; /* len 0: the connected one */
    size_t at, n;
};

static bool set_multicast(int fd, int family, const struct udp_options *o)
{
    bool is_v6 = family == AF_INET6;
    int level = is_v6 ? IPPROTO_IPV6 : IPPROTO_IP;

    if (o->multicast_ttl > 0 &&
        !sock_set(fd, level, is_v6 ? IPV6_MULTICAST_HOPS : IP_MULTICAST_TTL, o->multicast_ttl))
        return false;
    return !o->has_no_loop ||
           sock_set(fd, level, is_v6 ? IPV6_MULTICAST_LOOP : IP_MULTICAST_LOOP, 0);
}

static bool set_options(int fd, int family, const struct udp_options *o)
{
    if (o->rcvbuf > 0 && !sock_set(fd, SOL_SOCKET, SO_RCVBUF, o->rcvbuf))
        return false;
    if (o->sndbuf > 0 && !sock_set(fd, SOL_SOCKET, SO_SNDBUF, o->sndbuf))
        return false;
    if (o->reuseaddr && !sock_set(fd, SOL_SOCKET, SO_REUSEADDR, 1))
        return false;
    if (o->reuseport && !sock_set(fd, SOL_SOCKET, SO_REUSEPORT, 1))
        return false;
    if (o->broadcast && !sock_set(fd, SOL_SOCKET, SO_BROADCAST, 1))
        return false;
    if (family == AF_INET6 && !sock_set(fd, IPPROTO_IPV6, IPV6_V6ONLY, o->ipv6only))
        return false;
    return set_multicast(fd, family, o);
}

const struct err *udp_open(const struct addr *local, const struct udp_options *o, int *fd_out)
{
    int family = local->sa.sa_family, errnum;
    int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return err_from_errno(errno);
    if (set_options(fd, family, o) && bind(fd, &local->sa, local->len) == 0) {
        *fd_out = fd;
        return NULL;
    }
    errnum = errno;
    (void)close(fd);
    return err_from_errno(errnum);
}

const struct err *udp_connect(int fd, const struct addr *peer)
{
    return connect(fd, &peer->sa, peer->len) == 0 ? NULL : err_from_errno(errno);
}

/* Fills `out` from a name of an interface, or an IPv4 address of one. */
static bool find_interface(struct slice interface, struct ip_mreqn *out)
{
    char text[IF_NAMESIZE + INET_ADDRSTRLEN];

    if (interface.n == 0)
        return true;
    if (interface.n >= sizeof(text))
        return false;
    memcpy(text, interface.p, interface.n);
    text[interface.n] = '\0';
    out->imr_ifindex = (int)if_nametoindex(text);
    return out->imr_ifindex || inet_pton(AF_INET, text, &out->imr_address) == 1;
}

static const struct err *result_of(int rc)
{
    return rc == 0 ? NULL : err_from_errno(errno);
}

const struct err *udp_member(int fd, const struct addr *group, struct slice interface, bool joins)
{
    struct ip_mreqn v4 = {.imr_ifindex = 0};
    struct ipv6_mreq v6;

    if (!find_interface(interface, &v4))
        return &err_not_found;
    if (group->sa.sa_family == AF_INET) {
        v4.imr_multiaddr = ((const struct sockaddr_in *)(const void *)&group->storage)->sin_addr;
        return result_of(setsockopt(fd, IPPROTO_IP, joins ? IP_ADD_MEMBERSHIP : IP_DROP_MEMBERSHIP,
                                    &v4, sizeof(v4)));
    }
    v6.ipv6mr_multiaddr = ((const struct sockaddr_in6 *)(const void *)&group->storage)->sin6_addr;
    v6.ipv6mr_interface = (unsigned)v4.imr_ifindex;
    return result_of(
        setsockopt(fd, IPPROTO_IPV6, joins ? IPV6_JOIN_GROUP : IPV6_LEAVE_GROUP, &v6, sizeof(v6)));
}

const struct err *udp_set_interface(int fd, int family, struct slice interface)
{
    struct ip_mreqn v4 = {.imr_ifindex = 0};

    if (!find_interface(interface, &v4))
        return &err_not_found;
    if (family == AF_INET)
        return result_of(setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &v4, sizeof(v4)));
    return result_of(
        setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &v4.imr_ifindex, sizeof(v4.imr_ifindex)));
}

/* Room for a batch of the largest messages. */
static char *receive_buffers(void)
{
    static char *buffers; /* process-wide: a message is read into it and looked at at once */

    if (!buffers)
        buffers = mem_alloc((size_t)UDP_BATCH * UDP_MESSAGE_MAX);
    return buffers;
}

unsigned udp_receive(int fd, struct udp_message out[UDP_BATCH], size_t size, const struct err **e)
{
    char *buffers = receive_buffers();
    struct mmsghdr heads[UDP_BATCH];
    struct iovec vectors[UDP_BATCH];
    int n;

    *e = NULL;
    memset(heads, 0, sizeof(heads));
    for (unsigned i = 0; i < UDP_BATCH; i++) {
        vectors[i] = (struct iovec){buffers + (size_t)i * UDP_MESSAGE_MAX, size};
        heads[i].msg_hdr.msg_iov = &vectors[i];
        heads[i].msg_hdr.msg_iovlen = 1;
        heads[i].msg_hdr.msg_name = &out[i].peer.storage;
        heads[i].msg_hdr.msg_namelen = sizeof(out[i].peer.storage);
    }
    do
        n = recvmmsg(fd, heads, UDP_BATCH, 0, NULL);
    while (n < 0 && errno == EINTR);
    if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
        *e = err_from_errno(errno);
    for (int i = 0; i < n; i++) {
        out[i].peer.len = heads[i].msg_hdr.msg_namelen;
        out[i].bytes = slice_of(vectors[i].iov_base, heads[i].msg_len);
        out[i].is_truncated = (heads[i].msg_hdr.msg_flags & MSG_TRUNC) != 0;
    }
    return n > 0 ? (unsigned)n : 0;
}

void udp_queue_init(struct udp_queue *q)
{
    *q = (struct udp_queue){.bytes = BUF_EMPTY};
}

void udp_queue_clear(struct udp_queue *q)
{
    mem_free(q->entries);
    buf_free(&q->bytes);
    udp_queue_init(q);
}

/* Lets go of what has been sent, once that is as much as what waits: a queue that is never empty
 * must not grow for that. */
static void let_go(struct udp_queue *q)
{
    size_t gone = q->at ? q->entries[q->at].at : 0;

    if (!q->at || q->at < q->n - q->at || gone < q->bytes.n - gone)
        return;
    q->n -= q->at;
    memmove(q->entries, q->entries + q->at, q->n * sizeof(*q->entries));
    q->at = 0;
    for (unsigned i = 0; i < q->n; i++)
        q->entries[i].at -= gone;
    buf_drop(&q->bytes, gone);
}

char *udp_queue_reserve(struct udp_queue *q, const struct addr *peer, size_t n)
{
    struct udp_entry *e;
    char *room;

    let_go(q);
    if (q->n == q->size) {
        q->size = q->size ? 2 * q->size : UDP_BATCH;
        q->entries = mem_realloc(q->entries, q->size * sizeof(*q->entries));
    }
    e = &q->entries[q->n++];
    if (peer)
        e->peer = *peer;
    else
        e->peer.len = 0;
    e->at = q->bytes.n;
    e->n = n;
    room = buf_reserve(&q->bytes, n);
    q->bytes.n += n;
    return room;
}

void udp_queue_add(struct udp_queue *q, const struct addr *peer, struct slice bytes)
{
    memcpy(udp_queue_reserve(q, peer, bytes.n), bytes.p, bytes.n);
}

size_t udp_queue_bytes(const struct udp_queue *q)
{
    return q->at < q->n ? q->bytes.n - q->entries[q->at].at : 0;
}

/* One system call for the next messages; how many were sent, or -1. */
static int send_batch(struct udp_queue *q, int fd)
{
    struct mmsghdr heads[UDP_BATCH];
    struct iovec vectors[UDP_BATCH];
    unsigned n = MIN(q->n - q->at, (unsigned)UDP_BATCH);
    int sent;

    memset(heads, 0, n * sizeof(heads[0]));
    for (unsigned i = 0; i < n; i++) {
        struct udp_entry *e = &q->entries[q->at + i];

        vectors[i] = (struct iovec){q->bytes.p + e->at, e->n};
        heads[i].msg_hdr.msg_iov = &vectors[i];
        heads[i].msg_hdr.msg_iovlen = 1;
        heads[i].msg_hdr.msg_name = e->peer.len ? &e->peer.storage : NULL;
        heads[i].msg_hdr.msg_namelen = e->peer.len;
    }
    do
        sent = sendmmsg(fd, heads, n, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent;
}

bool udp_queue_flush(struct udp_queue *q, int fd,
                     void (*fn)(void *user, unsigned n, const struct err *e), void *user)
{
    while (q->at < q->n) {
        int sent = send_batch(q, fd);

        if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return false;
        q->at += sent > 0 ? (unsigned)sent : 1;
        fn(user, sent > 0 ? (unsigned)sent : 1, sent > 0 ? NULL : err_from_errno(errno));
    }
    q->at = q->n = 0;
    q->bytes.n = 0;
    if (q->bytes.size > (1 << 16))
        udp_queue_clear(q);
    return true;
}
