/* UDP sockets: opening them, groups, and messages in batches. */
#ifndef NET_UDP_H
#define NET_UDP_H

#include "base/buf.h"
#include "base/err.h"
#include "net/addr.h"

enum { UDP_BATCH = 32, UDP_MESSAGE_MAX = 65535 };

struct udp_options {
    bool reuseaddr, reuseport, broadcast, ipv6only;
    bool has_no_loop;   /* what we send to a group does not come back to this host */
    int rcvbuf, sndbuf; /* 0: the system's */
    int multicast_ttl;  /* 0: the system's, 1 */
};

/* Opens and binds a non-blocking, close-on-exec socket. */
const struct err *udp_open(const struct addr *local, const struct udp_options *o,
                           int *fd_out) MUST_USE;

/* From now on the socket sends to `peer` and receives from it only; err_refused then tells that
 * nobody listens there. */
const struct err *udp_connect(int fd, const struct addr *peer) MUST_USE;

/* Joins or leaves a multicast group on the interface of that name or IPv4 address (empty: the
 * system's choice). err_not_found: no such interface. */
const struct err *udp_member(int fd, const struct addr *group, struct slice interface,
                             bool joins) MUST_USE;

/* Sends to groups through this interface. */
const struct err *udp_set_interface(int fd, int family, struct slice interface) MUST_USE;

struct udp_message {
    struct addr peer;
    struct slice bytes; /* in buffers of the process: valid until the next udp_receive */
    bool is_truncated;  /* it was longer than `size` */
};

/* Receives what is there, at most UDP_BATCH messages, with one system call; of each at most `size`
 * bytes. 0: nothing, or *e is set. */
unsigned udp_receive(int fd, struct udp_message out[UDP_BATCH], size_t size, const struct err **e);

/* Messages on their way out. */
struct udp_queue {
    struct udp_entry *entries;
    unsigned at, n, size;
    struct buf bytes;
};

/* Makes it empty; it owns no memory then. */
void udp_queue_init(struct udp_queue *q);

/* Frees what is queued. */
void udp_queue_clear(struct udp_queue *q);

/* Copies a message to the end. `peer` NULL: the connected one. */
void udp_queue_add(struct udp_queue *q, const struct addr *peer, struct slice bytes);

/* The same, to be written by the caller: room for `n` bytes, good until the next call. */
char *udp_queue_reserve(struct udp_queue *q, const struct addr *peer, size_t n);

/* Bytes that wait. */
size_t udp_queue_bytes(const struct udp_queue *q);

/* Sends in batches, in order. `fn(user, n, NULL)`: that many have been sent; `fn(user, 1, e)`: the
 * next one has failed and is dropped. False: the socket takes no more for now. `fn` must not touch
 * the queue. */
bool udp_queue_flush(struct udp_queue *q, int fd,
                     void (*fn)(void *user, unsigned n, const struct err *e), void *user);

#endif
