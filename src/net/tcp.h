/* Streams over connected sockets, TCP or Unix. */
#ifndef NET_TCP_H
#define NET_TCP_H

#include "net/stream.h"

/* A stream over a connected, non-blocking socket, which it owns from now on. Objects are kept for
 * reuse. */
struct stream *tcp_adopt(int fd);

/* Is it one of these? */
bool tcp_is(const struct stream *s);

/* From now on the stream is received for before its user reads, together with others that are
 * readable in the same turn; nobody reads from its descriptor but by stream_read then. False: it is
 * not, as one system call cannot serve several here. */
bool tcp_read_ahead(struct stream *s);

/* What a call for its descriptor has answered (bytes, or -errno), as stream_read and stream_writev
 * answer; a failure is the stream's from now on. */
ssize_t tcp_answer(struct stream *s, ssize_t result);

/* Of a stream that reads ahead and is watched for reading: it is received for, and told, in this
 * turn; what it waits for has probably come, as when it was just accepted. From callbacks of
 * descriptors only. */
void tcp_read_soon(struct stream *s);

/* TCP_NODELAY; ignored on Unix sockets. */
void tcp_set_nodelay(struct stream *s, bool on);

/* SO_KEEPALIVE with the system's intervals, or the given ones in seconds where > 0. */
void tcp_set_keepalive(struct stream *s, bool on, int idle, int interval, int count);

enum tcp_peer { TCP_PEER_OPEN, TCP_PEER_ENDED, TCP_PEER_GONE };

/* Asks the kernel how the peer of a socket stands, without reading: ENDED (its side), with the
 * bytes that are unread before that end in *unread_out; GONE: the connection is broken. */
enum tcp_peer tcp_ask_peer(int fd, size_t *unread_out);

/* Has neither input nor an end come that is unread? Asks the kernel as well. */
bool tcp_is_quiet(const struct stream *s);

/* What the kernel knows of the way to the peer. */
struct tcp_figures {
    uint32_t rtt, rtt_variance; /* microseconds */
    uint32_t send_window;       /* congestion window, segments */
    uint32_t receive_space;     /* bytes */
};

/* False: the socket is not of TCP, or the kernel does not tell. */
bool tcp_ask_figures(int fd, struct tcp_figures *out);

#endif
