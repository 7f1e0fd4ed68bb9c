/* Messages are received in batches into buffers of the process and copied to the queue of their
 * sender, which is told in this turn: a sender with a message waits in a call of the loop, again
 * after each read as long as there is more. A sender whose first message this is is made known with
 * the message in its queue. */
#include "net/udp_peers.h"

#include <errno.h>
#include <netinet/in.h>
#include <unistd.h>

#include "base/list.h"
#include "base/map.h"
#include "base/mem.h"

enum { CHAINS = 4096 };

struct message {
    struct list node;
    size_t n;
    char bytes[];
};

struct udp_peer {
    struct stream stream;
    struct udp_peers *owner;
    struct udp_peer *next; /* in its chain */
    struct list queue;
    struct loop_call call;
    struct addr addr;
    unsigned queued;
    int watched;
    bool is_parted;
};

static struct udp_peer *of(const struct stream *s)
{
    return CONTAINER_OF(s, struct udp_peer, stream);
}

/* --- the table --- */

/* Of the address and port alone: the rest of a sockaddr may hold anything. */
static struct udp_peer **chain_of(const struct udp_peers *u, const struct addr *a)
{
    struct slice key = addr_bytes(a);
    char bytes[18] = {0};
    int port = addr_port(a);

    if (key.n == 0)
        key = slice_of((const char *)&a->storage, a->len);
    memcpy(bytes, key.p, MIN(key.n, (size_t)16));
    bytes[16] = (char)(port >> 8);
    bytes[17] = (char)port;
    return &u->chains[map_hash(slice_of(bytes, sizeof(bytes)), false) % CHAINS];
}

static struct udp_peer *find(const struct udp_peers *u, const struct addr *a)
{
    struct udp_peer *p = *chain_of(u, a);

    while (p && !addr_eq(&p->addr, a))
        p = p->next;
    return p;
}

static void leave_table(struct udp_peer *p)
{
    struct udp_peer **at = chain_of(p->owner, &p->addr);

    if (p->is_parted)
        return;
    p->is_parted = true;
    while (*at != p)
        at = &(*at)->next;
    *at = p->next;
}

void udp_peers_part(struct stream *s)
{
    leave_table(of(s));
}

/* --- a stream --- */

static void tell(struct udp_peer *p)
{
    bool is_due = (p->watched & IO_WRITE) || ((p->watched & IO_READ) && p->queued);

    if (is_due && !loop_call_is_queued(&p->call))
        loop_next(&p->call);
}

static void on_call(struct loop_call *call)
{
    struct udp_peer *p = CONTAINER_OF(call, struct udp_peer, call);
    int events = p->watched & (p->queued ? IO_READ | IO_WRITE : IO_WRITE);

    if (!events)
        return;
    p->stream.on_ready(&p->stream, events);
    if (p->owner)
        tell(p);
}

static ssize_t read_message(struct stream *s, void *p, size_t n)
{
    struct udp_peer *peer = of(s);
    struct message *m;

    if (!peer->queued)
        return STREAM_AGAIN;
    m = CONTAINER_OF(peer->queue.next, struct message, node);
    n = MIN(n, m->n);
    memcpy(p, m->bytes, n);
    list_remove(&m->node);
    peer->queued--;
    if (m->n == 0)
        n = (size_t)STREAM_EMPTY;
    mem_free(m);
    return (ssize_t)n;
}

static ssize_t size_of(const struct iovec *iov, int n)
{
    size_t all = 0;

    for (int i = 0; i < n; i++)
        all += iov[i].iov_len;
    return (ssize_t)all;
}

static size_t size_most(const struct addr *a)
{
    enum { IP_AND_UDP = 28, UDP_ALONE = 8 };

    return UDP_MESSAGE_MAX - (a->sa.sa_family == AF_INET6 ? UDP_ALONE : IP_AND_UDP);
}

static ssize_t write_message(struct stream *s, const struct iovec *iov, int n)
{
    struct udp_peer *p = of(s);
    struct udp_peers *u = p->owner;
    ssize_t size = size_of(iov, n);
    char *room;

    if ((size_t)size > size_most(&p->addr)) {
        s->err = &err_too_large;
        return STREAM_FAILED;
    }
    room = udp_queue_reserve(&u->out, &p->addr, (size_t)size);
    for (int i = 0; i < n; i++) {
        memcpy(room, iov[i].iov_base, iov[i].iov_len);
        room += iov[i].iov_len;
    }
    loop_at_end(&u->flush);
    return size;
}

static void on_sent(void *user, unsigned n, const struct err *e)
{
    UNUSED(user); /* what did not arrive is lost */
    UNUSED(n);
    UNUSED(e);
}

/* What the socket has no room for is lost, too. */
static void flush(struct udp_peers *u)
{
    if (!udp_queue_flush(&u->out, u->fd, on_sent, u))
        udp_queue_clear(&u->out);
}

static void on_flush(struct loop_call *call)
{
    flush(CONTAINER_OF(call, struct udp_peers, flush));
}

static void watch(struct stream *s, int events)
{
    of(s)->watched = events;
    tell(of(s));
}

static void shut_nothing(struct stream *s)
{
    UNUSED(s);
}

static void free_peer(void *p)
{
    mem_free(p);
}

static void close_peer(struct stream *s, bool reset)
{
    struct udp_peer *p = of(s);

    UNUSED(reset);
    leave_table(p);
    p->owner->n--;
    p->owner = NULL;
    loop_cancel(&p->call);
    while (p->queued) {
        struct message *m = CONTAINER_OF(p->queue.next, struct message, node);

        list_remove(&m->node);
        mem_free(m);
        p->queued--;
    }
    loop_free_later(p, free_peer);
}

static int no_descriptor(const struct stream *s)
{
    UNUSED(s);
    return -1;
}

static const struct stream_ops ops = {
    .read = read_message,
    .writev = write_message,
    .watch = watch,
    .shutdown = shut_nothing,
    .close = close_peer,
    .fd = no_descriptor,
    .has_messages = true,
};

/* --- the socket --- */

static struct udp_peer *new_peer(struct udp_peers *u, const struct addr *a)
{
    struct udp_peer *p = mem_new(struct udp_peer), **chain = chain_of(u, a);

    p->stream.ops = &ops;
    p->owner = u;
    p->addr = *a;
    list_init(&p->queue);
    loop_call_init(&p->call, on_call);
    p->next = *chain;
    *chain = p;
    u->n++;
    return p;
}

static void add(struct udp_peer *p, struct slice bytes)
{
    struct message *m;

    if (p->queued >= UDP_PEERS_QUEUE_MOST)
        return;
    m = mem_alloc(sizeof(*m) + bytes.n);
    list_init(&m->node);
    m->n = bytes.n;
    memcpy(m->bytes, bytes.p, bytes.n);
    list_append(&p->queue, &m->node);
    p->queued++;
}

static void take(struct udp_peers *u, const struct udp_message *m)
{
    struct udp_peer *p = find(u, &m->peer);

    if (p) {
        add(p, m->bytes);
        tell(p);
        return;
    }
    if (u->may_open && !u->may_open(u))
        return;
    p = new_peer(u, &m->peer);
    add(p, m->bytes);
    u->on_new(u, &p->stream, &m->peer);
}

/* The buffers of a batch hold until the next one, and nobody reads one inside of on_new. */
static void on_readable(struct io *io, int events)
{
    struct udp_peers *u = CONTAINER_OF(io, struct udp_peers, io);
    struct udp_message messages[UDP_BATCH];
    const struct err *e;
    unsigned n;

    UNUSED(events);
    n = udp_receive(u->fd, messages, UDP_MESSAGE_MAX, &e);
    for (unsigned i = 0; i < n; i++)
        take(u, &messages[i]);
}

void udp_peers_init(struct udp_peers *u, int fd,
                    void (*on_new)(struct udp_peers *u, struct stream *s, const struct addr *peer))
{
    *u = (struct udp_peers){.fd = fd, .on_new = on_new};
    u->chains = mem_zalloc(CHAINS * sizeof(*u->chains));
    io_init(&u->io, fd, on_readable);
    udp_queue_init(&u->out);
    loop_call_init(&u->flush, on_flush);
}

void udp_peers_start(struct udp_peers *u)
{
    io_watch(&u->io, IO_READ);
}

void udp_peers_finish(struct udp_peers *u)
{
    on_readable(&u->io, IO_READ);
    io_watch(&u->io, 0);
}

void udp_peers_close(struct udp_peers *u)
{
    io_watch(&u->io, 0);
    loop_cancel(&u->flush);
    flush(u);
    udp_queue_clear(&u->out);
    (void)close(u->fd);
    mem_free(u->chains);
    u->chains = NULL;
}
