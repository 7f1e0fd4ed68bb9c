/* Making a connection to an origin: what is to be reached and through what, one attempt, one
 * callback. The pool knows no more about it than the table of functions. */
#ifndef HTTP_CLIENT_DIAL_H
#define HTTP_CLIENT_DIAL_H

#include "base/err.h"
#include "base/slice.h"
#include "net/addr.h"
#include "net/dns/dns.h"
#include "net/stream.h"

struct tls_ctx;
struct tls_resume;

/* Of what an attempt failed. */
struct client_dial_failure {
    const struct err *err;
    const char *text; /* every address and why; valid during the call */
    int proxy_status; /* what a proxy has answered to CONNECT; 0: nothing */
};

/* Called once, from the loop, never before start returns: a stream ready for HTTP, the callee's
 * from now on, or NULL. */
typedef void (*client_dial_fn)(void *user, struct stream *s, const struct client_dial_failure *f);

enum client_via_kind {
    CLIENT_VIA_NONE,
    CLIENT_VIA_CONNECT, /* CONNECT of HTTP */
    CLIENT_VIA_SOCKS4,  /* 4a where it looks names up itself */
    CLIENT_VIA_SOCKS5,
};

enum client_speech {
    CLIENT_SPEAKS_HTTP,
    CLIENT_SPEAKS_FASTCGI,
    CLIENT_SPEAKS_BARE, /* parameters, body; what comes until the end is the answer of a program */
};

/* A proxy that is asked for a connection to the target. */
struct client_via {
    enum client_via_kind kind;
    struct slice host;
    uint16_t port;
    struct tls_ctx *tls; /* spoken with the proxy itself; NULL: cleartext */
    struct slice server_name;
    bool skips_verify;
    bool gets_address;           /* SOCKS: the target's name is looked up by us */
    struct slice user, password; /* SOCKS; empty: none */
    struct slice fields;         /* CONNECT: more header lines, each with CRLF */
};

/* Where to and how. Slices live as long as whoever keeps it. */
struct client_way {
    struct slice host; /* name or address */
    uint16_t port;
    struct slice unix_path;    /* not empty: instead of host and port */
    const struct addr *addr;   /* not NULL: instead of host and port */
    const struct addr *local;  /* to connect from; NULL: any */
    struct resolver *resolver; /* NULL: the default */
    enum dns_family family;
    struct tls_ctx *tls;       /* NULL: cleartext */
    void *tls_user;            /* for the hooks of that, see client_tls_user; NULL: none */
    struct slice server_name;  /* of TLS: sent and verified; empty: neither */
    struct tls_resume *resume; /* its sessions are kept there; NULL: nowhere */
    struct slice alpn;         /* "h2,http/1.1"; empty: none */
    bool knows_h2;             /* cleartext, and HTTP/2 is spoken from the first byte */
    enum client_speech speech; /* what is spoken there */
    bool skips_verify;
    bool hides_name;     /* `server_name` is not sent */
    bool keeps_sessions; /* who copies the way makes a place for them (client_way_copy) */
    bool keeps_alive;    /* SO_KEEPALIVE */
    bool is_transparent; /* `local` need not be an address of this machine */
    struct client_via via;
};

struct client_dialer {
    void *(*start)(const struct client_way *way, uint64_t timeout, client_dial_fn fn, void *user);
    void (*cancel)(void *dial); /* no callback follows */
};

#endif
