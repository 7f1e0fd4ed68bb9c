/* Listening sockets; who accepts on them is listener.h. */
#ifndef NET_LISTEN_H
#define NET_LISTEN_H

#include "base/err.h"
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

#endif
