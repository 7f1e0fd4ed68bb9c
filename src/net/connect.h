/* From a name or an address to a connected stream: resolves, races the addresses (RFC 8305), does
 * the handshake of TLS, all under one deadline. */
#ifndef NET_CONNECT_H
#define NET_CONNECT_H

#include "net/dns/dns.h"
#include "net/stream.h"
#include "net/tls/tls.h"

enum { CONNECT_STAGGER_MS = 250, CONNECT_RESOLUTION_DELAY_MS = 50, CONNECT_DEADLINE_MS = 30000 };

/* What is to be reached: `addr`, or else `unix_path`, or else `host` and `port`. Everything is
 * copied. */
struct connect_options {
    struct slice host;
    uint16_t port;
    struct slice unix_path;
    const struct addr *addr;
    const struct addr *local;  /* to connect from; addresses of another family are not tried */
    bool is_transparent;       /* `local` need not be an address of this machine */
    struct resolver *resolver; /* NULL: the default */
    enum dns_family family;
    unsigned connect_timeout; /* ms for each address; 0: no limit of its own */
    unsigned total_timeout;   /* ms for everything; 0: CONNECT_DEADLINE_MS */
    unsigned stagger;      /* ms before the next address is tried beside; 0: CONNECT_STAGGER_MS */
    int sndbuf, rcvbuf;    /* 0: the system's */
    struct slice preamble; /* sent before everything else; a few hundred bytes at most */
    struct tls_ctx *tls;   /* NULL: no TLS */
    struct tls_peer peer; /* with TLS; an empty server_name: the host. The session is not taken, and
                             must stay until `fn` is called */
    struct slice pins;    /* with TLS: see tls_pin.h; empty: none */
};

enum connect_stage { CONNECT_RESOLVE, CONNECT_TCP, CONNECT_TLS };

struct connect_failure {
    const struct err *err;
    enum connect_stage stage;
    const char *text; /* "db.example:5432: 10.0.0.7:5432: connection refused, [::1]:5432: …"; valid
                         during the call */
};

struct connect;

/* Called once, from the loop: a stream, the callee's from now on, or NULL and what went wrong. The
 * connect is gone then. */
typedef void (*connect_fn)(void *user, struct stream *s, const struct connect_failure *failure);

/* Begins; `fn` is never called before return. */
struct connect *connect_start(const struct connect_options *o, connect_fn fn, void *user);

/* No callback follows; sockets, lookups and timers are released; clears the pointer (NULL inside is
 * fine). */
void connect_cancel(struct connect **c);

/* Does it still wait for the first address? */
bool connect_is_resolving(const struct connect *c);

/* `fd` may be bound to `local` though that be no address of this machine. Takes the right to do so,
 * CAP_NET_RAW; false with errno set. */
bool connect_allow_foreign(int fd, const struct addr *local) MUST_USE;

/* "resolve", "connect", "handshake". */
const char *connect_stage_name(enum connect_stage stage);

#endif
