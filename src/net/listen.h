/* Listening sockets and accepting. */
#ifndef NET_LISTEN_H
#define NET_LISTEN_H

#include "base/err.h"
#include "loop/io.h"
#include "loop/timer.h"
#include "net/addr.h"

/* SO_KEEPALIVE of connections. In seconds, and probes; 0: the system's. */
struct listen_keepalive {
    bool is_set, is_on;
    int idle, interval, count;
};

struct listen_options {
    int backlog; /* 0: 511 */
    bool reuseport;
    bool ipv6only;
    bool defer_accept; /* wake only when the first bytes are there (TCP_DEFER_ACCEPT) */
    struct listen_keepalive keepalive;
    int fastopen;       /* who may wait with data of a SYN; 0: nobody */
    int rcvbuf, sndbuf; /* 0: the system's */
    mode_t unix_mode;   /* 0: 0666 */
};

/* Binds and listens; a stale Unix socket file that nobody listens on is replaced. The descriptor is
 * non-blocking and close-on-exec. err_address_in_use, err_denied, … */
const struct err *listen_open(const struct addr *a, const struct listen_options *o,
                              int *fd_out) MUST_USE;

/* Takes the file of a Unix socket away that listened at `a`; nothing for other addresses. */
void listen_remove_file(const struct addr *a);

/* Brings a socket that listens already in line with what `o` asks for, as far as that can change:
 * not with ipv6only and unix_mode; what is not asked for any more stays. */
void listen_adjust(int fd, int family, const struct listen_options *o);

struct listener {
    struct io io;
    struct timer pause;     /* armed while accepting rests for want of descriptors */
    uint64_t complained_at; /* clock_ms() of the last line about that; 0: none */
    /* How many may be accepted now; asked once per wake-up, somebody is waiting then. 0: accepting
     * stops until listener_start. NULL: no limit. */
    unsigned (*room)(struct listener *l);
    void (*on_accept)(struct listener *l, int fd, const struct addr *peer);
    void (*on_exhausted)(struct listener *l); /* no descriptor is left: accepting rests, who has
                                                 some to spare may close them. NULL: nobody has */
    void *user;
    unsigned batch; /* connections accepted at most per wake-up */
};

/* Prepares to accept on `fd` (not owned: the caller closes it after listener_stop). */
void listener_init(struct listener *l, int fd,
                   void (*on_accept)(struct listener *l, int fd, const struct addr *peer));

/* Begins to accept: on_accept gets non-blocking, close-on-exec sockets. Out of descriptors: a rest
 * of 100 ms, on again; a log line at most every ten seconds. */
void listener_start(struct listener *l);

/* Ends accepting; may be started again. */
void listener_stop(struct listener *l);

/* Accepts those who wait already, then ends. */
void listener_finish(struct listener *l);

#endif
