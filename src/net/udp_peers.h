/* A UDP socket whose messages are told apart by who sent them: each sender is a stream.
 *
 * A read of such a stream takes one message (what does not fit is lost), a write sends one, all its
 * vectors together; what is written in a turn of the loop leaves at its end. It has no end: whoever
 * serves it decides when it is over. A message that the socket has no room for, or that comes while
 * too many of its sender wait, is lost, as others are on the way. */
#ifndef NET_UDP_PEERS_H
#define NET_UDP_PEERS_H

#include "loop/io.h"
#include "loop/loop.h"
#include "net/stream.h"
#include "net/udp.h"

enum { UDP_PEERS_QUEUE_MOST = 256 }; /* messages of one sender that wait */

struct udp_peers {
    struct io io;
    int fd;
    struct udp_peer **chains;
    unsigned n;
    struct udp_queue out; /* of this turn: sent together at its end */
    struct loop_call flush;
    /* Somebody new has sent something: a stream, the callee's, with that message in it. From the
     * loop */
    void (*on_new)(struct udp_peers *u, struct stream *s, const struct addr *peer);
    bool (*may_open)(struct udp_peers *u); /* false: messages of strangers are lost; NULL: always */
};

/* Prepares to read `fd`, which it owns from now on. */
void udp_peers_init(struct udp_peers *u, int fd,
                    void (*on_new)(struct udp_peers *u, struct stream *s, const struct addr *peer));

/* Begins to read. */
void udp_peers_start(struct udp_peers *u);

/* Reads what has come already, then no more; streams that are open may still be written to. */
void udp_peers_finish(struct udp_peers *u);

/* Closes the socket. All streams have been closed before. */
void udp_peers_close(struct udp_peers *u);

/* The next message of the sender of `s` makes a stream of its own; `s` gets no more. */
void udp_peers_part(struct stream *s);

#endif
