/* Listening sockets and accepting. */
#ifndef NET_LISTEN_H
#define NET_LISTEN_H

#include "base/err.h"
#include "loop/io.h"
#include "loop/timer.h"
#include "net/addr.h"

struct listen_options {
    int backlog; /* 0: 511 */
    bool reuseport;
    bool ipv6only;
    bool defer_accept;  /* wake only when the first bytes are there (TCP_DEFER_ACCEPT) */
    int rcvbuf, sndbuf; /* 0: the system's */
    mode_t unix_mode;   /* 0: 0666 */
};

/* Binds and listens; a stale Unix socket file that nobody listens on is replaced. The descriptor is
 * non-blocking and close-on-exec. err_address_in_use, err_denied, … */
const struct err *listen_open(const struct addr *a, const struct listen_options *o,
                              int *fd_out) MUST_USE;

struct listener {
    struct io io;
    struct timer pause; /* armed while accepting rests for want of descriptors */
    void (*on_accept)(struct listener *l, int fd, const struct addr *peer);
    void *user;
    unsigned batch; /* connections accepted at most per wake-up */
};

/* Prepares to accept on `fd` (not owned: the caller closes it after listener_stop). */
void listener_init(struct listener *l, int fd,
                   void (*on_accept)(struct listener *l, int fd, const struct addr *peer));

/* Begins to accept: on_accept gets non-blocking, close-on-exec sockets. Out of descriptors: one log
 * line, a rest of 100 ms, on again. */
void listener_start(struct listener *l);

/* Ends accepting; may be started again. */
void listener_stop(struct listener *l);

#endif
