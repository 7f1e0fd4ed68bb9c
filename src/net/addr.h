/* Socket addresses as text and back. */
#ifndef NET_ADDR_H
#define NET_ADDR_H

#include <sys/socket.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

struct addr {
    socklen_t len;
    union {
        struct sockaddr sa;
        struct sockaddr_storage storage;
    };
};

/* Reads "host:port", "port", "*:port", "[v6]:port", "[v6]", "a.b.c.d", "unix:/path"; numeric hosts
 * and "localhost" only. The port is `default_port` where none is given. err_invalid otherwise. */
const struct err *addr_parse(struct slice text, int default_port, struct addr *out) MUST_USE;

/* The Unix socket at `path`; err_invalid when that is empty, too long or has a zero byte. */
const struct err *addr_of_path(struct slice path, struct addr *out) MUST_USE;

/* Reads "1.2.3.4", "::1", "[::1]", "fe80::1%eth0": an address without a port. False: it is none. */
bool addr_literal(struct slice text, struct addr *out);

/* Appends "1.2.3.4:80", "[::1]:80" or "unix:/path". */
void addr_format(const struct addr *a, struct buf *out);

/* Appends the host alone: "1.2.3.4", "::1"; "unix:" for a Unix socket (also an unnamed one). */
void addr_format_host(const struct addr *a, struct buf *out);

/* The port; 0 for Unix sockets. */
int addr_port(const struct addr *a);

/* Sets the port; nothing on Unix sockets. */
void addr_set_port(struct addr *a, uint16_t port);

/* Is it a Unix socket's? */
bool addr_is_unix(const struct addr *a);

/* The raw IP address: 4 or 16 bytes, those in `a`; empty for anything else. `a` may be NULL. */
struct slice addr_bytes(const struct addr *a);

/* Same address? */
bool addr_eq(const struct addr *a, const struct addr *b);

/* The local or the peer's address of a socket. */
const struct err *addr_of_fd(int fd, bool is_peer, struct addr *out) MUST_USE;

#endif
